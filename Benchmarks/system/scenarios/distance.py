"""One reader whose upstream is far away or slow by connection, beside the reference client in the same place."""

from line import Line
from measure import alternating
from nginx import Network
from readers import Lane, Request
from results import PLAIN, REFERENCE, Outcome, Target, Work
from subjects import DownloadCommand, PlainFile, Proxy, ReferenceClient

FAR = Line(round_trip_ms=60, bytes_per_second=25_000_000)
LOSSY = Line(round_trip_ms=80, bytes_per_second=12_500_000, loss_every=30_000_000)
MEMORY_BOUND = 256
"""MiB that one reader may take, over any line."""
LIMIT_CONNECTIONS = 24


def in_pieces(bench, upstream, nginx):
    """nginx with a plain file over as many connections as a download has: what the line itself allows."""
    plain, size = PlainFile(bench, upstream, nginx), bench.whole.byte_count
    ends = [size * number // LIMIT_CONNECTIONS for number in range(LIMIT_CONNECTIONS + 1)]
    path = plain.path(bench.whole.name)
    reading, usage = plain.read([Lane((Request(path, piece),)) for piece in zip(ends, ends[1:], strict=False)])
    return reading.sample(usage)


def beside_reference(bench, network, title, bound):
    """One reader through a given network; `bound` is how many times as fast as the reference client it has to be."""
    upstream, name = bench.upstream(bench.weights), bench.whole.name
    with upstream.network(network) as nginx, upstream.proxy(nginx) as server:
        proxy = Proxy(bench, upstream, nginx, server)
        clients = [
            ReferenceClient(bench, upstream, nginx),
            ReferenceClient(bench, upstream, nginx, "stream"),
            DownloadCommand(bench, upstream, nginx),
        ]
        proxy.check(name)
        subjects = {Proxy.name: lambda: proxy.whole(name)}
        subjects |= {client.name: lambda client=client: client.run(name) for client in clients}
        if network.line:
            subjects[f"{PLAIN}, {LIMIT_CONNECTIONS} pieces"] = lambda: in_pieces(bench, upstream, nginx)
        samples = alternating(subjects, bench.rounds, bench.progress)
    work = Work(f"{title}, {bench.whole.mib} MiB", samples)
    ratio = work.ratio(Proxy.name, REFERENCE, "megabytes_per_second")
    return Outcome(
        [work],
        [
            Target(work.name, "speed / hf_xet", ratio, bound),
            Target(work.name, "peak memory", work.peak_mib(Proxy.name), MEMORY_BOUND, is_limit=True, unit="MiB"),
        ],
    )


def far(bench):
    """60 ms to Hub, CAS and CDN, 25 MB/s a connection."""
    return beside_reference(bench, Network("far", line=FAR), "line of 60 ms, 25 MB/s a connection", 4)


def lossy(bench):
    """80 ms to Hub, CAS and CDN, 12.5 MB/s a connection, a loss every 30 MB."""
    title = "line of 80 ms, 12.5 MB/s a connection, a loss every 30 MB"
    return beside_reference(bench, Network("lossy", line=LOSSY), title, 3.5)


def capped(bench):
    """Each answer of the CDN capped at 40 MB/s."""
    return beside_reference(
        bench, Network("capped", bytes_per_second=40_000_000), "CDN connections capped at 40 MB/s", 5
    )


def distant(bench):
    """50 ms before every answer of Hub, CAS and CDN."""
    return beside_reference(bench, Network("distant", latency=0.05), "50 ms at every upstream", 1.3)
