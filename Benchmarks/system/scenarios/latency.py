"""Time to the first byte over warm connections."""

from nginx import Network
from readers import Lane, Request
from results import Outcome, Target, Work
from subjects import Proxy

REQUESTS = 9
LATENCIES = (0, 50, 100)
"""Milliseconds before every answer of Hub, CAS and CDN."""
TARGET_LATENCY = 100
LIMIT = 2 * TARGET_LATENCY + 10
"""Hub, CAS and CDN have to answer; two of these at most are waited for one after the other. The rest is ours."""


def requests_one_by_one(bench, latency):
    """Several downloads on one connection, after one that warmed the others: a sample for each."""
    upstream, file = bench.upstream(bench.weights), bench.part
    network = Network(f"latency-{latency}", latency=latency / 1000)
    with upstream.network(network) as nginx, upstream.proxy(nginx) as server:
        proxy = Proxy(bench, upstream, nginx, server)
        proxy.check(file.name)
        # The first request opens the connection to the proxy; it is left out.
        reading, usage = proxy.read([Lane((Request(proxy.path(file.name)),) * (REQUESTS + 1))])
    samples = [reading.sample(usage.share(REQUESTS + 1), [[answer]]) for answer in reading.lanes[0][1:]]
    work = Work(f"first byte, {latency} ms at every upstream, {file.mib} MiB", {Proxy.name: samples})
    bench.progress(f"  {work.name}: {work.median(Proxy.name, 'first_byte_ms'):.1f} ms")
    return work


def first_byte(bench):
    """First byte of a whole file with 0, 50 and 100 ms before every answer of Hub, CAS and CDN."""
    works = {latency: requests_one_by_one(bench, latency) for latency in LATENCIES}
    work = works[TARGET_LATENCY]
    found = work.median(Proxy.name, "first_byte_ms")
    return Outcome(list(works.values()), [Target(work.name, "first byte", found, LIMIT, is_limit=True, unit="ms")])
