"""`xet origin` judged by the official clients, with XET and without."""

import hashlib
import os

import pytest

from command_line import access_text, origin_options
from contents import constant, floats, noise, text
from http_probe import fetch, path_target
from official_clients import call, other_interpreters
from xet_process import XetServer, environment

MODEL, DATA, SPACE, PRIVATE, GATED = "acme/model", "acme/data", "acme/app", "acme/secret", "acme/gated"
NAMES = {
    "config.json": b'{"a": 1}\n',
    "empty.txt": b"",
    "random.bin": noise(3_000_000, "origin"),
    "copy-of-random.bin": noise(3_000_000, "origin"),
    "part-of-random.bin": noise(3_000_000, "origin")[700_000:2_200_000] + noise(99_999, "tail"),
    "prose.txt": text(900_000),
    "floats.bin": floats(1_000_003),
    "constant.bin": constant(1_200_000),
    "weights.bin": noise(200_000, "w1"),
    "my-weights.bin": noise(200_000, "w2"),
    "sub/weights.bin": noise(200_000, "w3"),
    "sub/sub/weights.bin": noise(200_000, "w4"),
    "with space.bin": noise(150_000, "space"),
    "ünïcödé-文件-🙂.bin": noise(150_000, "unicode"),
    "hash#question?percent%.bin": noise(150_000, "signs"),
    "percent%20encoded.bin": noise(150_000, "encoded"),
    "plus+and&equals=.txt": b"plus",
    "folder with space/ünter#ordner/100%/file?.txt": b"deep",
}
OTHERS = {
    ("dataset", DATA): {"random.bin": noise(300_000, "data"), "nested/folder/plain.txt": b"data"},
    ("model", DATA): {"random.bin": noise(300_000, "same name"), "nested/folder/plain.txt": b"model"},
    ("space", SPACE): {"random.bin": noise(300_000, "space"), "app.py": b"print()\n"},
    ("model", PRIVATE): {"random.bin": noise(300_000, "private"), "plain.txt": b"private"},
    ("dataset", GATED): {"random.bin": noise(300_000, "gated"), "plain.txt": b"gated"},
}
ALICE, BOB = "hf_alice0123456789abcdef", "hf_bob0123456789abcdef"
RESTRICTED = {("model", PRIVATE): "private", ("dataset", GATED): "gated"}


def digest(content):
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("origin-folder")
    for (kind, repository), files in {("model", MODEL): NAMES, **OTHERS}.items():
        for path, content in files.items():
            target = root / f"{kind}s" / repository / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return root


@pytest.fixture(scope="module")
def served(xet_binary, folder, tmp_path_factory):
    """A running `xet origin` over `folder`, everything above 100 kB in XET form."""
    home = tmp_path_factory.mktemp("origin-home")
    access = home / "tokens"
    access.write_text(access_text({ALICE: list(RESTRICTED), BOB: []}, RESTRICTED))
    options = origin_options(folder, tmp_path_factory.mktemp("origin-data"), 100_000, access)
    server = XetServer(xet_binary, options, environment(home))
    yield server
    assert server.is_running, server.errors()
    server.stop()
    assert ALICE not in server.errors() and BOB not in server.errors()


INTERPRETERS = [None, *other_interpreters()]
XET = pytest.mark.parametrize("xet", [True, False], ids=["xet", "plain"])
CLIENT = pytest.mark.parametrize(
    "interpreter", INTERPRETERS, ids=lambda path: "this" if path is None else path.split(os.sep)[-3]
)


def ask(served, home, action, interpreter=None, **arguments):
    chosen = {} if interpreter is None else {"interpreter": interpreter}
    return call(home, served.url, action, **chosen, **arguments)


@XET
@CLIENT
def test_snapshot(served, home, xet, interpreter):
    got = ask(served, home, "snapshot", interpreter, xet=xet, repo_id=MODEL)
    assert got == {path: digest(content) for path, content in NAMES.items()}


