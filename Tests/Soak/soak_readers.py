"""The readers of a soak: each does the same kind of thing again and again, compares every byte, and says how it went."""

import mmap
import random
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from http_probe import open_exchange, path_target
from official_clients import PROGRAM, client_environment
from soak_judge import BodyCheck, WrongAnswer, refusal
from soak_upstream import REPOSITORY
from xet_process import environment

SOCKET_TIMEOUT = 90
"""Seconds without a byte after which one reader counts as stuck, whatever the others do. No stall of the upstream is longer
than a tenth of it."""
PROCESS_TIMEOUT = 240
"""Seconds after which a client of its own process counts as stuck."""


class Course:
    """What readers share: the upstream's files, the proxy's address, the token, and whether they should come to an end."""

    def __init__(self, upstream, url, binary, folder, seed):
        self.upstream, self.url, self.binary, self.folder, self.seed = upstream, url, binary, folder, seed
        self.token = upstream.token
        self.files = {file.path: file for file in upstream.files}
        self.contents = {file.path: _mapped(file) for file in upstream.files}
        self.part = ""
        self.is_over = threading.Event()
        self.has_failed = threading.Event()
        self.failures = []
        self.outcomes = Counter()
        self.byte_count = 0
        self.last_progress = time.monotonic()
        self._lock = threading.Lock()

    def note_bytes(self, count):
        """Notes bytes that came through the proxy; what comes past it says nothing of how it gets on."""
        with self._lock:
            self.byte_count += count
            self.last_progress = time.monotonic()

    def note_outcome(self, reader, outcome):
        with self._lock:
            self.outcomes[(reader, outcome)] += 1

    def fail(self, text):
        with self._lock:
            self.failures.append(text)
        self.has_failed.set()
        self.is_over.set()

    def wait(self, seconds):
        """Waits; returns early, and true, when readers should come to an end."""
        return self.is_over.wait(seconds)


