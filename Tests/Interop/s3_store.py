"""What the stores of the tests have in common: an S3 service in processes of its own, which can be ended, held and started anew."""

import contextlib
import os
import random
import secrets
import signal
import socket
from pathlib import Path

from http_peer import wait_until
from s3_calls import S3Bucket, S3Credentials

START_DEADLINE = 90.0
REGION = "us-east-1"
PORTS = (15_000, 32_000)


def new_credentials(name):
    return S3Credentials(name, secrets.token_hex(20))


def free_ports(count):
    """Ports that are free, and below those that systems give to connections: so nobody takes one until a service listens."""
    chosen = []
    while len(chosen) < count:
        port = random.randrange(*PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in chosen:
                chosen.append(port)
    return chosen


def states(pid):
    """A letter for each thread of a process, as in ps; nothing once it has ended."""
    files = Path(f"/proc/{pid}/task").glob("*/stat")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return "".join(file.read_text().rpartition(")")[2].split()[0] for file in files).strip("ZX")
    return ""


class S3Store:
    """A service with one user who may do everything (`owner`), one who may read, one who may nothing.

    A kind of store says how its processes are started, in `launch`.
    """

    region = REGION

    def __init__(self, folder):
        self.folder = folder
        self.owner, self.reader, self.nobody = (new_credentials(name) for name in ("owner", "reader", "nobody"))
        self.port = None
        self.pids = []
        self._buckets = 0

    def launch(self):
        """Starts the processes, leaders of groups, into `pids`: on the same ports and with the same data each time."""
        raise NotImplementedError

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def secrets(self):
        """What may be in no log."""
        return [user.secret for user in (self.owner, self.reader, self.nobody)]

    def bucket(self, name, credentials=None):
        return S3Bucket(self.endpoint, name, credentials or self.owner, self.region)

    def new_bucket(self):
        """An empty bucket that nothing else uses, once the service takes it."""
        self._buckets += 1
        bucket = self.bucket(f"bucket-{self._buckets}")
        wait_until(lambda: self._answer(bucket.create) == 200, START_DEADLINE, "no bucket can be made")
        return bucket

    def start(self):
        """Starts it, with what it held before, and waits until it answers."""
        self.launch()
        wait_until(self.is_ready, START_DEADLINE, "the store does not answer")

    def is_ready(self):
        assert all(map(states, self.pids)), f"it ended:\n{self.errors()}"
        probe = self.bucket("ready")
        asked = (probe.create, lambda: probe.put("probe", b"ready"), lambda: probe.get("probe"))
        return [self._answer(ask) in (200, 409) for ask in asked] == [True] * len(asked)

    @staticmethod
    def _answer(ask):
        """The status of an answer; None if none came."""
        try:
            return ask().status
        except OSError:
            return None

    def errors(self):
        """The end of what it logged."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def hold(self):
        """Nothing answers any more, and connections stay open, until `release()`."""
        self._signal(signal.SIGSTOP)
        wait_until(lambda: set("".join(map(states, self.pids))) == {"T"}, message="the store still runs")

    def release(self):
        self._signal(signal.SIGCONT)

    def kill(self):
        """Ends it at once; `start()` starts it anew."""
        self._signal(signal.SIGKILL)
        wait_until(lambda: not any(map(states, self.pids)), message="the store still runs")
        self.pids.clear()

    def stop(self):
        """Ends it, with all that belongs to it."""
        self.kill()

    def _signal(self, number):
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
