"""Byte ranges: speed, first byte, and how much is fetched for what is delivered."""

import random

from measure import MIB, alternating
from nginx import Network
from readers import Lane, Request
from results import REFERENCE, Fact, Outcome, Work
from subjects import Proxy, ReferenceClient

RANGE = 8 * MIB
SEED = 1
LANES = 8


def random_ranges(byte_count, count):
    generator = random.Random(SEED)
    starts = [generator.randrange(byte_count - RANGE) for _ in range(count)]
    return [(start, start + RANGE) for start in starts]


def lanes_of(proxy, file, wanted, count):
    """The ranges dealt out to `count` connections."""
    requests = [Request(proxy.path(file.name), both) for both in wanted]
    return [Lane(tuple(requests[at::count])) for at in range(count)]


def ranges(bench):
    """Random ranges of 8 MiB, one after the other and eight at once, beside the reference client's stream."""
    upstream, file = bench.upstream(bench.weights), bench.whole
    wanted = random_ranges(file.byte_count, 16 if bench.is_quick else 64)
    fetched = {}

    def counted(subject, run):
        """Runs with an nginx of its own, which counts what the CDN sends."""
        with upstream.network(Network("ranges", counts_bytes=True)) as nginx:
            sample = run(nginx)
            fetched[subject] = nginx.stop_and_count() / sample.byte_count
        return sample

    def through_proxy(nginx, count):
        with upstream.proxy(nginx) as server:
            proxy = Proxy(bench, upstream, nginx, server)
            reading, usage = proxy.read(lanes_of(proxy, file, wanted, count))
            return reading.sample(usage)

    subjects = {
        f"{Proxy.name}, one by one": lambda nginx: through_proxy(nginx, 1),
        f"{Proxy.name}, {LANES} at once": lambda nginx: through_proxy(nginx, LANES),
        f"{REFERENCE}, stream, one by one": lambda nginx: ReferenceClient(bench, upstream, nginx, "ranges").run(
            file.name, wanted
        ),
    }
    runs = {name: lambda name=name, run=run: counted(name, run) for name, run in subjects.items()}
    work = Work(f"{len(wanted)} random ranges of 8 MiB", alternating(runs, bench.few_rounds, bench.progress))
    facts = [
        Fact(work.name, f"{name}: bytes that the CDN sent per byte delivered", f"{ratio:.3f}")
        for name, ratio in fetched.items()
    ]
    stored = sum(path.stat().st_size for path in upstream.stage.xorbs.rglob("*.xorb"))
    facts.append(Fact(work.name, "bytes stored per byte, all files", f"{stored / bench.weights.byte_count:.3f}"))
    return Outcome([work], facts=facts)