def _mapped(file):
    if file.size == 0:
        return b""
    with open(file.content, "rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


class Reader(threading.Thread):
    """Repeats `read` until the course is over. A subclass says what it does, and returns the outcome."""

    def __init__(self, course, number):
        super().__init__(name=f"{type(self).__name__} {number}", daemon=True)
        self.course = course
        self.random = random.Random(f"{course.seed} {course.part} {self.name}")
        self.doing = "nothing yet"

    @property
    def kind(self):
        return type(self).__name__

    def run(self):
        course = self.course
        while not course.is_over.is_set():
            try:
                course.note_outcome(self.kind, self.read())
            except Exception as error:  # noqa: BLE001: whatever it is, the soak must not go on without this reader
                course.fail(f"{self.name}: {self.doing}: {type(error).__name__}: {error}")
                return

    def read(self):
        raise NotImplementedError

    # What readers do

    def pick(self, *trusts, least=0):
        """A file at random that deserves one of these trusts."""
        files = [f for f in self.course.files.values() if f.trust in trusts and f.size >= least]
        return self.random.choice(files)

    def span(self, file, least, most):
        """Bytes [start, end) of the file, at random."""
        start = self.random.randrange(file.size)
        return start, min(file.size, start + self.random.randrange(least, most))

    def open(self, file, span=None, method="GET", receive_buffer=None, etag=None):
        """Asks for a file, or a part of it, by one of its two paths."""
        headers = {"User-Agent": "soak"}
        if span is not None:
            headers["Range"] = f"bytes={span[0]}-{span[1] - 1}"
        if etag is not None:
            headers["If-Range"] = etag
        target = self.random.choice(
            [path_target("download", REPOSITORY, file.path), path_target(REPOSITORY, "resolve", "main", file.path)]
        )
        self.doing = f"{method} {target} {headers.get('Range', '')}"
        return open_exchange(
            self.course.url,
            target,
            method,
            headers,
            self.course.token,
            timeout=SOCKET_TIMEOUT,
            receive_buffer=receive_buffer,
        )

    def body(self, exchange, file, span=None, pace=None):
        """Reads and compares the answer; the outcome. `pace` is called after each piece and says whether to leave."""
        if not exchange.read_head():
            if "TimeoutError" in (exchange.error or ""):
                raise WrongAnswer("no head came")
            return self.without_head(file)
        if exchange.status not in (200, 206):
            return refusal(exchange.status, file.trust)
        expected = 200 if span is None else 206
        if exchange.status != expected:
            raise WrongAnswer(f"status {exchange.status} in place of {expected}")
        start, end = span or (0, file.size)
        if int(exchange._field("content-length")) != end - start:
            raise WrongAnswer(f"a length of {exchange._field('content-length')} in place of {end - start}")
        check = BodyCheck(self.course.contents[file.path], start, end, file.trust)
        for piece in exchange.pieces():
            check.take(piece)
            self.course.note_bytes(len(piece))
            if pace is not None and pace(check.at - start):
                return "left"
        if "TimeoutError" in (exchange.error or ""):
            raise WrongAnswer(f"nothing came after {check.at} of {end}")
        return check.end_of_answer(check.at - start == end - start)

    def without_head(self, file):
        """The connection ended before a head: no answer at all, which nothing explains."""
        raise WrongAnswer("the connection ended without an answer")


class Whole(Reader):
    """Reads whole files, as fast as they come."""

    def read(self):
        file = self.pick("whole", "whole", "cut", "doubtful")
        with self.open(file) as exchange:
            return self.body(exchange, file)


class Range(Reader):
    """Reads a range."""

    def read(self):
        file = self.pick("whole", "cut", least=1)
        span = self.span(file, 1, self.random.choice([100, 300_000, 9_000_000]))
        with self.open(file, span) as exchange:
            return self.body(exchange, file, span)


class Ranges(Reader):
    """Reads a file in ranges, one after the other, as download managers do, each on a connection of its own."""

    def read(self):
        file = self.pick("whole")
        step = max(1, file.size // self.random.randrange(2, 9))
        for start in range(0, file.size, step):
            if self.course.is_over.is_set():
                return "left"
            span = (start, min(start + step, file.size))
            with self.open(file, span) as exchange:
                self.body(exchange, file, span)
        return "whole"


class Leaving(Reader):
    """Leaves: before the head, after some bytes, politely or with a reset."""

    def read(self):
        file = self.pick("whole", "cut", "doubtful")
        span = self.span(file, 1, 20_000_000) if file.trust == "whole" and self.random.random() < 0.5 else None
        with self.open(file, span, receive_buffer=self.random.choice([None, 32_768])) as exchange:
            if self.random.random() < 0.5:
                exchange.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if self.random.random() < 0.3:
                self.course.wait(self.random.random())
                return "left"
            place = self.random.randrange(1 + (file.size if span is None else span[1] - span[0]))
            return self.body(exchange, file, span, lambda count: count >= place)


class Slow(Reader):
    """Takes little at a time; leaves in the end if that takes long."""

    def read(self):
        file = self.pick("whole", "cut", least=1_000_000)
        rate = self.random.choice([20_000, 100_000, 500_000, 2_000_000])
        begin, patience = time.monotonic(), self.random.uniform(5, 40)

        def pace(count):
            late = count / rate - (time.monotonic() - begin)
            return self.course.wait(max(0, late)) or time.monotonic() - begin > patience

        span = self.span(file, 200_000, 6_000_000)
        with self.open(file, span, receive_buffer=32_768) as exchange:
            return self.body(exchange, file, span, pace)


class Pausing(Reader):
    """Stops reading for a while, goes on, and so to the end."""

    def read(self):
        file = self.pick("whole", "cut", "doubtful", least=1_000_000)
        places = sorted(self.random.randrange(file.size) for _ in range(self.random.randrange(1, 5)))

        def pace(count):
            while places and count >= places[0]:
                places.pop(0)
                if self.course.wait(self.random.uniform(0.2, 6)):
                    return True
            return False

        with self.open(file, receive_buffer=65_536) as exchange:
            return self.body(exchange, file, pace=pace)


class Resuming(Reader):
    """Leaves and comes back for the rest, until it has the whole file."""

    def read(self):
        file = self.pick("whole", least=1_000_000)
        at = 0
        while at < file.size:
            if self.course.is_over.is_set():
                return "left"
            place = self.random.randrange(at, file.size + 4_000_000)
            seen = [0]

            def pace(count, begin=at, place=place, seen=seen):
                seen[0] = count
                return begin + count >= place

            with self.open(file, (at, file.size)) as exchange:
                self.body(exchange, file, (at, file.size), pace)
            at += seen[0]
        return "whole"


class Asking(Reader):
    """Asks for heads, metrics, the page, lists: what goes on beside downloads."""

    def read(self):
        file = self.pick("whole", "cut", "doubtful")
        if self.random.random() < 0.5:
            with self.open(file, method="HEAD") as exchange:
                if not exchange.read_head():
                    return self.without_head(file)
                if exchange.status != 200:
                    return refusal(exchange.status, file.trust)
                if int(exchange._field("content-length")) != file.size:
                    raise WrongAnswer(f"a length of {exchange._field('content-length')}")
                return "head"
        target = self.random.choice(["/metrics", "/health", "/", f"/api/models/{REPOSITORY}/tree/main?recursive=true"])
        self.doing = f"GET {target}"
        with open_exchange(self.course.url, target, token=self.course.token, timeout=SOCKET_TIMEOUT) as exchange:
            got = exchange.finish()
        if got.status == 200 and got.complete:
            return "answer"
        if not target.startswith("/api/"):
            raise WrongAnswer(repr(got))
        return "refused"


class ProcessReader(Reader):
    """A client in a process of its own, with a folder of its own."""

    def __init__(self, course, number):
        super().__init__(course, number)
        self.folder = Path(course.folder) / self.name.replace(" ", "-")
        self.home = self.folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)

    def run_client(self, command, env, stop_after=None, stop_signal=None, input=b""):
        """Runs a client to its end, or stops it; its exit status and what it printed."""
        self.doing = " ".join(map(str, command))
        with subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                out, errors = process.communicate(input, timeout=stop_after or PROCESS_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.send_signal(stop_signal or signal.SIGKILL)
                out, errors = process.communicate()
                if stop_signal is None:
                    raise WrongAnswer(f"no end after {PROCESS_TIMEOUT} s: {errors[-2000:].decode()}") from None
        return process.returncode, out, errors.decode(errors="replace")


class XetDownload(ProcessReader):
    """`xet download`, through the proxy or past it; stopped at times, and then run again to go on."""

    def read(self):
        file = self.pick("whole", "cut", "doubtful")
        content = self.course.contents[file.path]
        is_direct = self.random.random() < 0.5
        hub = self.course.upstream.url if is_direct else self.course.url
        env = environment(self.home, HF_TOKEN=self.course.token, HF_ENDPOINT=hub)
        out = self.folder / "out.bin"
        command = [self.course.binary, "download", REPOSITORY, file.path, "--output", out, "--quiet"]
        try:
            while self.random.random() < 0.4:
                chosen = self.random.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
                status, _, errors = self.run_client(command, env, self.random.uniform(0.1, 2), chosen)
                outcome = self.check(status, errors, file, content, out, {130, 143, -chosen}, is_direct)
                self.course.note_outcome(self.kind, f"{outcome} at {chosen.name}")
            status, _, errors = self.run_client(command, env)
            return self.check(status, errors, file, content, out, set(), is_direct)
        finally:
            for path in [out, *self.folder.glob("*.partial")]:
                path.unlink(missing_ok=True)

    def check(self, status, errors, file, content, out, stopped, is_direct):
        """The outcome of a run. Whatever became of it, there is the right file under the name, or none."""
        if out.exists():
            with open(out, "rb") as stream:
                at = 0
                while piece := stream.read(1 << 20):
                    if content[at : at + len(piece)] != piece:
                        raise WrongAnswer(f"status {status}, a wrong file (within {at}..{at + len(piece)})")
                    at += len(piece)
            if at != file.size:
                raise WrongAnswer(f"status {status}, {at} bytes of {file.size}")
            if not is_direct:
                self.course.note_bytes(at)
        if status == 0:
            if not out.exists():
                raise WrongAnswer("status 0 and no file")
            return "whole"
        if status in stopped:
            return "stopped"
        if file.trust == "whole" or not 0 < status < 128:
            raise WrongAnswer(f"status {status}: {errors[-2000:]}")
        return "failed"


class HubClient(ProcessReader):
    """The official client with hf_xet, which takes the proxy for the Hub."""

    ARGUMENTS = '{"repo_id": "%s", "filename": "%s"}'

    def read(self):
        import hashlib
        import json
        import sys

        file = self.pick("seen")
        env = client_environment(self.home, self.course.url, self.course.token)
        arguments = (self.ARGUMENTS % (REPOSITORY, file.path)).encode()
        try:
            status, out, errors = self.run_client([sys.executable, PROGRAM, "download"], env, input=arguments)
        finally:
            shutil.rmtree(self.home / "hf", ignore_errors=True)
        if status != 0:
            raise WrongAnswer(f"status {status}: {errors[-2000:]}")
        found = json.loads(out.splitlines()[-1])
        if "error" in found:
            return "failed"
        if found["sha256"] != hashlib.sha256(self.course.contents[file.path]).hexdigest():
            raise WrongAnswer(f"another file: {found}")
        self.course.note_bytes(file.size)
        return "whole"


CROWD = {Whole: 4, Range: 3, Ranges: 2, Leaving: 3, Slow: 4, Pausing: 3, Resuming: 2, Asking: 1, XetDownload: 2, HubClient: 1}
"""How many there are of each kind."""


def crowd(course):
    return [kind(course, number) for kind, count in CROWD.items() for number in range(count)]
