"""How cost grows: with the size of a file, with the terms of a file, with readers. The plots come from here."""

from measure import alternating
from nginx import Network
from results import REFERENCE, Curve, Outcome, Panel, Plot, Target, Work
from subjects import PlainFile, Proxy, ReferenceClient

QUANTITIES = (
    ("megabytes_per_second", "MB/s"),
    ("cpu_per_gib", "CPU seconds per GiB"),
    ("peak_mib", "peak memory, MiB"),
)
MANY_TERMS = 50
"""A file of fewer terms has about one for each xorb."""


def proxy_and_reference(bench, upstream, names):
    """Each file by the proxy and by the reference client: {file name: {subject: [Sample]}}."""
    samples = {}
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as server:
        proxy, reference = Proxy(bench, upstream, nginx, server), ReferenceClient(bench, upstream, nginx)
        for name in names:
            proxy.check(name)
            subjects = {
                Proxy.name: lambda name=name: proxy.whole(name),
                REFERENCE: lambda name=name: reference.run(name),
            }
            bench.progress(f"  {name}")
            samples[name] = alternating(subjects, bench.few_rounds, bench.progress)
    return samples


def drawn(name, title, x_label, works):
    """A plot with a panel for each quantity and a curve for each subject. `works` is [(x, Work)]."""
    subjects = list(dict.fromkeys(subject for _, work in works for subject in work.samples))
    panels = []
    for quantity, unit in QUANTITIES:
        points = {s: [(x, work.median(s, quantity)) for x, work in works if s in work.samples] for s in subjects}
        panels.append(Panel(unit, tuple(Curve(s, tuple(points[s])) for s in subjects)))
    return Plot(name, title, x_label, tuple(panels))


def by_size(bench):
    """One reader of files of 1 MiB to 1 GiB; to 8 GiB with --full."""
    works, skipped = [], []
    for fixtures in (bench.weights, bench.large) if bench.level == "full" else (bench.weights,):
        if fixtures == bench.large and (missing := bench.missing_room(fixtures)):
            skipped.append(f"the file of 8 GiB: {missing}")
            continue
        names = {file.name: file.mib for file in fixtures.files}
        samples = proxy_and_reference(bench, bench.upstream(fixtures), names)
        works += [(mib, Work(f"one reader, {mib} MiB", samples[name])) for name, mib in names.items()]
    if bench.level != "full":
        skipped.append("the file of 8 GiB: only with --full")
    plot = drawn("size", "One reader, by file size", "file size, MiB", works)
    return Outcome([work for _, work in works], plots=[plot], skipped=skipped)


def bound_by_terms(count):
    """How many times as fast as the reference client a file of so many terms has to be."""
    return 2 if count > 200 else 1.5


def by_terms(bench):
    """One reader of files made of pieces of an earlier file, beside the reference client."""
    upstream = bench.upstream(bench.fragments)
    names = [file.name for file in bench.fragments.files]
    size = bench.fragments.files[0].mib
    samples = proxy_and_reference(bench, upstream, names)
    counts = {name: upstream.term_count(name) for name in names}
    works = [
        (counts[name], Work(f"one reader, {size} MiB in terms: {counts[name]}", samples[name]))
        for name in sorted(names, key=counts.get)
    ]
    plot = drawn("terms", "One reader, by terms of the file", "terms", works)
    speed = "megabytes_per_second"
    targets = [
        Target(work.name, "speed / hf_xet", work.ratio(Proxy.name, REFERENCE, speed), bound_by_terms(count))
        for count, work in works
        if count >= MANY_TERMS
    ]
    return Outcome([work for _, work in works], targets, plots=[plot])


def by_readers(bench):
    """1 to 64 readers of one file."""
    upstream, file = bench.upstream(bench.weights), bench.part
    works = []
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as server:
        proxy, plain = Proxy(bench, upstream, nginx, server), PlainFile(bench, upstream, nginx)
        proxy.check(file.name)
        for count in (1, 4, 16) if bench.is_quick else (1, 2, 4, 8, 16, 32, 64):
            bench.progress(f"  {count} readers")
            runs = {
                subject.name: lambda subject=subject, count=count: subject.whole(file.name, count)
                for subject in (proxy, plain)
            }
            samples = alternating(runs, bench.few_rounds, bench.progress)
            works.append((count, Work(f"{count} reader{'s' * (count > 1)} of {file.mib} MiB", samples)))
    plot = drawn("readers", f"Readers of a file of {file.mib} MiB at once", "readers", works)
    return Outcome([work for _, work in works], plots=[plot])
