"""A soak: many readers of every kind for a long time, an upstream that fails in every way, and cores that are busy.

    SOAK_SECONDS=600 SOAK_SEED=1 python Tests/Soak/soak.py

It fails when a byte is wrong, when no reader gets on, when memory or descriptors grow, and when anything is reserved or open
in the end. `README.md` beside this says what is compared with what.
"""

import hashlib
import multiprocessing
import os
import random
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

from http_peer import wait_until
from http_probe import fetch
from proxy_observations import Metrics
from soak_judge import Part, growth_faults
from soak_readers import Course, crowd
from soak_upstream import Upstream
from xet_process import XetServer, environment

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]
BUFFER_MEMORY = 48
"""MiB of `--buffer-memory`: so little that readers compete for it all the time."""
MEMORY_LIMIT = 176 << 20
"""Most resident bytes at any time: `BUFFER_MEMORY`, and 128 MiB for a debug build, its connections and its tasks."""
STANDSTILL = 30
"""Seconds after which readers that all get nothing are a failure."""
DRAIN = 60
"""Seconds in which readers come to an end once they should, and the proxy to rest."""
SECRETS = re.compile(r"hf_alice|cas-[\w-]{20}|X-Peer-Signature")


def keep_busy(seed, number):
    """Work that comes and goes, on one core."""
    draw = random.Random(f"{seed} busy {number}")
    while True:
        end = time.monotonic() + draw.uniform(0.05, 1.5)
        while time.monotonic() < end:
            hashlib.sha256(bytes(20_000)).digest()
        time.sleep(draw.uniform(0.05, 1))