@XET
@CLIENT
def test_every_repository_type(served, home, xet, interpreter):
    for (kind, repository), files in OTHERS.items():
        if (kind, repository) not in RESTRICTED:
            got = ask(served, home, "snapshot", interpreter, xet=xet, repo_id=repository, repo_type=kind)
            assert got == {path: digest(content) for path, content in files.items()}


@XET
@CLIENT
def test_single_files(served, home, xet, interpreter):
    for path in ("part-of-random.bin", "hash#question?percent%.bin"):
        got = ask(served, home, "download", interpreter, xet=xet, repo_id=MODEL, filename=path)
        assert got == digest(NAMES[path])


@CLIENT
def test_tree(served, home, interpreter):
    entries = {entry["path"]: entry for entry in ask(served, home, "tree", interpreter, repo_id=MODEL)}
    files = {path: entry for path, entry in entries.items() if not entry["folder"]}
    assert {path: entry["size"] for path, entry in files.items()} == {
        path: len(content) for path, content in NAMES.items()
    }
    assert {path for path, entry in entries.items() if entry["folder"]} == {
        "sub",
        "sub/sub",
        "folder with space",
        "folder with space/ünter#ordner",
        "folder with space/ünter#ordner/100%",
    }
    for path, content in NAMES.items():
        if len(content) > 100_000:
            assert entries[path]["sha256"] == hashlib.sha256(content).hexdigest()
            if interpreter is None:  # Old versions do not show it.
                assert len(entries[path]["xet"]) == 64
        elif len(content) < 100_000:
            assert entries[path]["xet"] is None
    flat = ask(served, home, "tree", interpreter, repo_id=MODEL, recursive=False)
    assert {entry["path"] for entry in flat} == {path.split("/")[0] for path in NAMES}
    below = ask(served, home, "tree", interpreter, repo_id=MODEL, path="sub")
    assert {entry["path"] for entry in below} == {"sub/weights.bin", "sub/sub", "sub/sub/weights.bin"}


def test_xet_hashes_are_those_of_the_reference(served, home, folder):
    import hf_xet

    entries = {entry["path"]: entry["xet"] for entry in ask(served, home, "tree", repo_id=MODEL) if entry["xet"]}
    paths = sorted(entries)
    reference = hf_xet.hash_files([str(folder / "models" / MODEL / path) for path in paths])
    assert [entries[path] for path in paths] == [entry.hash for entry in reference]


@CLIENT
def test_info_and_paths(served, home, interpreter):
    found = ask(served, home, "info", interpreter, repo_id=MODEL)
    assert found["id"] == MODEL and found["files"] == sorted(NAMES) and len(found["sha"]) == 40
    by_commit = ask(served, home, "info", interpreter, repo_id=MODEL, revision=found["sha"])
    assert by_commit["sha"] == found["sha"]
    got = ask(
        served, home, "paths_info", interpreter, repo_id=MODEL, paths=["random.bin", "ünïcödé-文件-🙂.bin", "none"]
    )
    assert got == [{"path": "random.bin", "size": 3_000_000}, {"path": "ünïcödé-文件-🙂.bin", "size": 150_000}]


@pytest.mark.parametrize("start, length", [(0, 10), (1_234_567, 70_000), (2_999_990, 10), (65_000, 200_000)])
def test_ranges_through_the_file_system(served, home, start, length):
    got = ask(served, home, "read_range", repo_id=MODEL, filename="random.bin", start=start, length=length)
    assert got["sha256"] == hashlib.sha256(NAMES["random.bin"][start : start + length]).hexdigest()


@XET
@CLIENT
def test_restricted_repositories(served, home, xet, interpreter):
    for (kind, repository), error in (
        (("model", PRIVATE), "RepositoryNotFoundError"),
        (("dataset", GATED), "GatedRepoError"),
    ):
        for token in (BOB, None):
            got = ask(
                served,
                home,
                "download",
                interpreter,
                token=token,
                xet=xet,
                repo_id=repository,
                repo_type=kind,
                filename="random.bin",
            )
            assert got.get("error") == error, got
        got = ask(served, home, "snapshot", interpreter, token=ALICE, xet=xet, repo_id=repository, repo_type=kind)
        assert got == {path: digest(content) for path, content in OTHERS[(kind, repository)].items()}


