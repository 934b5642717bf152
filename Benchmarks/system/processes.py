"""Child processes: started once, waited for by condition, all ended when the benchmark ends, however it ends."""

import ctypes
import json
import os
import signal
import subprocess
import time

STOP_DEADLINE = 20.0
"""Seconds that a child has to end after it was asked to."""

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class BenchError(Exception):
    """The benchmark cannot go on; the message says what was expected and what was found."""


def _die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(arguments, **options):
    """Starts a child in a session of its own, so that Ctrl-C reaches the benchmark first, which then ends its children.

    Should the benchmark be killed, the system sends the child SIGTERM.
    """
    return subprocess.Popen([str(a) for a in arguments], start_new_session=True, preexec_fn=_die_with_parent, **options)


def wait_until(condition, deadline, what, interval=0.005):
    """Polls `condition` until it returns something true, and returns that; fails after `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise BenchError(f"{what}: not within {deadline:g} s")
        time.sleep(interval)


class Children:
    """The running children; `stop_all` ends them, the last one started first."""

    def __init__(self):
        self._running = []

    def add(self, process):
        self._running.append(process)
        return process

    def stop(self, process, request=signal.SIGTERM):
        """Asks a child to end, waits, kills it and its own children if it does not."""
        if process.poll() is None:
            process.send_signal(request)
            try:
                process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        if process in self._running:
            self._running.remove(process)

    def stop_all(self):
        for process in reversed(self._running.copy()):
            self.stop(process)


def run_to_end(children, arguments, deadline, what, input=None, **options):
    """Runs a child to its end and returns what it wrote to stdout."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = children.add(start(arguments, **pipes, **options))
    try:
        output, errors = process.communicate(input, timeout=deadline)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{what}: still running after {deadline:g} s") from error
    finally:
        children.stop(process)
    if process.returncode != 0:
        raise BenchError(f"{what}: status {process.returncode}: {errors.decode('utf-8', 'replace')[-2000:]}")
    return output


def run_job(children, arguments, job, deadline, what, **options):
    """Runs a child that takes a job as JSON on stdin, to its end. Returns its answer, JSON too, from stdout."""
    return json.loads(run_to_end(children, arguments, deadline, what, json.dumps(job).encode(), **options))
