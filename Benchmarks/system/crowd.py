"""A crowd at a server, run by `crowd_program.py` in a process of its own: connections that read slowly or never."""

import json
import resource
import select
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from processes import STOP_DEADLINE, BenchError, start

PROGRAM = Path(__file__).with_name("crowd_program.py")
READY_DEADLINE = 300.0
FILES_BESIDES = 1000
"""Open files that a process has besides those of a crowd."""
ESTABLISHED = "01"


@dataclass
class Crowd:
    """What a crowd saw, once it has left: bytes and seconds since all answers had begun, connections it lost."""

    byte_count: int = 0
    seconds: float = 0.0
    ended: int = 0
    failure: str | None = None

    @property
    def bytes_per_second(self):
        return self.byte_count / self.seconds


def raise_limits():
    """Lets this process and those that it starts have as many open files as the system allows."""
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))


def lacking_files(count):
    """Why a crowd of `count` does not fit into the limit of open files, or None."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if count + FILES_BESIDES <= limit else f"{count + FILES_BESIDES} open files, the limit is {limit}"


@contextmanager
def crowd(children, url, path, count, bytes_per_second=None):
    """`count` connections that take `bytes_per_second` each of a path, or do nothing, while the block runs."""
    address = urlsplit(url)
    job = {"host": address.hostname, "port": address.port, "path": path, "count": count}
    job["bytes_per_second"] = bytes_per_second
    seen = Crowd()
    if count == 0:
        yield seen
        return
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = children.add(start([sys.executable, PROGRAM], **pipes))
    try:
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()
        readable, _, _ = select.select([process.stdout], [], [], READY_DEADLINE)
        if not readable or process.stdout.readline() != b"ready\n":
            raise BenchError(f"a crowd of {count} at {url} did not begin within {READY_DEADLINE:g} s")
        yield seen
        output, _ = process.communicate(timeout=STOP_DEADLINE)
        for name, value in json.loads(output).items():
            setattr(seen, name, value)
    finally:
        children.stop(process)


def connections_to(url):
    """Established TCP connections to a server of this machine: how many, and how many that hold unread bytes."""
    port = f"{urlsplit(url).port:04X}"
    entries = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    queues = [entry[4] for entry in entries if entry[2].endswith(":" + port) and entry[3] == ESTABLISHED]
    return len(queues), sum(not queue.endswith(":00000000") for queue in queues)
