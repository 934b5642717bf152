#!/usr/bin/env python3
"""Benchmarks of the whole system: origin, nginx as CDN, proxy, readers and peers, all on this machine."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALL = "scripts/setup.sh bench"

try:
    import machine
    import plot
    from context import Bench
except ImportError as error:
    sys.exit(f"{error}. To install what is needed: {INSTALL}; then run .venv-bench/bin/python {sys.argv[0]}")

from crowd import raise_limits
from measure import Disturbance
from processes import BenchError
from report import Report, rewrite
from scenarios import SCENARIOS
from upstream import remove_stale_stages


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--quick", action="store_true", help="smaller files and fewer runs: does it work?")
    level.add_argument("--full", action="store_true", help="also the file of 8 GiB")
    parser.add_argument("--only", metavar="NAME,...", help="these scenarios only")
    parser.add_argument("--runs", type=int, metavar="COUNT", help="runs of each subject (default: 5; 3 without target)")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--xet", type=Path, default=ROOT / ".build-release/release/xet", help="the program to measure")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir()) / "xet-bench",
        help="folder for the files that are downloaded, kept between runs (default: %(default)s)",
    )
    parser.add_argument("--report", type=Path, help="Markdown document whose measured part is rewritten")
    return parser.parse_args()


def chosen(only):
    names = only.split(",") if only else list(SCENARIOS)
    if unknown := [name for name in names if name not in SCENARIOS]:
        sys.exit(f"unknown scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    return [name for name in SCENARIOS if name in names]


def progress(text):
    print(text, file=sys.stderr, flush=True)


def on_terminate(number, frame):
    raise KeyboardInterrupt


def main():
    options = arguments()
    if options.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:16} {scenario.__doc__.splitlines()[0]}")
        return 0
    if found := machine.missing():
        sys.exit("\n".join([*found, f"To install what is needed: {INSTALL}"]))
    if not options.xet.is_file():
        sys.exit(f"{options.xet} is not there: make build")
    names = chosen(options.only)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_terminate)
    level = "quick" if options.quick else "full" if options.full else "usual"
    bench = Bench(options.xet.resolve(), options.work.resolve(), level, progress, options.runs)
    bench.work.mkdir(parents=True, exist_ok=True)
    raise_limits()
    remove_stale_stages()
    outcomes, failure, disturbance = [], None, Disturbance()
    try:
        with bench.until_end():
            for name in names:
                progress(f"{name}: {SCENARIOS[name].__doc__}")
                outcomes.append(SCENARIOS[name](bench))
    except BenchError as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "stopped"
    report = Report(command(options), machine.words(bench.xet, bench.stages, disturbance), tuple(outcomes))
    print(report.plain())
    if failure:
        progress(f"bench.py: {failure}; the tables show what was measured before, the document is not rewritten")
        return 1
    if options.report:
        write(report, options.report)
    return 0


def command(options):
    """The command of this run, without the folders of this machine."""
    words = ["Benchmarks/system/bench.py"]
    words += [f"--{name}" for name in ("quick", "full") if getattr(options, name)]
    words += ["--only", options.only] if options.only else []
    words += ["--runs", str(options.runs)] if options.runs else []
    return " ".join(words)


def write(report, path):
    """Rewrites the measured part of a document and draws the plots beside it."""
    folder = path.parent / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    for each in report.plots:
        (folder / f"{each.name}.svg").write_text(plot.svg(each))
    document = path.read_text() if path.exists() else "# Performance\n"
    path.write_text(rewrite(document, report.markdown(folder.name)))


if __name__ == "__main__":
    sys.exit(main())
