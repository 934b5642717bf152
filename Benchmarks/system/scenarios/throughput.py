"""Whole files over loopback: one reader, many readers, a slow reader."""

from measure import alternating
from nginx import Network
from readers import Lane, Request, same_file
from results import PLAIN, REFERENCE, Fact, Outcome, Target, Work
from subjects import DownloadCommand, PlainFile, Proxy, ReferenceClient

PROXY = Proxy.name
SLOW_RATE = 1_000_000


def one_reader(bench):
    """curl with a whole file, beside the reference client and a plain file of nginx."""
    upstream, name = bench.upstream(bench.weights), bench.whole.name
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as server:
        proxy, plain = Proxy(bench, upstream, nginx, server), PlainFile(bench, upstream, nginx)
        clients = [
            ReferenceClient(bench, upstream, nginx),
            ReferenceClient(bench, upstream, nginx, "stream"),
            DownloadCommand(bench, upstream, nginx),
        ]
        for subject in (proxy, plain, *clients):
            subject.check(name)
        subjects = {PROXY: lambda: proxy.curl(name), PLAIN: lambda: plain.curl(name)}
        subjects |= {client.name: lambda client=client: client.run(name) for client in clients}
        samples = alternating(subjects, bench.rounds, bench.progress)
    work = Work(f"one reader (curl), whole file, {bench.whole.mib} MiB", samples)
    speed, cpu = "megabytes_per_second", "cpu_per_gib"
    return Outcome(
        [work],
        [
            Target(work.name, "speed / hf_xet", work.ratio(PROXY, REFERENCE, speed), 2),
            Target(work.name, "speed / nginx, plain file", work.ratio(PROXY, PLAIN, speed), 0.5),
            Target(work.name, "CPU per GiB / hf_xet", work.ratio(PROXY, REFERENCE, cpu), 0.6, is_limit=True),
            Target(work.name, "CPU per GiB", work.median(PROXY, cpu), 0.75, is_limit=True, unit="s"),
            Target(work.name, "peak memory", work.peak_mib(PROXY), 128, is_limit=True, unit="MiB"),
        ],
    )


def many_readers(bench, file, count, memory_bound):
    """`count` readers of one file in total against one, and nginx with as many."""
    upstream = bench.upstream(bench.weights)
    together = f"{PROXY}, {count} readers"
    # A proxy of its own for the single reader, so that memory which the many left behind does not count there.
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as for_one, upstream.proxy(nginx) as for_many:
        one, many = (Proxy(bench, upstream, nginx, server) for server in (for_one, for_many))
        plain = PlainFile(bench, upstream, nginx)
        for subject in (one, many):
            subject.check(file.name)
        subjects = {
            f"{PROXY}, 1 reader": lambda: one.whole(file.name),
            together: lambda: many.whole(file.name, count),
            f"{PLAIN}, {count} readers": lambda: plain.whole(file.name, count),
        }
        samples = alternating(subjects, bench.rounds, bench.progress)
    work = Work(f"{count} readers of {file.mib} MiB", samples)
    speed = work.ratio(together, f"{PROXY}, 1 reader", "megabytes_per_second")
    outcome = Outcome([work], [Target(work.name, "total speed / one reader, all whole", speed, 0.9)])
    if memory_bound:
        found = work.peak_mib(together)
        outcome.targets.append(Target(work.name, "peak memory", found, memory_bound, is_limit=True, unit="MiB"))
    return outcome


def eight_readers(bench):
    """Eight readers of a whole file."""
    return many_readers(bench, bench.whole, 8, None)


def sixty_four_readers(bench):
    """64 readers of a file of a quarter of that size."""
    return many_readers(bench, bench.part, 64, 300)


def slow_among_fast(bench):
    """Seven readers, with and without an eighth that takes 1 MB/s."""
    upstream, file = bench.upstream(bench.weights), bench.part
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as server:
        proxy = Proxy(bench, upstream, nginx, server)
        proxy.check(file.name)
        fast = same_file(proxy.path(file.name), 7)
        slow = Lane((Request(proxy.path(file.name)),), bytes_per_second=SLOW_RATE)

        def run(lanes):
            reading, usage = proxy.read(lanes)
            return reading.sample(usage, reading.lanes[:7])

        alone, beside = f"{PROXY}, 7 fast", f"{PROXY}, 7 fast beside a slow one"
        subjects = {alone: lambda: run(fast), beside: lambda: run([*fast, slow])}
        samples = alternating(subjects, bench.few_rounds, bench.progress)
    work = Work(f"slow reader among fast ones, {file.mib} MiB", samples)
    ratio = work.ratio(beside, alone, "megabytes_per_second")
    return Outcome([work], facts=[Fact(work.name, "speed of the fast ones / without the slow one", f"{ratio:.2f}")])
