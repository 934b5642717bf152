"""A cache that is killed and rots many times: no wrong byte, no lost space. XET_TEST_KILLS and XET_TEST_FLIPS say how often."""

import os
import random
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalogue import MODEL, file_of
from contents import digest
from expectations import assert_right
from http_peer import wait_until
from official_clients import call
from proxy_calls import download
from proxy_observations import metrics_of
from test_cache import segments
from xet_process import XetServer, environment

KILLS = int(os.environ.get("XET_TEST_KILLS", "12"))
FLIPS = int(os.environ.get("XET_TEST_FLIPS", "300"))
PATHS = ("large.bin", "random.bin", "floats.bin", "scattered.bin")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def test_kills(start_proxy, xet_binary, origin, home, folder):
    """Several readers at once, of whole files and parts; what they got before is compared too."""
    chance = random.Random(11)
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.url, "--cache", str(folder)]

    def read(url, path, start, limit):
        content = file_of(origin, path).content
        command = ["curl", "-sN", "-r", f"{start}-", "-H", f"Authorization: Bearer {origin.alice}"]
        with subprocess.Popen([*command, f"{url}/download/{MODEL}/{path}"], stdout=subprocess.PIPE) as reader:
            got = reader.stdout.read(limit)
            reader.kill()
        assert got == content[start : start + len(got)], path

    for _ in range(KILLS):
        server = XetServer(xet_binary, arguments, environment(home))
        with ThreadPoolExecutor(4) as readers:
            pending = []
            for _ in range(4):
                path = chance.choice(PATHS)
                size = len(file_of(origin, path).content)
                start = chance.choice([0, chance.randrange(size)])
                pending.append(readers.submit(read, server.url, path, start, chance.randrange(1, size - start + 1)))
            # Any of them may have come to its end, or not have begun.
            pending[chance.randrange(4)].result()
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            for one in pending:
                one.result()
    last = start_proxy("--cache", folder)
    for path in PATHS:
        assert_right(download(last, origin, path), file_of(origin, path).content)

    def is_accounted():
        size = metrics_of(last, origin)("xet_cache_size_bytes")
        found = sum(path.stat().st_size for path in segments(folder))
        return abs(size - found) <= 0.01 * found

    wait_until(is_accounted, message="what is kept is not what is counted")


def test_flips(start_endpoint, start_proxy, origin, tmp_path, folder):
    """Bits of chunks and of the index, all files read by plain clients and by `hf_xet`; at last everything is healed."""
    chance = random.Random(12)
    rounds = 6

    def read(server, number):
        for path in PATHS:
            content = file_of(origin, path).content
            assert_right(download(server, origin, path), content)
            start = chance.randrange(len(content))
            part = download(server, origin, path, headers={"Range": f"bytes={start}-"})
            assert_right(part, content[start:], 206)
        home = tmp_path / f"home-{number}"
        home.mkdir()
        path = chance.choice(PATHS)
        where = {"repo_id": MODEL, "repo_type": "model", "filename": path, "revision": None}
        assert call(home, server.url, "download", token=origin.alice, **where) == digest(file_of(origin, path).content)

    server = start_endpoint("--cache", folder)
    read(server, "first")
    for number in range(rounds):
        paths = segments(folder)
        if number % 2:
            # The index too, while nobody has it open.
            assert server.stop() == 0
            start_proxy.forget(server)
            paths.append(folder / "index.sqlite")
        for _ in range(FLIPS // rounds):
            path = chance.choice(paths)
            with path.open("r+b") as file:
                at = chance.randrange(path.stat().st_size)
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 1 << chance.randrange(8)]))
        if number % 2:
            server = start_endpoint("--cache", folder)
        read(server, number)

    def is_healed():
        origin.log.clear()
        for path in PATHS:
            assert_right(download(server, origin, path), file_of(origin, path).content)
        return not origin.log.all("cdn")

    wait_until(is_healed, message="not all is kept again")
