"""A fast reader beside a crowd: of readers that are slow, and of connections that do nothing."""

from crowd import connections_to, crowd, lacking_files
from measure import MIB, alternating, status_bytes
from nginx import Network
from results import Curve, Fact, Outcome, Panel, Plot, Target, Work
from scenarios.memory import settled
from subjects import Proxy

ALONE = f"{Proxy.name}, alone"
BESIDE = f"{Proxy.name}, beside them"
RATES = (5_000, 20_000)
TARGET = (1000, 20_000)
"""Readers and bytes per second of each, where the targets hold."""
IDLE_CONNECTIONS = 10_000


def share_of_alone(work):
    return work.ratio(BESIDE, ALONE, "megabytes_per_second")


def beside(bench, title, count, bytes_per_second):
    """A fast reader of a whole file, first alone, then beside a crowd at the same proxy.

    Returns an outcome without targets, and the highest resident MiB since the crowd began to come.
    """
    upstream, file = bench.upstream(bench.weights), bench.whole
    with upstream.network(Network()) as nginx, upstream.proxy(nginx) as server:
        proxy = Proxy(bench, upstream, nginx, server)
        proxy.check(file.name)
        samples = alternating({ALONE: lambda: proxy.whole(file.name)}, bench.few_rounds, bench.progress)
        with crowd(bench.children, server.url, proxy.path(file.name), count, bytes_per_second) as seen:
            settled(server.pid)
            while_they_came = status_bytes(server.pid, "VmHWM") / MIB
            open_before, _ = connections_to(nginx.url)
            samples |= alternating({BESIDE: lambda: proxy.whole(file.name)}, bench.few_rounds, bench.progress)
            open_after, unread = connections_to(nginx.url)
    work = Work(title, samples)
    peak = max(while_they_came, work.peak_mib(BESIDE))
    facts = [
        Fact(title, "speed of the fast reader / alone", f"{share_of_alone(work):.2f}"),
        Fact(title, "peak memory, from the coming of the crowd on", f"{peak:.0f} MiB"),
        Fact(title, "connections to the upstream before the fast reader, after it", f"{open_before}, {open_after}"),
        Fact(title, "of these with unread bytes, after it", f"{unread}"),
        Fact(title, "connections of the crowd that were ended", f"{seen.ended}"),
    ]
    if bytes_per_second:
        share = seen.bytes_per_second / (count * bytes_per_second)
        facts.append(Fact(title, "what the crowd got / what it would take", f"{share:.2f}"))
    for fact in facts:
        bench.progress(f"  {title}: {fact.what}: {fact.value}")
    if seen.failure:
        bench.progress(f"  {title}: the first one that was ended: {seen.failure}")
    return Outcome([work], facts=facts), peak


def slow_crowd(bench):
    """A fast reader beside 40 to 1,000 readers that take 5 or 20 kB/s each."""
    outcome, shares, peaks = Outcome(), {rate: [] for rate in RATES}, {rate: [] for rate in RATES}
    for rate in RATES:
        for count in (40, 1000) if bench.is_quick else (40, 100, 300, 1000):
            found, peak = beside(bench, f"a fast reader beside {count} at {rate // 1000} kB/s", count, rate)
            (work,) = found.works
            outcome.works.append(work)
            outcome.facts += found.facts
            shares[rate].append((count, share_of_alone(work)))
            peaks[rate].append((count, peak))
            if (count, rate) == TARGET:
                outcome.targets += [
                    Target(work.name, "speed / alone", share_of_alone(work), 0.8),
                    Target(work.name, "peak memory", peak, 350, is_limit=True, unit="MiB"),
                ]
    panels = [
        Panel(label, tuple(Curve(f"{rate // 1000} kB/s each", tuple(points[rate])) for rate in RATES))
        for label, points in (("speed of the fast reader / alone", shares), ("peak memory, MiB", peaks))
    ]
    outcome.plots.append(Plot("crowd", "A fast reader beside slow ones", "slow readers", tuple(panels)))
    return outcome


def idle_crowd(bench):
    """10,000 connections that do nothing, and a fast reader beside them."""
    if lacking := lacking_files(IDLE_CONNECTIONS):
        return Outcome(skipped=[f"{IDLE_CONNECTIONS} connections that do nothing: they need {lacking}"])
    title = f"a fast reader beside {IDLE_CONNECTIONS} connections that do nothing"
    outcome, peak = beside(bench, title, IDLE_CONNECTIONS, None)
    (work,) = outcome.works
    outcome.targets += [
        Target(work.name, "speed / alone", share_of_alone(work), 0.8),
        Target(work.name, "peak memory", peak, 350, is_limit=True, unit="MiB"),
    ]
    return outcome
