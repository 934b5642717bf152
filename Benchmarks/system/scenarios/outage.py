"""A line that is away for 10 s in the middle of a download: does every client get its whole file?"""

import time
from dataclasses import replace

from fixtures import file_digest
from nginx import Network
from processes import BenchError, run_to_end
from results import REFERENCE, Fact, Outcome, Target
from scenarios.distance import FAR
from subjects import DownloadCommand, Proxy, ReferenceClient

SECONDS = 10
SHARE = 0.4
"""Of the file's bytes, which have come down the line when it goes away; about 0.85 of them come in all."""
DEADLINE = 300.0


class Curl(Proxy):
    """curl with a file, which it does not ask for twice."""

    name = "curl"

    def check(self, name):
        with self.upstream.stage.empty_folder() as folder:
            command = ["curl", "-sSf", "-o", folder / "out", self.url + self.path(name)]
            run_to_end(self.bench.children, command, DEADLINE, self.name)
            self.expect(file_digest(folder / "out"), name, self.name)


def through_outage(bench, upstream, title, make):
    """One download by a client of its own line and proxy: (whether it was whole, what happened in words)."""
    line = replace(FAR, outage=SECONDS, outage_after=int(bench.whole.byte_count * SHARE))
    with upstream.network(Network("outage", line=line)) as nginx, upstream.proxy(nginx) as server:
        started = time.monotonic()
        try:
            make(nginx, server).check(bench.whole.name)
            failure = None
        except BenchError as error:
            failure = str(error).strip()
            bench.progress(f"  {title}: {failure}")
        seconds = time.monotonic() - started
    if nginx.line_saw["outages"] != 1 or nginx.line_saw["reset"] == 0:
        raise BenchError(f"{title}: the outage met no connection: {nginx.line_saw}")
    told = f"{'whole' if failure is None else 'failed'} after {seconds:.1f} s"
    bench.progress(f"  {title}: {told}")
    return failure is None, told


def outage(bench):
    """A line of 60 ms that is away for 10 s in the middle: connections are reset, new ones refused."""
    upstream = bench.upstream(bench.weights)
    ours = {
        "curl, through the proxy": lambda nginx, server: Curl(bench, upstream, nginx, server),
        f"{REFERENCE}, through the proxy": lambda nginx, server: ReferenceClient(bench, upstream, server),
        DownloadCommand.name: lambda nginx, server: DownloadCommand(bench, upstream, nginx),
    }
    beside = {f"{REFERENCE}, without it": lambda nginx, server: ReferenceClient(bench, upstream, nginx)}
    found = {title: through_outage(bench, upstream, title, make) for title, make in (ours | beside).items()}
    work = f"a line away for {SECONDS} s, {bench.whole.mib} MiB"
    whole = sum(found[title][0] for title in ours)
    return Outcome(
        targets=[Target(work, "clients that get their whole file, of 3", whole, len(ours))],
        facts=[Fact(work, title, told) for title, (_, told) in found.items()],
    )
