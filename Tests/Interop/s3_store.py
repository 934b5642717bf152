"""What the stores of the tests have in common: an S3 service in processes of its own, which can be ended, held and started anew."""

import os
import secrets
import signal
import socket
import subprocess

from http_peer import wait_until
from s3_calls import S3Bucket, S3Credentials

START_DEADLINE = 90.0
STOP_DEADLINE = 20.0
REGION = "us-east-1"


def new_credentials(name):
    return S3Credentials(name, secrets.token_hex(20))


def free_ports(count):
    """Ports that are free together."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class S3Store:
    """A service with one user who may do everything (`owner`), one who may read, one who may nothing.

    A kind of store says how its processes are started, in `launch`.
    """

    region = REGION

    def __init__(self, folder):
        self.folder = folder
        self.owner, self.reader, self.nobody = (new_credentials(name) for name in ("owner", "reader", "nobody"))
        self.port = None
        self.processes = []
        self._buckets = 0

    def launch(self):
        """Starts the processes into `processes`, on the same ports and with the same data each time."""
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
        for process in self.processes:
            assert process.poll() is None, f"{process.args[0]} ended with {process.returncode}:\n{self.errors()}"
        return self._answer(lambda: self.bucket("ready").list_page()) in (200, 404)

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

    def run(self, *command, **options):
        """Starts one process, whose output goes to the log."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **options,
            )
        self.processes.append(process)
        return process

    def hold(self):
        """Nothing answers any more, and connections stay open, until `release()`."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGSTOP)

    def release(self):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGCONT)

    def kill(self):
        """Ends it at once, as a failure of power would, but for what the system has not written yet."""
        self._end(signal.SIGKILL)

    def stop(self):
        self.release()
        self._end(signal.SIGTERM)

    def _end(self, number):
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, number)
            try:
                process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()
