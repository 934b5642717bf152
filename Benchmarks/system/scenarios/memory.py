"""Memory of the proxy: with nothing to do, and with readers that hardly read."""

import time

from measure import MIB, resident_bytes
from nginx import Network
from processes import wait_until
from readers import Lane, Request
from results import Fact, Outcome, Target, Work
from subjects import Proxy

SLOW_READERS = 32
SLOW_RATE = 200_000
SETTLING = 10.0
"""Seconds that the proxy has to give memory back after a load."""


def slow_readers(bench):
    """32 readers that take 200 kB/s each from a whole file, until the memory has had time to grow."""
    upstream, file = bench.upstream(bench.weights), bench.whole
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as server:
        proxy = Proxy(bench, upstream, nginx, server)
        lane = Lane((Request(proxy.path(file.name)),), bytes_per_second=SLOW_RATE)
        reading, usage = proxy.read([lane] * SLOW_READERS, stop_after_seconds=10 if bench.is_quick else 30)
    sample = reading.sample(usage)
    work = Work(f"{SLOW_READERS} readers at 200 kB/s each", {Proxy.name: [sample]})
    bench.progress(f"  {work.name}: {sample.peak_mib:.0f} MiB")
    return Outcome([work], [Target(work.name, "peak memory", sample.peak_mib, 256, is_limit=True, unit="MiB")])


def idle(bench):
    """Resident memory after the start, after the first download, and after eight readers have left."""
    upstream, file = bench.upstream(bench.weights), bench.part
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as server:
        proxy = Proxy(bench, upstream, nginx, server)
        started = resident_bytes(server.pid) / MIB
        proxy.whole(file.name)
        after_one = settled(server.pid)
        proxy.whole(file.name, 8)
        after_eight = settled(server.pid)
    what = "resident memory, idle"
    return Outcome(
        targets=[Target("idle", "memory after the start", started, 40, is_limit=True, unit="MiB")],
        facts=[
            Fact(what, "after one download", f"{after_one:.0f} MiB"),
            Fact(what, "after eight readers", f"{after_eight:.0f} MiB"),
        ],
    )


def settled(pid):
    """Resident MiB once they stayed the same for a second, or after `SETTLING` seconds."""
    end = time.monotonic() + SETTLING
    last, since = resident_bytes(pid), time.monotonic()

    def is_settled():
        nonlocal last, since
        now, found = time.monotonic(), resident_bytes(pid)
        if found != last:
            last, since = found, now
        return now - since >= 1 or now >= end

    wait_until(is_settled, SETTLING + 5, "resident memory that stays the same", interval=0.05)
    return last / MIB