@CLIENT
def test_errors(served, home, interpreter):
    for arguments, error in (
        ({"repo_id": MODEL, "filename": "none.bin"}, ("EntryNotFoundError", "RemoteEntryNotFoundError")),
        ({"repo_id": "no/one", "filename": "x"}, ("RepositoryNotFoundError",)),
        ({"repo_id": MODEL, "filename": "config.json", "revision": "none"}, ("RevisionNotFoundError",)),
    ):
        assert ask(served, home, "download", interpreter, **arguments).get("error") in error


def test_signed_urls(served):
    """Xorb URLs serve one range, to anyone who has them, and nothing else."""
    token = fetch(served.url, path_target("api", "models", MODEL, "xet-read-token", "main")).json()
    head = fetch(served.url, path_target(MODEL, "resolve", "main", "random.bin"), "HEAD")
    assert head.status in (200, 302) and head.header("X-Linked-Size") == "3000000"
    assert head.header("X-Linked-Etag").strip('"') == hashlib.sha256(NAMES["random.bin"]).hexdigest()
    cas, hash_ = token["casUrl"], head.header("X-Xet-Hash")
    for version in ("v1", "v2"):
        target = path_of(cas) + f"/{version}/reconstructions/{hash_}"
        assert fetch(cas, target).status == 401
        answer = fetch(cas, target, token=token["accessToken"]).json()
        if version == "v1":
            entry = next(iter(answer["fetch_info"].values()))[0]
            url, span = entry["url"], entry["url_range"]
        else:
            entry = next(iter(answer["xorbs"].values()))[0]
            url, span = entry["url"], entry["ranges"][0]["bytes"]
        good = {"Range": f"bytes={span['start']}-{span['end']}"}
        got = fetch(url, target_of(url), headers=good)
        assert got.status == 206 and len(got.body) == span["end"] - span["start"] + 1
        for bad in ({}, {"Range": f"bytes={span['start']}-{span['end'] + 1}"}, {"Range": "bytes=0-3"}):
            assert fetch(url, target_of(url), headers=bad).status == 403, bad
        changed = url[:-1] + ("0" if url[-1] != "0" else "1")
        assert fetch(url, target_of(changed), headers=good).status == 403
    past = fetch(
        cas,
        path_of(cas) + f"/v2/reconstructions/{hash_}",
        headers={"Range": "bytes=3000000-"},
        token=token["accessToken"],
    )
    assert past.status == 416


def path_of(url):
    from urllib.parse import urlsplit

    return urlsplit(url).path.rstrip("/")


def target_of(url):
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def test_restart_serves_the_same(xet_binary, folder, tmp_path, home):
    """The data folder is used again: nothing is stored twice, the commit stays."""
    data = tmp_path / "data"
    seen = []
    for _ in range(2):
        server = XetServer(xet_binary, origin_options(folder, data, 100_000), environment(home))
        try:
            head = fetch(server.url, path_target(MODEL, "resolve", "main", "random.bin"), "HEAD")
            sizes = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
            seen.append((head.header("X-Repo-Commit"), head.header("X-Xet-Hash"), sizes))
        finally:
            server.stop()
    assert seen[0][:2] == seen[1][:2]
    assert seen[1][2] <= seen[0][2] * 1.05
    unique = sum(
        len(content) for content in {*NAMES.values(), *(c for files in OTHERS.values() for c in files.values())}
    )
    assert seen[0][2] < unique, "copies and shared parts are stored once"


def test_proxy_before_the_origin(xet_binary, served, home):
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", served.url]
    server = XetServer(xet_binary, arguments, environment(home))
    try:
        for path, content in NAMES.items():
            got = fetch(server.url, path_target("download", MODEL, path), token=BOB)
            assert (got.status, got.complete, got.body == content) == (200, True, True), f"{path}: {got}"
    finally:
        server.stop()
