"""The report: tables as text for the terminal, and as Markdown between two comments of a document."""

from dataclasses import dataclass

from measure import spread
from results import PLAIN, REFERENCE

BEGIN = "<!-- measured: begin (written by Benchmarks/system/bench.py) -->"
END = "<!-- measured: end -->"
SPEED, CPU = "megabytes_per_second", "cpu_per_gib"


@dataclass(frozen=True)
class Table:
    """Rows of text; the first column is aligned to the left, as are those named in `texts`."""

    columns: tuple
    rows: tuple
    texts: int = 1

    def plain(self):
        widths = [max(len(row[at]) for row in (self.columns, *self.rows)) for at in range(len(self.columns))]
        lines = [self._line(row, widths) for row in (self.columns, *self.rows)]
        lines.insert(1, "-" * len(lines[0]))
        return "\n".join(line.rstrip() for line in lines)

    def _line(self, row, widths):
        cells = zip(row, widths, strict=True)
        return "  ".join(cell.ljust(w) if at < self.texts else cell.rjust(w) for at, (cell, w) in enumerate(cells))

    def markdown(self):
        marks = ["---" if at < self.texts else "--:" for at in range(len(self.columns))]
        return "\n".join("| " + " | ".join(row) + " |" for row in (self.columns, marks, *self.rows))


def ratio_text(value):
    return "" if value is None else f"{value:.2f}"


def work_table(works):
    """One row per work and subject: ratios first, then what they were made from."""
    columns = ("work", "subject", "speed × hf_xet", "speed × nginx", "CPU × hf_xet")
    columns += ("MB/s", "CPU s/GiB", "peak MiB", "first byte ms", "runs")
    rows = []
    for work in works:
        plain = next((subject for subject in work.samples if subject.startswith(PLAIN)), PLAIN)
        for number, (subject, samples) in enumerate(work.samples.items()):
            rows.append(
                (
                    "" if number else work.name,
                    subject,
                    ratio_text(work.ratio(subject, REFERENCE, SPEED)),
                    ratio_text(work.ratio(subject, plain, SPEED)),
                    ratio_text(work.ratio(subject, REFERENCE, CPU)),
                    quantity_text(samples, SPEED, 0),
                    quantity_text(samples, CPU, 2),
                    quantity_text(samples, "peak_mib", 0),
                    quantity_text(samples, "first_byte_ms", 1),
                    str(len(samples)),
                )
            )
    return Table(columns, tuple(rows), texts=2)


def quantity_text(samples, quantity, digits):
    found = spread([getattr(sample, quantity) for sample in samples])
    return found.text(digits) if found else ""


def target_table(targets):
    rows = []
    for target in targets:
        digits = 0 if target.unit in ("MiB", "ms") else 2
        bound = f"{'≤' if target.is_limit else '≥'} {target.bound:g} {target.unit}".rstrip()
        found = f"{target.found:.{digits}f} {target.unit}".rstrip()
        rows.append((target.work, target.what, bound, found, "pass" if target.holds else "FAIL"))
    return Table(("work", "target", "bound", "found", "verdict"), tuple(rows), texts=2)


def fact_table(facts):
    return Table(("work", "what", "found"), tuple((f.work, f.what, f.value) for f in facts), texts=2)


@dataclass(frozen=True)
class Report:
    """What a run found and where it ran."""

    command: str
    machine: tuple
    outcomes: tuple

    def _all(self, what):
        return [item for outcome in self.outcomes for item in getattr(outcome, what)]

    @property
    def plots(self):
        return self._all("plots")

    def plain(self):
        parts = ["\n".join(self.machine)]
        tables = ((work_table, "works"), (fact_table, "facts"), (target_table, "targets"))
        parts += [make(found).plain() for make, what in tables if (found := self._all(what))]
        parts += [f"left out: {text}" for text in self._all("skipped")]
        return "\n\n".join(parts)

    def markdown(self, plot_folder):
        parts = [f"`{self.command}`", "\n".join(f"- {line}" for line in self.machine)]
        tables = (
            ("Targets", target_table, "targets"),
            ("All measurements", work_table, "works"),
            ("Further figures", fact_table, "facts"),
        )
        for title, make, what in tables:
            if found := self._all(what):
                parts += [f"### {title}", make(found).markdown()]
        if skipped := self._all("skipped"):
            parts += ["Left out:", "\n".join(f"- {text}" for text in skipped)]
        if self.plots:
            parts.append("### Growth")
            parts += [f"![{plot.title}]({plot_folder}/{plot.name}.svg)" for plot in self.plots]
        return "\n\n".join(parts)


def rewrite(document, text):
    """`document` with the part between the two comments replaced, or added at its end."""
    section = f"{BEGIN}\n\n{text}\n\n{END}"
    before, begin, rest = document.partition(BEGIN)
    if not begin:
        return f"{document.rstrip()}\n\n{section}\n".lstrip()
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{BEGIN} without {END}")
    return f"{before}{section}{after}"
