"""A long line between clients and the upstream: runs `line.c`, which says what a line does."""

import json
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from processes import STOP_DEADLINE, BenchError, start

SOURCE = Path(__file__).with_name("line.c")
FLAGS = ("-O2", "-std=c17", "-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class Line:
    """What every TCP connection gets. `loss_every` is the mean number of bytes between losses, 0 for none.

    Once `outage_after` bytes (0: never) have come down the line, it is away for `outage` seconds.
    """

    round_trip_ms: int
    bytes_per_second: int
    loss_every: int = 0
    outage: int = 0
    outage_after: int = 0


def compiler():
    return shutil.which("cc")


def compiled(folder):
    """The program, compiled if it is not there or older than its source."""
    program = folder / "line"
    if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
        new = folder / "line.new"
        told = subprocess.run([compiler(), *FLAGS, "-o", new, SOURCE], capture_output=True, text=True)
        if told.returncode != 0:
            raise BenchError(f"{SOURCE.name} does not compile: {told.stderr[-2000:]}")
        new.rename(program)
    return program


class Relay:
    """A running line from the port `listen` to the port `target`."""

    def __init__(self, children, folder, listen, target, line):
        self._children = children
        numbers = (line.round_trip_ms, line.bytes_per_second, line.loss_every, line.outage, line.outage_after)
        arguments = [compiled(folder), listen, target, *numbers]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._process = children.add(start(arguments, **pipes))
        if self._process.stdout.readline() != b"ready\n":
            raise BenchError(f"the line did not start: {self._process.stderr.read().decode(errors='replace')}")

    def stop(self):
        """Ends the line and returns what it saw: connections, resets, bytes."""
        self._process.send_signal(signal.SIGTERM)
        try:
            output, errors = self._process.communicate(timeout=STOP_DEADLINE)
        except subprocess.TimeoutExpired as error:
            raise BenchError("the line did not end") from error
        finally:
            self._children.stop(self._process)
        if self._process.returncode != 0:
            raise BenchError(f"the line ended with {self._process.returncode}: {errors.decode(errors='replace')}")
        return json.loads(output)
