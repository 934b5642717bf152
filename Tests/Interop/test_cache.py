"""The cache: bytes are fetched once, are right or fetched anew, and nobody gets what they may not have."""

import os
import random
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalogue import MODEL, PRIVATE, file_of
from contents import digest, noise
from expectations import assert_right
from http_peer import wait_until
from http_probe import fetch, open_exchange
from official_clients import call
from proxy_calls import download, download_by_hash
from proxy_observations import Growth
from xet_process import XetServer, environment

READERS = 16
WINDOW = 8 << 20
"""What one address is good for."""
LINES = 1.03
"""What is fetched twice at the lines of the grid, as a share."""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def cached(start_proxy, folder):
    """A proxy with a cache."""
    return start_proxy("--cache", folder)


def cdn_bytes(origin):
    """Bytes that the data host was asked for since the log was cleared."""
    ranges = [request.range.removeprefix("bytes=").split("-") for request in origin.log.all("cdn")]
    return sum(int(last) - int(first) + 1 for first, last in ranges)


def segments(folder):
    return sorted(path for path in (folder / "segments").glob("*/*") if path.is_file())


def kept(server, origin, path="large.bin", repository=MODEL):
    """Waits until what was downloaded is in the cache, so that one more download asks nobody for bytes."""

    def is_kept():
        origin.log.clear()
        assert_right(download(server, origin, path, repository), file_of(origin, path, repository).content)
        return not origin.log.all("cdn")

    wait_until(is_kept, message=f"{path} is not kept")


@pytest.mark.parametrize("path", ["large.bin", "random.bin", "single.bin"])
def test_a_file_is_fetched_once(cached, origin, path):
    kept(cached, origin, path)
    origin.log.clear()
    content = file_of(origin, path).content
    got = download(cached, origin, path)
    assert_right(got, content)
    assert got.header("X-Cache") == "HIT"
    assert_right(download(cached, origin, path, headers={"Range": "bytes=1-"}), content[1:], 206)
    assert not origin.log.all("cdn")
    # It is the Hub that says who may have it, each time.
    assert origin.log.all("hub")


def test_many_readers_at_once_cost_one_download(cached, origin):
    content = file_of(origin, "large.bin").content
    origin.log.clear()
    with ThreadPoolExecutor(READERS) as readers:
        for got in readers.map(lambda _: download(cached, origin, "large.bin"), range(READERS)):
            assert_right(got, content)
    shared = cdn_bytes(origin)
    assert 0 < shared <= LINES * len(content)


def test_what_official_clients_fetch_is_proven(cached, origin, home):
    growth = Growth(cached, origin)
    where = {"repo_id": MODEL, "repo_type": "model", "filename": "large.bin", "revision": None}
    content = file_of(origin, "large.bin").content
    assert call(home, cached.url, "download", token=origin.alice, **where) == digest(content)
    growth.wait(1, "xet_cache_proofs_total", result="right")


def test_answers_say_what_is_verified(cached, origin):
    content = file_of(origin, "large.bin").content
    part = {"Range": "bytes=1000000-9000000"}
    got = download(cached, origin, "large.bin", headers=part)
    assert_right(got, content[1000000:9000001], 206)
    assert got.header("X-Xet-Verified") is None
    growth = Growth(cached, origin)
    got = download(cached, origin, "large.bin")
    assert_right(got, content)
    assert got.header("X-Xet-Verified") == "file"
    growth.wait(1, "xet_cache_proofs_total", result="right")
    for header in (part, {"Range": "bytes=-1"}, {"Range": "bytes=5-"}):
        got = download(cached, origin, "large.bin", headers=header)
        assert (got.status, got.header("X-Xet-Verified"), got.header("X-Cache")) == (206, "chunks", "HIT")


