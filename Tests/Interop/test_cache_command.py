"""`xet cache`: what is in a cache that no proxy uses, whether it is right, and less of it."""

import json
import os

import pytest

from catalogue import file_of
from expectations import assert_right
from http_peer import wait_until
from proxy_calls import download
from proxy_observations import Growth
from test_cache import kept, segments


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def filled(start_proxy, origin, folder):
    """A cache with a file, whose proxy has ended; and what starts another."""
    server = start_proxy("--cache", folder)
    growth = Growth(server, origin)
    kept(server, origin)
    wait_until(lambda: growth("xet_cache_proofs_total", result="right") >= 1, message="it is not proven")
    assert growth("xet_cache_provisional_bytes") == 0
    assert server.stop() == 0
    start_proxy.forget(server)
    return folder


def test_status(xet, filled, origin):
    got = json.loads(xet("cache", "status", "--json", filled).stdout)
    size = sum(path.stat().st_size for path in segments(filled))
    assert got["runs"] == len(segments(filled)) > 0
    assert size < got["bytes"] < size + 100_000
    assert got["chunks"] > got["runs"]
    assert (got["provisionalBytes"], got["files"]) == (0, 1)
    assert 0 <= got["ageSeconds"] < 600
    text = xet("cache", "status", filled).stdout.decode()
    assert f"runs         {got['runs']}\n" in text


def test_verify_heals(xet, filled, start_proxy, origin):
    assert json.loads(xet("cache", "verify", "--json", filled).stdout)["droppedRuns"] == 0
    paths = segments(filled)
    paths[0].unlink()
    os.truncate(paths[1], 10)
    with paths[2].open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)[0]
        file.seek(1000)
        file.write(bytes([byte ^ 4]))
    found = xet("cache", "verify", filled)
    assert found.returncode == 0
    assert b"dropped  3 runs" in found.stdout
    assert b"dropped  0 runs" in xet("cache", "verify", filled).stdout
    server = start_proxy("--cache", filled)
    growth = Growth(server, origin)
    assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert growth("xet_cache_healed_total") == 0


def test_prune(xet, filled):
    before = json.loads(xet("cache", "status", "--json", filled).stdout)["bytes"]
    (filled / "segments" / "00" / "0000000000000100").write_bytes(b"left by a killed proxy")
    got = json.loads(xet("cache", "prune", "--size", "8MiB", "--json", filled).stdout)
    assert (got["bytesBefore"], got["bytes"] <= 8 << 20 < before) == (before, True)
    assert not (filled / "segments" / "00" / "0000000000000100").exists()
    xet("cache", "prune", "--size", "0", filled)
    assert not segments(filled)
    assert json.loads(xet("cache", "status", "--json", filled).stdout)["runs"] == 0


@pytest.mark.parametrize("command", [("status",), ("verify",), ("prune", "--size", "0")], ids=lambda value: value[0])
def test_what_is_in_use_or_no_cache_is_refused(xet, start_proxy, origin, folder, tmp_path, command):
    server = start_proxy("--cache", folder)
    kept(server, origin)
    name, *options = command
    got = xet("cache", name, *options, folder)
    assert got.returncode == 1 and b"in use by another process" in got.stderr
    assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)
    for other in (tmp_path / "nothing", tmp_path):
        got = xet("cache", name, *options, other)
        assert got.returncode == 1 and b"is no cache" in got.stderr
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("size", ["much", "-1", "1.5XiB", ""])
def test_sizes(xet, filled, size):
    got = xet("cache", "prune", f"--size={size}", filled)
    assert got.returncode == 2 and b"--size" in got.stderr
    assert segments(filled)