class Soak:
    """The upstream, the proxy and their readers; `run` is the whole of it."""

    def __init__(self, binary, folder, seconds, seed):
        self.folder, self.seconds, self.seed = folder, seconds, seed
        self.upstream = Upstream(folder, seed)
        home = folder / "home"
        home.mkdir()
        options = ["--host", "127.0.0.1", "--port", "0", "--buffer-memory", BUFFER_MEMORY]
        self.proxy = XetServer(
            binary, ["proxy", "--hub-endpoint", self.upstream.url, *options], environment(home, TMPDIR=folder)
        )
        self.course = Course(self.upstream, self.proxy.url, binary, folder, seed)
        self.faults = []
        spawn = multiprocessing.get_context("spawn")
        self.busy = [
            spawn.Process(target=keep_busy, args=(seed, number), daemon=True) for number in range(os.cpu_count() or 1)
        ]

    def run(self):
        """All parts; the faults that were found."""
        for process in self.busy:
            process.start()
        parts = []
        warm_up = max(8, self.seconds / 10)
        for name in ("warm-up", "first third", "second third", "last third"):
            part = Part(name)
            self._work(part, warm_up if not parts else (self.seconds - warm_up) / 3)
            if not self.faults:
                self._rest(part)
            if self.faults:
                break
            if len(parts) > 1:
                self.faults += [f"{name}: {found}" for found in growth_faults(parts[1], part, MEMORY_LIMIT)]
            parts.append(part)
            self._tell(part)
        if not self.faults:
            self._check_variety()
        return self.faults

    def _work(self, part, seconds):
        """Lets the readers work for a time, and brings them to an end."""
        course = self.course
        course.part = part.name
        course.is_over.clear()
        course.last_progress = time.monotonic()
        readers = crowd(course)
        for reader in readers:
            reader.start()
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end and not course.has_failed.is_set():
            course.has_failed.wait(0.5)
            if not self.proxy.is_running:
                self.faults.append(f"the proxy ended with {self.proxy.process.returncode}")
                break
            part.samples.append(self._memory())
            if now - course.last_progress > STANDSTILL:
                doing = "\n  ".join(f"{reader.name}: {reader.doing}" for reader in readers)
                self.faults.append(f"no reader got on for {STANDSTILL} s:\n  {doing}")
                break
            self._attempt("credentials", self.upstream.check)
        course.is_over.set()
        deadline = time.monotonic() + DRAIN
        if not self.faults and not course.has_failed.is_set():
            for reader in readers:
                reader.join(max(0, deadline - time.monotonic()))
            self.faults += [f"{r.name} does not end: {r.doing}" for r in readers if r.is_alive()]
        self.faults += course.failures

    def _rest(self, part):
        """Waits until the proxy holds nothing, and measures it then."""
        metrics = None

        def is_at_rest():
            nonlocal metrics
            metrics = Metrics(fetch(self.proxy.url, "/metrics").body.decode())
            held = [metrics(name) for name in ("xet_in_flight_streams", "xet_buffered_bytes")]
            return held == [0, 0] and metrics("xet_in_flight_requests") == 1 and not self.upstream.state()["open"]

        try:
            wait_until(is_at_rest, DRAIN / 2)
        except AssertionError:
            held = {
                name: metrics(name)
                for name in ("xet_in_flight_streams", "xet_buffered_bytes", "xet_in_flight_requests")
            }
            self.faults.append(f"{part.name}: not at rest: {held}, open upstream: {self.upstream.state()['open']}")
            return
        part.idle_memory = self._memory()
        part.connections.update(self.upstream.state()["connections"])
        part.descriptors = len(os.listdir(f"/proc/{self.proxy.process.pid}/fd"))

    def _attempt(self, what, check):
        try:
            return check()
        except AssertionError as error:
            self.faults.append(f"{what}: {error}")
            self.course.has_failed.set()

    def _check_variety(self):
        """A soak in which a kind of reader never got anything, or a kind of fault never came, says nothing of it."""
        got = {kind for (kind, outcome), count in self.course.outcomes.items() if outcome in ("whole", "head", "left")}
        missing = {type(reader).__name__ for reader in crowd(self.course)} - got
        if missing:
            self.faults.append(f"nothing came to an end for {sorted(missing)}")
        if not any(name.startswith("cdn") for name in self.upstream.state()["faults"]):
            self.faults.append("the CDN had no faults")

    def stop(self):
        """Ends the proxy, which must let go of everything, and the rest."""
        try:
            if self.proxy.is_running and not self.faults:
                self.faults += [f"exit status {status}" for status in [self.proxy.stop()] if status != 0]
                wait_until(lambda: not any(self.upstream.state()["connections"].values()), 10, "connections are left")
            elif self.proxy.is_running:
                self.proxy.process.kill()
        except AssertionError as error:
            self.faults.append(str(error))
        if SECRETS.search(self.proxy.errors()):
            self.faults.append("a secret was logged")
        for process in self.busy:
            process.kill()
        self.upstream.stop()

    def _memory(self):
        pages = int(Path(f"/proc/{self.proxy.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def _tell(self, part):
        memory = f"{part.memory / 2**20:.0f} MiB, at most {max(part.samples) / 2**20:.0f}, then {part.idle_memory / 2**20:.0f}"
        print(
            f"{part.name}: {self.course.byte_count / 1e6:.0f} MB so far; memory {memory}; {part.own_descriptors} descriptors"
            f" and {sum(part.connections.values())} upstream connections",
            flush=True,
        )

    def report(self):
        print("outcomes:")
        kinds = sorted({kind for kind, _ in self.course.outcomes})
        for kind in kinds:
            counts = {o: n for (k, o), n in sorted(self.course.outcomes.items()) if k == kind}
            print(f"  {kind}: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}")


def main():
    seconds = float(os.environ.get("SOAK_SECONDS") or 600)
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**9))
    binary = Path(os.environ.get("XET_BINARY") or REPOSITORY_ROOT / ".build" / "debug" / "xet").resolve()
    print(f"soak of {seconds:.0f} s, SOAK_SEED={seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="xet-soak-"))
    try:
        soak = Soak(binary, folder, seconds, seed)
        faults = ["interrupted"]
        try:
            faults = soak.run()
            print(f"faults upstream: {soak.upstream.state()['faults']}")
        finally:
            soak.stop()
        soak.report()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if faults:
        print("log of the proxy, its end:", *soak.proxy.errors().splitlines()[-40:], sep="\n  ")
        print(f"FAILED with SOAK_SEED={seed}:", *faults, sep="\n- ")
        sys.exit(1)
    print("right")


if __name__ == "__main__":
    main()
