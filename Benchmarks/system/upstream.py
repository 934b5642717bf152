"""Hub, CAS and CDN for a fixture set: `xet origin` behind nginx, with the bytes in memory."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from fixtures import REPOSITORY, FixtureFolder
from line import Relay
from measure import GIB
from nginx import Nginx
from processes import BenchError, start, wait_until

MEMORY_FOLDER = Path("/dev/shm")
STAGE_PREFIX = "xet-bench-"
INGEST_DEADLINE = 3600.0
START_DEADLINE = 30.0
MEMORY_FOR_PROGRAMS = 2 * GIB
ZEROS = bytes(1 << 20)
TOKEN_LIFETIME = 6 * 3600
READY_LINE = re.compile(r"ready on (http://[\d.]+:\d+)\b")


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def is_tmpfs(folder):
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    real = str(Path(folder).resolve())
    holding = [m for m in mounts if real == m[1] or real.startswith(m[1].rstrip("/") + "/")]
    return max(holding, key=lambda m: len(m[1]))[2] in ("tmpfs", "ramfs")


def lacking_bytes(folder, need):
    """How much room a folder lacks for `need` bytes; 0 if there is enough."""
    return max(0, need - shutil.disk_usage(folder).free)


def available_memory():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise BenchError("/proc/meminfo does not tell how much memory is available")


def remove_stale_stages():
    """Removes what runs left in memory that were killed before they could."""
    for folder in MEMORY_FOLDER.glob(f"{STAGE_PREFIX}*-*"):
        owner = folder.name.removeprefix(STAGE_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder)


class Stage:
    """A folder of this run, in memory if there is room: xorbs and plain files for nginx, and what clients write."""

    @staticmethod
    def need(fixtures, plain_names):
        """Bytes that a run of a fixture set puts there at most: xorbs, plain files, one output."""
        plain = sum(file.byte_count for file in fixtures.files if file.name in plain_names)
        return fixtures.byte_count + plain + max(file.byte_count for file in fixtures.files)

    @staticmethod
    def lacking_memory(need):
        """How much memory is lacking for a stage of `need` bytes, with some left for programs."""
        if not MEMORY_FOLDER.is_dir():
            return need
        return max(lacking_bytes(MEMORY_FOLDER, need), need + MEMORY_FOR_PROGRAMS - available_memory(), 0)

    def __init__(self, need, fallback):
        in_memory = not self.lacking_memory(need)
        parent = MEMORY_FOLDER if in_memory else fallback
        self.folder = Path(tempfile.mkdtemp(prefix=f"{STAGE_PREFIX}{os.getpid()}-", dir=parent))
        self.plain = self.folder / "plain"
        self.xorbs = self.folder / "xorbs"
        self.is_in_memory = is_tmpfs(self.folder)

    def fill(self, fixtures, plain_names):
        shutil.copytree(fixtures.data / "xorbs", self.xorbs)
        self.add_plain(fixtures, plain_names)

    def add_plain(self, fixtures, plain_names):
        self.plain.mkdir()
        for name in plain_names:
            shutil.copyfile(fixtures.files / name, self.plain / name)

    @contextmanager
    def empty_folder(self):
        """A folder for the output of one run."""
        folder = Path(tempfile.mkdtemp(prefix="output-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def claim_memory(self, byte_count):
        """Uses so much memory for a moment: a hypervisor that takes back what is free for long would have whoever writes
        first wait for it."""
        with tempfile.TemporaryFile(dir=self.folder) as file:
            for _ in range(-(-byte_count // len(ZEROS))):
                file.write(ZEROS)

    def remove(self):
        shutil.rmtree(self.folder)


class Server:
    """A running server, such as `xet origin`; `url` is the address that its ready line on stderr names."""

    def __init__(self, children, arguments, deadline, environment):
        self._children = children
        self._errors = tempfile.NamedTemporaryFile(prefix="xet-bench-stderr-")
        self._what = " ".join(Path(argument).name for argument in arguments[:2])
        self.process = children.add(
            start(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._errors, env=environment)
        )
        self.url = wait_until(self._address, deadline, f"the ready line of {self._what}")

    def _address(self):
        told = Path(self._errors.name).read_text(errors="replace")
        if self.process.poll() is not None:
            raise BenchError(f"{self._what} ended with {self.process.returncode}: {told[-2000:]}")
        match = READY_LINE.search(told)
        return match and match[1]

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self._children.stop(self.process)
        self._errors.close()


class Upstream:
    """Hub, CAS and CDN for one fixture set, and what a run writes. One `Network` at a time."""

    def __init__(self, bench, fixtures, plain_names):
        self._bench = bench
        self.folder = FixtureFolder(bench.work, fixtures)
        self.folder.make(bench.progress)
        self._port = free_port()
        bench.progress(f"starting the origin for {fixtures.name}; the first time it has to store the files")
        self._origin = Server(
            bench.children,
            [bench.xet, "origin", self.folder.served, "--data", self.folder.data, "--host", "127.0.0.1", "--port", "0"]
            + ["--public-url", f"http://127.0.0.1:{self._port}"]
            + ["--token-lifetime", str(TOKEN_LIFETIME), "--url-lifetime", str(TOKEN_LIFETIME)],
            INGEST_DEADLINE,
            bench.environment,
        )
        self.stage = Stage(Stage.need(fixtures, plain_names), bench.work)
        self.stage.fill(self.folder, plain_names)
        bench.note_stage(self.stage)

    @contextmanager
    def network(self, network):
        """nginx in front, behaving as `network` says. Where that has a line, `nginx.url` is the line's near end."""
        children = self._bench.children
        port = free_port() if network.line else self._port
        nginx = Nginx(children, port, self._origin.url, self.stage, network)
        relay = Relay(children, self._bench.work, self._port, port, network.line) if network.line else None
        try:
            if relay:
                nginx.url = f"http://127.0.0.1:{self._port}"
            yield nginx
        finally:
            if relay:
                nginx.line_saw = relay.stop()
            nginx.stop()

    @contextmanager
    def proxy(self, nginx, *options, variables=None):
        """A fresh `xet proxy` in front of nginx; `variables` are added to its environment."""
        server = Server(
            self._bench.children,
            [self._bench.xet, "proxy", "--host", "127.0.0.1", "--port", "0", "--allow-anonymous"]
            + ["--hub-endpoint", nginx.url, *options],
            START_DEADLINE,
            {**self._bench.environment, **(variables or {})},
        )
        try:
            yield server
        finally:
            server.stop()

    def reconstruction(self, url, name):
        """How the CAS at `url`, the origin's own or one in front of it, says that a file is put together."""
        token = json.loads(_get(f"{url}/api/models/{REPOSITORY}/xet-read-token/main"))
        head = urllib.request.Request(f"{url}/{REPOSITORY}/resolve/main/{name}", method="HEAD")
        with urllib.request.build_opener(_NoRedirect).open(head, timeout=START_DEADLINE) as answer:
            file_hash = answer.headers["X-Xet-Hash"]
        headers = {"Authorization": f"Bearer {token['accessToken']}"}
        return json.loads(_get(f"{url}/v1/reconstructions/{file_hash}", headers))

    def term_count(self, name):
        """Terms of a file, as the origin's CAS tells them."""
        return len(self.reconstruction(self._origin.url, name)["terms"])

    def ranges(self, url, name):
        """Where the xorbs of a file are to be had, by the CAS at `url`: (address, first byte, last byte)."""
        infos = [info for infos in self.reconstruction(url, name)["fetch_info"].values() for info in infos]
        return [(info["url"], info["url_range"]["start"], info["url_range"]["end"]) for info in infos]

    def close(self):
        self._origin.stop()
        self.stage.remove()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes the redirect itself as the answer."""

    def http_error_302(self, request, answer, code, message, headers):
        return answer

    http_error_307 = http_error_302


def _get(url, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=START_DEADLINE) as answer:
        return answer.read()