@pytest.mark.parametrize("route", ["/download/{}/{}", "/{}/resolve/main/{}"])
def test_only_what_is_kept(cached, start_proxy, origin, route):
    """`Cache-Control: only-if-cached` (RFC 9111): what is kept and proven, or 504, and nothing is fetched."""
    path, content = "large.bin", file_of(origin, "large.bin").content
    where = route.format(MODEL, path)

    def ask(server, method="HEAD", value="only-if-cached", **headers):
        return fetch(server.url, where, method=method, token=origin.alice, headers={"Cache-Control": value, **headers})

    origin.log.clear()
    for method in ("HEAD", "GET"):
        got = ask(cached, method)
        assert (got.status, got.header("X-Cache")) == (504, "MISS")
        assert ask(cached, method, Range="bytes=0-99").status == 504
    assert not origin.log.all("cdn") and not origin.log.all("cas")
    growth = Growth(cached, origin)
    assert_right(download(cached, origin, path), content)
    growth.wait(1, "xet_cache_proofs_total", result="right")
    origin.log.clear()
    got = ask(cached, value="max-age=0, Only-If-Cached")
    assert (got.status, got.header("X-Cache"), got.header("Content-Length")) == (200, "HIT", str(len(content)))
    assert ask(cached, "GET").body == content
    got = ask(cached, "GET", Range="bytes=5-999999")
    assert (got.status, got.body, got.header("X-Xet-Verified")) == (206, content[5:1_000_000], "chunks")
    assert not origin.log.all("cdn") and not origin.log.all("cas")
    # Who may not have it is not told what is kept, and what keeps nothing has nothing.
    assert fetch(cached.url, where.replace(MODEL, PRIVATE), token=origin.bob, headers={"Cache-Control": "only-if-cached"}).status == 404
    # Where nothing is kept it concerns nobody.
    got = ask(start_proxy())
    assert got.status == 200 and got.header("X-Cache") is None


def test_a_resumed_download_reads_what_is_kept(cached, origin):
    """The line of a client breaks: what had come by then is fetched by nobody again."""
    content = file_of(origin, "large.bin").content
    origin.log.clear()
    with open_exchange(cached.url, f"/download/{MODEL}/large.bin", token=origin.alice) as exchange:
        exchange.read_head()
        begun = bytes(exchange.read_some(12_000_000))
    assert begun == content[: len(begun)]
    wait_until(lambda: not origin.open_requests("cdn"), message="the download goes on")
    before = cdn_bytes(origin)
    origin.log.clear()
    got = download(cached, origin, "large.bin", headers={"Range": f"bytes={len(begun)}-"})
    assert_right(got, content[len(begun) :], 206)
    assert before + cdn_bytes(origin) <= LINES * len(content) + WINDOW


def test_a_gap_costs_its_own_chunks(cached, origin):
    """Of what one address is good for much is kept: the rest has an address of its own, from the CAS."""
    content = noise(30_000_000, "a file with gaps")
    origin.add_repository("acme/gaps", {"file.bin": origin.xet_file(content)})
    origin.log.clear()
    for start, end in ((0, 4_000_000), (13_000_000, 20_000_000), (27_000_000, 30_000_000)):
        got = download(cached, origin, "file.bin", "acme/gaps", headers={"Range": f"bytes={start}-{end - 1}"})
        assert_right(got, content[start:end], 206)
    assert_right(download(cached, origin, "file.bin", "acme/gaps"), content)
    lines = len(content) // (8 << 20) + 1
    borders = 6
    assert cdn_bytes(origin) <= len(content) + (lines + borders + 2) * (128 << 10)


def test_a_second_fine_tune_costs_its_own_chunks(cached, origin):
    """A file that shares 80% of its chunks with one that is kept; of its own, each line of the grid may cost a chunk twice."""
    base = noise(30_000_000, "base weights")
    tuned = base[:12_000_000] + noise(6_000_000, "tuned weights") + base[18_000_000:]
    first, second = origin.xet_file(base), origin.xet_file(tuned)
    origin.add_repository("acme/tuned", {"base.bin": first, "tuned.bin": second})
    kept(cached, origin, "base.bin", "acme/tuned")
    origin.log.clear()
    assert_right(download(cached, origin, "tuned.bin", "acme/tuned"), tuned)
    own = 6_000_000
    lines = len(tuned) // (8 << 20) + 1
    assert cdn_bytes(origin) <= 1.03 * own + (lines + 2) * (128 << 10)


def test_who_may_not_have_it_gets_nothing(cached, origin):
    file = file_of(origin, "random.bin", PRIVATE)
    assert_right(download(cached, origin, "random.bin", PRIVATE), file.content)
    for token in [origin.bob, "hf_nobody"]:
        for got in [
            download(cached, origin, "random.bin", PRIVATE, token=token),
            download_by_hash(cached, origin, file, token=token, repo=PRIVATE),
        ]:
            assert got.status in (401, 403, 404), got
            assert file.content[:100] not in got.body


