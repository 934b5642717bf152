"""Readers of a server, run by `reader_program.py` in a process of its own."""

import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from measure import Sample, watched
from processes import BenchError, run_job, run_to_end

PROGRAM = Path(__file__).with_name("reader_program.py")
DEADLINE = 1800.0


@dataclass(frozen=True)
class Request:
    """A GET of a path, or of the half-open byte range of it."""

    path: str
    range: tuple | None = None


@dataclass(frozen=True)
class Lane:
    """A connection on which requests follow each other; `bytes_per_second` paces its reading."""

    requests: tuple
    bytes_per_second: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a reader saw of one request. Times are seconds of the system's monotonic clock."""

    sent_at: float
    first_byte_at: float | None
    ended_at: float
    byte_count: int
    is_whole: bool
    sha256: str | None

    @property
    def first_byte_seconds(self):
        return None if self.first_byte_at is None else self.first_byte_at - self.sent_at


@dataclass(frozen=True)
class Reading:
    """What all readers of a job saw; `lanes` has a list of answers for each lane."""

    lanes: list = field(default_factory=list)

    def answers(self, lanes=None):
        return [answer for lane in (self.lanes if lanes is None else lanes) for answer in lane]

    def sample(self, usage, lanes=None):
        """The run as a sample: from the first request to the last byte, of all lanes or of some."""
        answers = self.answers(lanes)
        firsts = [a.first_byte_seconds for a in answers if a.first_byte_at is not None]
        return Sample(
            byte_count=sum(a.byte_count for a in answers),
            seconds=max(a.ended_at for a in answers) - min(a.sent_at for a in answers),
            cpu_seconds=usage.cpu_seconds,
            peak_bytes=usage.peak_bytes,
            first_byte_seconds=statistics.median(firsts) if firsts else None,
        )


def read(children, url, lanes, *, stop_after_seconds=None, with_hash=False):
    """Reads from the server at `url`; fails if a reader without a pace did not get the whole of each answer.

    Paced lanes are dropped when the others are done, or after `stop_after_seconds`.
    """
    address = urlsplit(url)
    job = {
        "host": address.hostname,
        "port": address.port,
        "hash": with_hash,
        "stop_after_seconds": stop_after_seconds,
        "lanes": [
            {
                "requests": [{"path": r.path, "range": r.range} for r in lane.requests],
                "bytes_per_second": lane.bytes_per_second,
            }
            for lane in lanes
        ],
    }
    result = run_job(children, [sys.executable, PROGRAM], job, DEADLINE, f"readers of {url}")
    failures = [lane["failure"] for lane in result["lanes"] if lane["failure"]]
    if failures:
        raise BenchError(f"{len(failures)} of {len(lanes)} readers of {url} failed, the first one: {failures[0]}")
    reading = Reading([[Answer(**answer) for answer in lane["requests"]] for lane in result["lanes"]])
    for lane, answers in zip(lanes, reading.lanes, strict=True):
        if lane.bytes_per_second is None and not all(answer.is_whole for answer in answers):
            raise BenchError(f"a reader of {url} did not get the whole of {lane.requests}")
    return reading


def measured(children, url, pid, lanes, **options):
    """Reads while the server's process is watched: (Reading, Usage)."""
    with watched(pid) as usage:
        reading = read(children, url, lanes, **options)
    return reading, usage


def curl(children, url, pid, path):
    """One whole file as curl reads it, while the server's process is watched: a sample."""
    command = ["curl", "-sSf", "-o", "/dev/null", "-w", "%{size_download} %{time_starttransfer} %{time_total}", url + path]
    with watched(pid) as usage:
        output = run_to_end(children, command, DEADLINE, f"curl {url}")
    byte_count, first_byte, total = output.split()
    return Sample(
        byte_count=int(byte_count),
        seconds=float(total),
        cpu_seconds=usage.cpu_seconds,
        peak_bytes=usage.peak_bytes,
        first_byte_seconds=float(first_byte),
    )


def same_file(path, count):
    """Lanes for `count` readers of one file."""
    return [Lane((Request(path),))] * count
