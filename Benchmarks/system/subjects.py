"""What is compared: the proxy, the download command, the reference client, a plain file of nginx."""

import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import readers
from fixtures import REPOSITORY, file_digest
from measure import SAMPLING_INTERVAL, Sample, status_bytes
from processes import BenchError, run_job, start

REFERENCE_PROGRAM = Path(__file__).with_name("reference_program.py")
DEADLINE = 1800.0


class Subject:
    """Something that downloads files of an upstream that answers at `nginx.url`."""

    def __init__(self, bench, upstream, nginx):
        self.bench = bench
        self.upstream = upstream
        self.nginx = nginx

    def expect(self, found, name, who):
        expected = self.upstream.folder.sha256(name)
        if found != expected:
            raise BenchError(f"{who}: SHA-256 of {name} is {found}, expected {expected}")


class Proxy(Subject):
    """Readers of `xet proxy`. What is counted is the proxy's process."""

    name = "xet proxy"

    def __init__(self, bench, upstream, nginx, server):
        super().__init__(bench, upstream, nginx)
        self.server = server

    @property
    def url(self):
        return self.server.url

    @property
    def pid(self):
        return self.server.pid

    def path(self, name):
        return f"/download/{REPOSITORY}/{name}"

    def read(self, lanes, **options):
        """(Reading, Usage) of a job."""
        return readers.measured(self.bench.children, self.url, self.pid, lanes, **options)

    def whole(self, name, count=1):
        """`count` readers of a whole file at once."""
        reading, usage = self.read(readers.same_file(self.path(name), count))
        return reading.sample(usage)

    def curl(self, name):
        """curl with a whole file."""
        return readers.curl(self.bench.children, self.url, self.pid, self.path(name))

    def check(self, name):
        """Reads the file once, outside of any timing, and compares its SHA-256. Warms the connections."""
        reading = readers.read(self.bench.children, self.url, readers.same_file(self.path(name), 1), with_hash=True)
        self.expect(reading.answers()[0].sha256, name, self.name)


class PlainFile(Proxy):
    """Readers of the same file as nginx gives it from memory. What is counted is nginx with its workers."""

    name = "nginx, plain file"

    def __init__(self, bench, upstream, nginx):
        super().__init__(bench, upstream, nginx, None)

    @property
    def url(self):
        return self.nginx.url

    @property
    def pid(self):
        return self.nginx.process.pid

    def path(self, name):
        return f"/plain/{name}"


def reference_environment(bench, url, home):
    """The environment of an official client whose Hub is at `url` and which keeps everything in `home`."""
    return {
        **bench.environment,
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


class ReferenceClient(Subject):
    """hf_xet; `mode` is "file" (to a file in memory), "stream" or "ranges". What is counted is its Python process."""

    def __init__(self, bench, upstream, nginx, mode="file"):
        super().__init__(bench, upstream, nginx)
        self.mode = mode
        self.name = {"file": "hf_xet", "stream": "hf_xet, stream", "ranges": "hf_xet, stream"}[mode]

    def run(self, name, ranges=None, with_hash=False):
        with self.upstream.stage.empty_folder() as home:
            environment = reference_environment(self.bench, self.nginx.url, home)
            job = {"mode": self.mode, "repository": REPOSITORY, "name": name, "ranges": ranges, "hash": with_hash}
            command = [sys.executable, REFERENCE_PROGRAM]
            result = run_job(self.bench.children, command, job, DEADLINE, self.name, env=environment)
        if with_hash:
            self.expect(result["sha256"], name, self.name)
        return Sample(
            byte_count=result["byte_count"],
            seconds=result["seconds"],
            cpu_seconds=result["cpu_seconds"],
            peak_bytes=result["peak_bytes"],
            first_byte_seconds=statistics.median(result["first_bytes"]) if result["first_bytes"] else None,
        )

    def check(self, name):
        self.run(name, with_hash=True)


class DownloadCommand(Subject):
    """`xet download` to a file in memory, from the start of the process to its end."""

    name = "xet download"

    def run(self, name, with_hash=False):
        with self.upstream.stage.empty_folder() as folder:
            output = folder / "out"
            arguments = ["download", REPOSITORY, name, "--hub-endpoint", self.nginx.url, "--output", output, "--quiet"]
            costs = run_command(self.bench, arguments, self.bench.environment)
            if with_hash:
                self.expect(file_digest(output), name, self.name)
            return Sample(output.stat().st_size, *costs)

    def check(self, name):
        self.run(name, with_hash=True)


def run_command(bench, arguments, environment):
    """Runs `xet` from the start of its process to its end: (seconds, CPU seconds, highest resident bytes)."""
    with tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = bench.children.add(
            start([bench.xet, *arguments], stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        )
        peak, usage = watch_to_end(process)
        seconds = time.monotonic() - started
        bench.children.stop(process)
        if process.returncode != 0:
            errors.seek(0)
            told = errors.read().decode("utf-8", "replace")[-2000:]
            raise BenchError(f"xet {arguments[0]}: status {process.returncode}: {told}")
    return seconds, usage.ru_utime + usage.ru_stime, peak


def watch_to_end(process):
    """Waits for the end of a child: (highest resident bytes, resource usage).

    The kernel's mark is read now and then while the child lives: `ru_maxrss` would include the benchmark's own memory,
    which the child shared before it became the other program.
    """
    end = time.monotonic() + DEADLINE
    peak = 0
    ended = os.pidfd_open(process.pid)
    try:
        while not select.select([ended], [], [], SAMPLING_INTERVAL)[0]:
            with suppress(KeyError):  # It is ending and has no memory any more.
                peak = max(peak, status_bytes(process.pid, "VmHWM"))
            if time.monotonic() > end:
                raise BenchError(f"{process.args[:2]}: still running after {DEADLINE:g} s")
    finally:
        os.close(ended)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return peak, usage
