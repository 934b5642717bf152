"""Runs the `xet` binary: commands to their end, servers until they are stopped."""

import os
import re
import subprocess
import threading
from pathlib import Path

from http_peer import wait_until

READY_DEADLINE = 60.0
STOP_DEADLINE = 15.0
ADDRESS = re.compile(r"https?://[^\s\"',)]+:(\d+)|\b(?:\d{1,3}\.){3}\d{1,3}:(\d+)")
INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "SWIFT_BACKTRACE")


def environment(home, **variables):
    """An environment for `xet` and the official clients that knows nothing of the person who runs the tests.

    `variables` are added; those that are None are left out.
    """
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    fixed = {
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    merged = {**kept, **fixed, **variables}
    return {name: str(value) for name, value in merged.items() if value is not None}


def run_xet(binary, *arguments, env, input=None, timeout=120):
    """Runs `xet` to its end; the result has bytes in `stdout` and `stderr`."""
    return subprocess.run(
        [str(binary), *map(str, arguments)], env=env, input=input or b"", capture_output=True, timeout=timeout
    )


class XetServer:
    """A running `xet proxy` or `xet origin`; `url` is the address that it printed when it was ready."""

    def __init__(self, binary, arguments, env):
        self.command = [str(binary), *map(str, arguments)]
        self._lines = []
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            self.command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = wait_until(self._ready_port, READY_DEADLINE, "no line with the address on stderr")
        except AssertionError as error:
            self.process.kill()
            raise AssertionError(f"{error}\ncommand: {self.command}\nstderr: {self.errors()}") from None
        self.url = f"http://127.0.0.1:{self.port}"

    def _read(self):
        for line in self.process.stderr:
            with self._lock:
                self._lines.append(line.decode("utf-8", "replace"))

    def errors(self):
        """What the server wrote to stderr so far."""
        with self._lock:
            return "".join(self._lines)

    def _ready_port(self):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}"
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            if re.search(r"listen|serv|ready", line, re.I) and (match := ADDRESS.search(line)):
                return int(match[1] or match[2])
        return None

    @property
    def is_running(self):
        return self.process.poll() is None

    @property
    def peak_memory(self):
        """The most resident bytes so far; None where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def stop(self):
        """Asks the server to end and returns its exit status; kills it if it does not."""
        self.process.terminate()
        try:
            status = self.process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {STOP_DEADLINE:g} s after SIGTERM: {self.command}") from None
        finally:
            self._reader.join(STOP_DEADLINE)
            self.process.stderr.close()
        return status