def test_what_rots_is_fetched_anew(cached, origin, folder):
    content = file_of(origin, "large.bin").content
    kept(cached, origin)
    chance = random.Random(5)
    for _ in range(5):
        for path in segments(folder):
            size = path.stat().st_size
            with path.open("r+b") as file:
                at = chance.randrange(size)
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 1 << chance.randrange(8)]))
        growth = Growth(cached, origin)
        assert_right(download(cached, origin, "large.bin"), content)
        assert growth("xet_cache_healed_total") >= 1
        kept(cached, origin)


def test_what_is_gone_or_short_is_fetched_anew(cached, origin, folder):
    kept(cached, origin)
    for number, path in enumerate(segments(folder)):
        path.unlink() if number % 2 else os.truncate(path, 100)
    assert_right(download(cached, origin, "large.bin"), file_of(origin, "large.bin").content)


def test_a_killed_proxy_leaves_nothing_wrong(start_proxy, xet_binary, origin, home, folder):
    content = file_of(origin, "large.bin").content
    chance = random.Random(3)
    for _ in range(6):
        arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.url, "--cache", folder]
        server = XetServer(xet_binary, list(map(str, arguments)), environment(home))
        target = f"{server.url}/download/{MODEL}/large.bin"
        reader = subprocess.Popen(
            ["curl", "-sN", "-H", f"Authorization: Bearer {origin.alice}", target], stdout=subprocess.PIPE
        )
        reader.stdout.read(chance.randrange(1, len(content)))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        reader.stdout.close()
        reader.wait()
    last = start_proxy("--cache", folder)
    assert_right(download(last, origin, "large.bin"), content)
    kept(last, origin)
    # What the killed ones left, and no run names, is gone.
    wait_until(
        lambda: sum(path.stat().st_size for path in segments(folder)) <= LINES * len(content) * 1.1,
        message="files of killed proxies are still there",
    )


def test_a_folder_has_one_proxy(cached, xet_binary, home, folder, tmp_path):
    for path, words in [(folder, "in use"), (tmp_path, "not empty")]:
        command = [xet_binary, "proxy", "--port", "0", "--cache", path]
        ended = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=30)
        assert ended.returncode == 1
        assert words in ended.stderr and str(path) in ended.stderr, ended.stderr


@pytest.mark.parametrize("name", ["link", "link/cache"])
def test_a_folder_behind_a_link(start_proxy, origin, tmp_path, name):
    (tmp_path / "volume").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "volume")
    server = start_proxy("--cache", tmp_path / name)
    kept(server, origin, "random.bin")
    assert list((tmp_path / "volume").glob("**/index.sqlite"))


def test_a_small_cache_keeps_to_its_size(start_proxy, origin, folder):
    size = 64 << 20
    server = start_proxy("--cache", folder, "--cache-size", str(size))
    for path in ["large.bin", "random.bin", "large.bin"]:
        assert_right(download(server, origin, path), file_of(origin, path).content)
    assert sum(path.stat().st_size for path in segments(folder)) <= size


def test_a_cache_that_cannot_be_written_ends_no_download(start_proxy, origin, folder, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("a file system of a fixed size needs root")
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file systems can be mounted here")
    try:
        server = start_proxy("--cache", folder, "--cache-size", "64MiB")
        for _ in range(2):
            assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)
        assert server.errors().count("the cache cannot be used") == 1
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("first", ["plain", "client"])
def test_plain_readers_and_clients_share_it(start_endpoint, origin, home, folder, first):
    server = start_endpoint("--cache", folder)
    content = file_of(origin, "large.bin").content

    def plain():
        assert_right(download(server, origin, "large.bin"), content)

    def client():
        where = {"repo_id": MODEL, "repo_type": "model", "filename": "large.bin", "revision": None}
        assert call(home, server.url, "download", token=origin.alice, **where) == digest(content)

    (plain if first == "plain" else client)()
    before = cdn_bytes(origin)
    assert before > 0
    wait_until(lambda: not origin.open_requests("cdn"), message="the download goes on")
    origin.log.clear()
    (client if first == "plain" else plain)()
    assert cdn_bytes(origin) <= before * (LINES - 1) + (1 << 18)
