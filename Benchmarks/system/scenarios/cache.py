"""The shared cache: what filling it costs, what it gives back, and what many readers at once fetch."""

from urllib.parse import urlsplit

from contextlib import ExitStack, contextmanager

from measure import MIB, alternating
from nginx import Network
from readers import Lane, Request, same_file
from results import PLAIN, Outcome, Target, Work
from subjects import PlainFile, Proxy

WITHOUT = f"{Proxy.name}, no cache"
COLD = f"{Proxy.name}, cold cache"
WARM = f"{Proxy.name}, warm cache"
CROWDS = (16, 100)
LANES = 4
"""GETs of ranges at the same time, as hf_xet makes them."""
LATENCY = 50
"""Milliseconds before every answer of Hub, CAS and CDN."""
REQUESTS = 9


@contextmanager
def cached(upstream, nginx, *options):
    """A fresh proxy with an empty cache."""
    with (
        upstream.stage.empty_folder() as folder,
        upstream.proxy(nginx, "--cache", folder / "cache", *options) as server,
    ):
        yield server


def cold_and_warm(bench):
    """One reader without a cache, with one that is empty and with one that has it all; nginx with the plain file."""
    upstream, name = bench.upstream(bench.weights), bench.whole.name

    def cold(nginx):
        with cached(upstream, nginx) as server:
            return Proxy(bench, upstream, nginx, server).curl(name)

    with ExitStack() as stack:
        nginx = stack.enter_context(upstream.network(Network()))
        without = Proxy(bench, upstream, nginx, stack.enter_context(upstream.proxy(nginx)))
        warm = Proxy(bench, upstream, nginx, stack.enter_context(cached(upstream, nginx)))
        plain = PlainFile(bench, upstream, nginx)
        for subject in (without, warm, plain):
            subject.check(name)
        subjects = {
            WITHOUT: lambda: without.curl(name),
            COLD: lambda: cold(nginx),
            WARM: lambda: warm.curl(name),
            PLAIN: lambda: plain.curl(name),
        }
        samples = alternating(subjects, bench.rounds, bench.progress)
    work = Work(f"the cache: one reader (curl), {bench.whole.mib} MiB", samples)
    speed = "megabytes_per_second"
    return Outcome(
        [work],
        [
            Target(work.name, "cold / no cache", work.ratio(COLD, WITHOUT, speed), 0.9),
            Target(work.name, "warm / nginx, plain file", work.ratio(WARM, PLAIN, speed), 0.7),
            Target(
                work.name, "memory beyond that without", work.peak_mib(COLD) - work.peak_mib(WITHOUT), 64,
                is_limit=True, unit="MiB",
            ),
        ],
    )


def bytes_of(bench, upstream, count, cache):
    """What nginx sent while `count` readers of one file were served by a fresh proxy."""
    with upstream.network(Network(f"cache-{count}", counts_bytes=True)) as nginx:
        with cached(upstream, nginx) if cache else upstream.proxy(nginx) as server:
            proxy = Proxy(bench, upstream, nginx, server)
            proxy.read(same_file(proxy.path(bench.part.name), count))
        sent = nginx.stop_and_count()
    bench.progress(f"  {count} readers at once{'' if cache else ', no cache'}: the CDN sent {sent / MIB:.1f} MiB")
    return sent


def at_once(bench):
    """16 and 100 readers of one file at once that nobody has asked for: what the CDN sends."""
    upstream = bench.upstream(bench.weights)
    alone = bytes_of(bench, upstream, 1, cache=False)
    targets = [
        Target(
            f"the cache: {count} readers at once, {bench.part.mib} MiB, cold",
            "bytes of the upstream / one download's",
            bytes_of(bench, upstream, count, cache=True) / alone,
            1.03,
            is_limit=True,
        )
        for count in CROWDS
    ]
    return Outcome([], targets)


def range_lanes(upstream, url, name):
    """Lanes with all ranges of a file's xorbs, from where a server at `url` says that they are."""
    requests = [
        Request(urlsplit(address)._replace(scheme="", netloc="").geturl(), (first, last + 1))
        for address, first, last in upstream.ranges(url, name)
    ]
    return [Lane(tuple(requests[number::LANES])) for number in range(LANES)]


def xorb_ranges(bench):
    """What XET clients fetch, from a cache that has it all, and from nginx with the same bytes."""
    upstream, name = bench.upstream(bench.weights), bench.whole.name
    with upstream.network(Network()) as nginx, cached(upstream, nginx) as server:
        proxy, plain = Proxy(bench, upstream, nginx, server), PlainFile(bench, upstream, nginx)
        proxy.check(name)
        ours, theirs = range_lanes(upstream, server.url, name), range_lanes(upstream, nginx.url, name)

        def run(subject, lanes):
            reading, usage = subject.read(lanes)
            return reading.sample(usage)

        subjects = {WARM: lambda: run(proxy, ours), PLAIN: lambda: run(plain, theirs)}
        samples = alternating(subjects, bench.rounds, bench.progress)
    work = Work(f"the cache: ranges of xorbs, {LANES} at once, {bench.whole.mib} MiB", samples)
    ratio = work.ratio(WARM, PLAIN, "megabytes_per_second")
    return Outcome([work], [Target(work.name, "warm / nginx, the same bytes", ratio, 0.8)])


def first_bytes(bench):
    """A file that is kept, with 50 ms before every answer: with the Hub's leave each time, and with a lease."""
    upstream, file = bench.upstream(bench.weights), bench.part
    works, targets = [], []
    for lease, limit in ((None, LATENCY + 10), ("600s", 5)):
        options = ("--hub-lease", lease) if lease else ()
        network = Network(f"cache-{lease}", latency=LATENCY / 1000)
        with upstream.network(network) as nginx, cached(upstream, nginx, *options) as server:
            proxy = Proxy(bench, upstream, nginx, server)
            for _ in range(2):
                proxy.check(file.name)
            reading, usage = proxy.read([Lane((Request(proxy.path(file.name)),) * (REQUESTS + 1))])
        samples = [reading.sample(usage.share(REQUESTS + 1), [[answer]]) for answer in reading.lanes[0][1:]]
        held = "with a lease" if lease else "the Hub asked each time"
        work = Work(f"the cache: first byte, {LATENCY} ms at every upstream, {held}", {WARM: samples})
        works.append(work)
        found = work.median(WARM, "first_byte_ms")
        targets.append(Target(work.name, "first byte", found, limit, is_limit=True, unit="ms"))
    return Outcome(works, targets)


def cache(bench):
    """A cache that is empty, one that is full, its first bytes, and readers that come at once."""
    outcome = cold_and_warm(bench)
    for other in (xorb_ranges(bench), first_bytes(bench), at_once(bench)):
        outcome.works += other.works
        outcome.targets += other.targets
    return outcome
