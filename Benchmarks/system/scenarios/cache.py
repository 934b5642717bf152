"""The shared cache: what filling it costs, what it gives back, and what many readers at once fetch."""

from contextlib import ExitStack, contextmanager

from measure import MIB, alternating
from nginx import Network
from readers import same_file
from results import PLAIN, Outcome, Target, Work
from subjects import PlainFile, Proxy

WITHOUT = f"{Proxy.name}, no cache"
COLD = f"{Proxy.name}, cold cache"
WARM = f"{Proxy.name}, warm cache"
CROWDS = (16, 100)


@contextmanager
def cached(upstream, nginx):
    """A fresh proxy with an empty cache."""
    with upstream.stage.empty_folder() as folder, upstream.proxy(nginx, "--cache", folder / "cache") as server:
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


def cache(bench):
    """A cache that is empty, one that is full, and readers that come at once."""
    outcome, other = cold_and_warm(bench), at_once(bench)
    outcome.targets += other.targets
    return outcome
