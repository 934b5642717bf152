"""CPU time and memory of processes from /proc, and what is kept of a run."""

import os
import resource
import statistics
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
GIB = 1 << 30
CPU_CLOCK = 2
"""The kind of clock that counts the time which a process ran; see clock_getcpuclockid(3)."""

SAMPLING_INTERVAL = 0.01


def parent(pid):
    """The process that started a process; its number comes second after the name, which is in brackets."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def process_tree(pid):
    """`pid` and its living descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(parent(entry), []).append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                continue  # It ended since the folder was read.
    tree = [pid]
    for process in tree:
        tree += children.get(process, [])
    return tree


def cpu_seconds(pid):
    """User and system time of all threads of a process and of its living descendants.

    From the processes' CPU clocks, since the ticks of /proc/PID/stat are too coarse for small files.
    """
    return sum(time.clock_gettime(~process << 3 | CPU_CLOCK) for process in process_tree(pid))


class Disturbance:
    """How much of the machine's CPU time did not go to this run but to other programs or the kernel."""

    def __init__(self):
        self._before = self._now()

    @staticmethod
    def _now():
        """Seconds so far: of all cores, of busy ones, and of this process with the children that have ended."""
        ticks = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        idle = ticks[3] + ticks[4]
        own = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        per_second = os.sysconf("SC_CLK_TCK")
        return sum(ticks) / per_second, (sum(ticks) - idle) / per_second, sum(u.ru_utime + u.ru_stime for u in own)

    def share(self):
        """The share of all cores' time that others took. To be asked after the children have ended."""
        total, busy, own = (now - before for now, before in zip(self._now(), self._before, strict=True))
        return max(0.0, busy - own) / total


def status_bytes(pid, name):
    """A size of /proc/PID/status, such as VmRSS or VmHWM, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(f"/proc/{pid}/status has no {name}")


def resident_bytes(pid):
    return status_bytes(pid, "VmRSS")


def reset_peak(pid):
    """Makes the kernel forget the highest resident size so far; says whether it may be done here."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except PermissionError:
        return False
    return True


class _SampledPeak:
    """The highest of the resident sizes that a thread sees, where the kernel's own mark cannot be reset."""

    def __init__(self, pid):
        self._pid = pid
        self._highest = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self):
        while not self._ended.wait(SAMPLING_INTERVAL):
            self._highest = max(self._highest, resident_bytes(self._pid))

    def end(self):
        self._ended.set()
        self._thread.join()
        return max(self._highest, resident_bytes(self._pid))


@dataclass
class Usage:
    """What a process used while it was watched."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    def share(self, count):
        """What one of `count` equal requests used; the highest resident size is that of all."""
        return Usage(self.cpu_seconds / count, self.peak_bytes)


@contextmanager
def watched(pid):
    """The CPU time and the highest resident size of a process during the block; memory is that process's alone."""
    usage = Usage()
    sampled = None if reset_peak(pid) else _SampledPeak(pid)
    before = cpu_seconds(pid)
    try:
        yield usage
    finally:
        if sampled is not None:
            usage.peak_bytes = sampled.end()
    usage.cpu_seconds = cpu_seconds(pid) - before
    if sampled is None:
        usage.peak_bytes = status_bytes(pid, "VmHWM")


@dataclass(frozen=True)
class Sample:
    """One run of one subject. `first_byte_seconds` is the median of its requests; None where there is no request.

    `sent_bytes` is what an upload sent; None where there is none.
    """

    byte_count: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    first_byte_seconds: float | None = None
    sent_bytes: int | None = None

    @property
    def megabytes_per_second(self):
        return self.byte_count / self.seconds / 1e6

    @property
    def cpu_per_gib(self):
        return self.cpu_seconds / (self.byte_count / GIB)

    @property
    def peak_mib(self):
        return self.peak_bytes / MIB

    @property
    def first_byte_ms(self):
        return None if self.first_byte_seconds is None else self.first_byte_seconds * 1000


@dataclass(frozen=True)
class Spread:
    """The median of several runs, the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    def text(self, digits):
        if self.lowest == self.highest:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.lowest:.{digits}f}..{self.highest:.{digits}f})"


def spread(values):
    """The spread of the values that are there; None if none is."""
    known = [value for value in values if value is not None]
    return Spread(statistics.median(known), min(known), max(known)) if known else None


def alternating(subjects, rounds, progress):
    """Runs `subjects`, {name: function that returns a Sample}, in turn (A B C A B C ...); {name: [Sample]}."""
    samples = {name: [] for name in subjects}
    for number in range(rounds):
        for name, run in subjects.items():
            sample = run()
            samples[name].append(sample)
            progress(
                f"  {number + 1}/{rounds} {name}: {sample.megabytes_per_second:.0f} MB/s, "
                f"{sample.cpu_per_gib:.2f} CPU s/GiB, {sample.peak_mib:.0f} MiB"
            )
    return samples
