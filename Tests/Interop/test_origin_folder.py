"""`xet origin` over a folder that changes, and a data folder that suffers."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
from urllib.request import Request, urlopen

import hf_xet
import pytest

from command_line import origin_options
from contents import noise, text
from http_peer import wait_until
from http_probe import fetch, path_target
from official_clients import call
from xet_process import XetServer, environment, run_xet

MODEL = "acme/model"
LARGE, OTHER = noise(900_000, "large"), text(700_000)
FILES = {"large.bin": LARGE, "other.txt": OTHER, "small.txt": b"small", "sub/tiny.txt": b"tiny"}


def fill(folder, files=FILES, repository=f"models/{MODEL}"):
    for path, content in files.items():
        target = folder / repository / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "served"
    fill(root)
    return root


@pytest.fixture
def start(xet_binary, folder, tmp_path, home):
    """Starts origins over `folder`; each must still run at the end and stop when asked."""
    running = []

    def begin(*options):
        arguments = [*origin_options(folder, tmp_path / "data", 100_000), *options]
        server = XetServer(xet_binary, arguments, environment(home))
        running.append(server)
        return server

    yield begin
    for server in running:
        if server.process.poll() is None:
            assert server.stop() == 0, server.errors()


def commit(server):
    return fetch(server.url, path_target("api", "models", MODEL)).json()["sha"]


def content(server, path, revision="main"):
    """What a client gets in the end; the status if it is not the file."""
    got = fetch(server.url, path_target(MODEL, "resolve", revision, path))
    if got.status == 302:
        location = got.header("Location")
        got = fetch(server.url, location.removeprefix(server.url))
    return got.body if got.status == 200 and got.complete else got.status if got.complete else "broken"


def hup(server):
    os.kill(server.process.pid, signal.SIGHUP)


def test_the_folder_is_looked_at_again(start, folder, home):
    server = start("--scan-interval", "1")
    before = commit(server)
    changed = {"large.bin": noise(900_000, "new"), "small.txt": b"new small", "sub/added.bin": noise(200_000, "added")}
    fill(folder, changed)
    (folder / "models" / MODEL / "other.txt").unlink()
    fill(folder, {"x.bin": noise(300_000, "x")}, "datasets/acme/new")
    wait_until(lambda: commit(server) != before, message="the commit stays")
    wanted = {**FILES, **changed}
    del wanted["other.txt"]
    for path, bytes_ in wanted.items():
        assert content(server, path) == bytes_, path
    assert content(server, "other.txt") == 404
    snapshot = call(home, server.url, "snapshot", repo_id=MODEL)
    assert {path: entry["sha256"] for path, entry in snapshot.items()} == {
        path: hashlib.sha256(bytes_).hexdigest() for path, bytes_ in wanted.items()
    }
    wait_until(lambda: fetch(server.url, "/api/datasets/acme/new").status == 200)
    # What is in the stores is had under the old commit; nothing else is given instead of what is not.
    assert content(server, "large.bin", before) == LARGE
    assert content(server, "other.txt", before) == OTHER
    assert content(server, "sub/tiny.txt", before) == b"tiny"
    assert content(server, "small.txt", before) == 404


def test_sighup_looks_at_once_and_ends_nothing(start, folder):
    server = start("--scan-interval", "0")
    before = commit(server)
    fill(folder, {"small.txt": b"another"})
    wait_until(lambda: content(server, "small.txt") == 503, message="a changed file is served")
    assert commit(server) == before, "it was looked at although nobody asked"
    hup(server)
    wait_until(lambda: commit(server) != before, message="SIGHUP did nothing")
    assert content(server, "small.txt") == b"another"
    for _ in range(5):
        hup(server)
    assert content(server, "large.bin") == LARGE
    assert server.is_running


def test_a_file_is_served_whole_or_not_at_all(start, folder):
    """A file that grows while it is looked at is not there until it rests."""
    server = start("--scan-interval", "0")
    whole = noise(400_000, "grows")
    path = folder / "models" / MODEL / "growing.bin"
    with path.open("wb") as stream:
        for start_ in range(0, len(whole), 20_000):
            stream.write(whole[start_ : start_ + 20_000])
            stream.flush()
            hup(server)
            assert content(server, "growing.bin") in (404, whole)
    hup(server)
    wait_until(lambda: content(server, "growing.bin") == whole, message="the file is not served")


def test_small_files_never_mix(xet_binary, folder, tmp_path, home):
    """A regular file of several pieces, overwritten in place with its times put back: no answer has bytes of both."""
    one, two = bytes([1]) * 5_000_000, bytes([2]) * 5_000_000
    fill(folder, {"mixed.bin": one})
    path = folder / "models" / MODEL / "mixed.bin"
    arguments = [*origin_options(folder, tmp_path / "data", 10_000_000), "--scan-interval", "0"]
    server = XetServer(xet_binary, arguments, environment(home))
    try:
        assert content(server, "mixed.bin") == one
        target = path_target(MODEL, "resolve", "main", "mixed.bin")
        part = fetch(server.url, target, headers={"Range": "bytes=1048570-3145731"})
        assert (part.status, part.body) == (206, one[1048570:3145732])
        with path.open("r+b") as stream:
            stream.seek(2_500_000)
            stream.write(two[2_500_000:])
        assert content(server, "mixed.bin") == 503
        hup(server)
        mixed = one[:2_500_000] + two[2_500_000:]
        wait_until(lambda: content(server, "mixed.bin") == mixed, message="the new content is not served")
    finally:
        assert server.stop() == 0


def test_a_data_folder_is_for_one_origin(xet_binary, start, folder, tmp_path, home):
    server = start()
    second = run_xet(xet_binary, *origin_options(folder, tmp_path / "data", 100_000), env=environment(home))
    assert second.returncode == 1
    assert "another origin uses the data folder" in second.stderr.decode()
    assert content(server, "large.bin") == LARGE
    server.process.kill()
    server.process.wait()
    # However it ends, the next one can have the folder.
    assert content(start(), "large.bin") == LARGE


def stored(tmp_path, kind):
    return sorted(path for path in (tmp_path / "data" / kind).rglob("*.*") if path.is_file())


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def replace_by_folder(path):
    path.unlink()
    path.mkdir()
    (path / "inside").write_bytes(b"x")


DAMAGES = {
    "flipped footer": lambda path: flip(path, -60),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-10]),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(noise(50_000, "garbage")),
    "gone": lambda path: path.unlink(),
    "a folder": replace_by_folder,
}


@pytest.mark.parametrize("kind", ["xorbs", "shards"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_costs_nothing_that_is_in_the_folder(start, folder, tmp_path, kind, damage):
    server = start()
    before = commit(server)
    assert server.stop() == 0
    paths = stored(tmp_path, kind)
    assert paths
    for path in paths:
        DAMAGES[damage](path)
    server = start()
    if damage != "gone":
        assert all(path.name in server.errors() for path in paths), server.errors()
    assert commit(server) == before
    for path, bytes_ in FILES.items():
        assert content(server, path) == bytes_, path
    assert server.stop() == 0
    # It was mended for good.
    again = start()
    assert "damaged in the data folder" not in again.errors()
    assert content(again, "large.bin") == LARGE


TOKEN = "hf_writer0123456789abcdef"


def cas(server, kind):
    body = fetch(server.url, path_target("api", "models", MODEL, f"xet-{kind}-token", "main"), token=TOKEN).json()
    return body["casUrl"], (body["accessToken"], body["exp"])


def upload(server, tmp_path, name, content_):
    path = tmp_path / name
    path.write_bytes(content_)
    endpoint, token = cas(server, "write")
    (info,) = hf_xet.upload_files([str(path)], endpoint, token, None, None, "model")
    return info.hash


def download(server, tmp_path, hash_, size):
    target = tmp_path / "downloaded"
    endpoint, token = cas(server, "read")
    wanted = hf_xet.PyXetDownloadInfo(destination_path=str(target), hash=hash_, file_size=size)
    hf_xet.download_files([wanted], endpoint, token, None, None)
    return target.read_bytes()


def reconstruction(server, hash_):
    endpoint, (token, _) = cas(server, "read")
    return fetch(endpoint, f"/v2/reconstructions/{hash_}", token=token).status


def test_a_lost_upload_is_named_and_costs_no_other(start, tmp_path):
    server = start()
    kept = upload(server, tmp_path, "kept.bin", noise(400_000, "kept"))
    before = set(stored(tmp_path, "xorbs"))
    lost_bytes = noise(500_000, "lost")
    lost = upload(server, tmp_path, "lost.bin", lost_bytes)
    (xorb,) = set(stored(tmp_path, "xorbs")) - before
    assert server.stop() == 0
    xorb.unlink()
    server = start()
    assert lost in server.errors() and xorb.stem in server.errors() and MODEL in server.errors(), server.errors()
    assert kept not in server.errors()
    assert reconstruction(server, lost) == 404
    assert download(server, tmp_path, kept, 400_000) == noise(400_000, "kept")
    # Uploaded again, it is there again.
    assert upload(server, tmp_path, "again.bin", lost_bytes) == lost
    assert download(server, tmp_path, lost, len(lost_bytes)) == lost_bytes


def test_bytes_that_rot_are_not_handed_out(start, folder, tmp_path):
    """A payload that changed on disk is in no footer: it shows when it is read, for clients of XET too."""
    server = start("--scan-interval", "1")
    head = fetch(server.url, path_target(MODEL, "resolve", "main", "large.bin"))
    hash_ = head.header("X-Xet-Hash")
    endpoint, (token, _) = cas(server, "read")
    answer = fetch(endpoint, f"/v1/reconstructions/{hash_}", token=token).json()
    xorb, fetches = next(iter(answer["fetch_info"].items()))
    (path,) = [path for path in stored(tmp_path, "xorbs") if path.stem == xorb]
    span = fetches[0]["url_range"]
    good = path.read_bytes()[span["start"] : span["end"] + 1]
    headers = {"Range": f"bytes={span['start']}-{span['end']}"}
    target = fetches[0]["url"].removeprefix(server.url)
    assert fetch(server.url, target, headers=headers).body == good
    middle = (span["start"] + span["end"]) // 2
    flip(path, middle)
    got = fetch(server.url, target, headers=headers)
    assert not got.complete
    assert good.startswith(got.body) and len(got.body) <= middle - span["start"]
    # The file is in the folder, so it is stored again, and the address is good again or replaced.
    wait_until(lambda: content(server, "large.bin") == LARGE, message="the file is lost")
    assert xorb in server.errors()


def test_small_damage_to_the_rest_of_the_data_folder(start, folder, tmp_path):
    server = start()
    before = commit(server)
    assert server.stop() == 0
    data = tmp_path / "data"
    for name, bytes_ in [("catalog.json", b'{"version":1'), ("catalog.json.part", b"x"), ("uploads.txt", b"\xff\xfe\n")]:
        (data / name).write_bytes(bytes_)
    (data / "temporary" / "left.part").write_bytes(b"x")
    (data / "xorbs" / "zz").write_bytes(b"a file where folders are")
    server = start()
    assert commit(server) == before
    assert content(server, "other.txt") == OTHER
    assert not (data / "temporary" / "left.part").exists()


STRACE = shutil.which("strace")


@pytest.mark.skipif(STRACE is None, reason="needs strace")
def test_what_is_renamed_is_on_disk(xet_binary, folder, tmp_path, home):
    """Every file is synced before it gets its name, and its folder after."""
    log = tmp_path / "trace"
    arguments = [*origin_options(folder, tmp_path / "data", 100_000)]
    traced = [STRACE, "-D", "-f", "-y", "-o", str(log), "-e", "trace=fsync,rename,renameat,renameat2", str(xet_binary)]
    server = XetServer(traced[0], [*traced[1:], *arguments], environment(home))
    try:
        uploaded = upload(server, tmp_path, "up.bin", noise(300_000, "up"))
        assert reconstruction(server, uploaded) == 200
    finally:
        assert server.stop() == 0
    wait_until(lambda: "+++ exited" in log.read_text(), message="strace goes on")
    synced, unsynced, renames = set(), set(), 0
    for line in log.read_text().splitlines():
        if "fsync(" in line and "<" in line:
            path = line.split("<", 1)[1].split(">", 1)[0]
            synced.add(path)
            unsynced.discard(path)
        elif "rename" in line and line.count('"') == 4 and "= 0" in line:
            _, source, _, target, _ = line.split('"')
            assert source in synced, f"{source} was not synced before it was named {target}"
            synced.discard(source)
            unsynced.add(os.path.dirname(target))
            renames += 1
    assert renames >= 5, "xorbs, shards, the catalogue and the key"
    assert not unsynced, f"names in {unsynced} may be lost"


def test_names_that_would_deceive(start, folder):
    """Control characters in names and links that lead out are left out, and cannot write lines of the log."""
    repository = folder / "models" / MODEL
    (repository / "line\nfeed.txt").write_bytes(b"x")
    (repository / "escape\x1b[31m.txt").write_bytes(b"x")
    (repository / "out.txt").symlink_to("/etc/hostname")
    (repository / "out").symlink_to("/etc")
    (repository / "loop").symlink_to("loop")
    os.mkfifo(repository / "pipe")
    server = start()
    tree = fetch(server.url, path_target("api", "models", MODEL, "tree", "main") + "?recursive=true").json()
    assert sorted(entry["path"] for entry in tree if entry["type"] == "file") == sorted(FILES)
    for path in ("out.txt", "out/hostname", "pipe", "loop"):
        assert content(server, path) == 404
    assert "\x1b" not in server.errors()
    assert not [line for line in server.errors().splitlines() if line.startswith("feed.txt")]


def test_many_files_are_listed_page_by_page(start, folder):
    fill(folder, {f"f{number:05}": b"" for number in range(2100)}, "datasets/acme/many")
    server = start()
    target, paths, pages = "/api/datasets/acme/many/tree/main?recursive=true", [], 0
    while target:
        got = fetch(server.url, target)
        assert got.status == 200
        paths += [entry["path"] for entry in got.json()]
        pages += 1
        link = got.header("Link")
        target = link and link.split("<")[1].split(">")[0].removeprefix(server.url)
    assert paths == [f"f{number:05}" for number in range(2100)] and pages == 3
