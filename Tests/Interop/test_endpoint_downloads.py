"""The proxy as HF_ENDPOINT, judged by the official clients: their reads, with XET and without.

The origin can be reached by the proxy alone, so an address that still points at it fails the client.
"""

import sys

import pytest

import faults
from catalogue import DATA, GATED, LEGACY, MODEL, PRIVATE, RENAMED, SPACE, file_of, files_of
from contents import digest
from official_clients import CLIENT, XET, call, call_all, client_environment, run_command_line, version_of

REPOSITORIES = [("model", MODEL), ("dataset", DATA), ("model", DATA), ("space", SPACE), ("model", LEGACY)]


def snapshot_call(kind, repository, revision=None):
    return ("snapshot", {"repo_id": repository, "repo_type": kind, "revision": revision})


def download_call(filename, repository=MODEL, kind="model", revision=None):
    return ("download", {"repo_id": repository, "repo_type": kind, "filename": filename, "revision": revision})


@CLIENT
@XET
def test_snapshots(endpoint, origin, home, interpreter, xet):
    calls = [snapshot_call(*where) for where in REPOSITORIES]
    got = call_all(home, endpoint.url, calls, token=origin.alice, xet=xet, interpreter=interpreter)
    for where, found in zip(REPOSITORIES, got, strict=True):
        files = files_of(origin, where[1], where[0])
        assert found == {path: digest(file.content) for path, file in files.items()}, where
    assert origin.log.all("cdn", path="/xorbs/")
    plain = {request.path.rpartition("/")[2] for request in origin.log.all("cdn", path="/plain/")}
    lfs = {f.sha256 for kind, name in REPOSITORIES for f in files_of(origin, name, kind).values() if f.storage == "lfs"}
    assert plain <= lfs, "a XET file came from elsewhere than its xorbs"


@CLIENT
@XET
def test_single_files(endpoint, origin, home, interpreter, xet):
    wanted = [
        (("random.bin",), file_of(origin, "random.bin")),
        (("config.json",), file_of(origin, "config.json")),
        (("lfs.bin",), file_of(origin, "lfs.bin")),
        (("empty-xet.bin",), file_of(origin, "empty-xet.bin")),
        (("random.bin", LEGACY), file_of(origin, "random.bin", LEGACY)),
        (("nested/folder/plain.txt", LEGACY), file_of(origin, "nested/folder/plain.txt", LEGACY)),
        (("single.bin", RENAMED), file_of(origin, "single.bin")),
        (("config.json", RENAMED), file_of(origin, "config.json")),
        (("random.bin", PRIVATE), file_of(origin, "random.bin", PRIVATE)),
        (("lfs.bin", GATED), file_of(origin, "lfs.bin", GATED)),
    ]
    for revision in ("v1.0", "refs/pr/1", "branch/with space#1"):
        wanted.append((("random.bin", MODEL, "model", revision), file_of(origin, "random.bin", revision=revision)))
    commit = origin.repositories[("model", MODEL)].commit_of("refs/pr/1")
    wanted.append((("config.json", MODEL, "model", commit), file_of(origin, "config.json", revision=commit)))
    calls = [download_call(*arguments) for arguments, _ in wanted]
    got = call_all(home, endpoint.url, calls, token=origin.alice, xet=xet, interpreter=interpreter)
    for (arguments, file), found in zip(wanted, got, strict=True):
        assert found == digest(file.content), arguments


@CLIENT
@XET
def test_errors_are_those_of_the_hub(endpoint, origin, home, interpreter, xet):
    calls = [
        download_call("none.bin"),
        download_call("none.bin", DATA, "dataset"),
        download_call("config.json", revision="none"),
        download_call("x", "no/one"),
        download_call("x", "noone"),
        download_call("random.bin", PRIVATE),
        download_call("random.bin", GATED),
        download_call("plain.txt", GATED),
        snapshot_call("model", PRIVATE),
        snapshot_call("model", MODEL, "none"),
        ("tree", {"repo_id": MODEL, "path": "no/folder"}),
        ("tree", {"repo_id": PRIVATE}),
        ("info", {"repo_id": GATED}),
        ("listing", {"path": "no/one"}),
        ("exists", {"repo_id": PRIVATE, "filename": "random.bin"}),
        ("exists", {"repo_id": MODEL, "filename": "none"}),
        ("metadata", {"repo_id": MODEL, "filename": "none"}),
        ("whoami", {}),
    ]
    for token in (origin.bob, None, "hf_wrong"):
        direct, through = (
            call_all(folder, url, calls, token=token, xet=xet, interpreter=interpreter)
            for folder, url in ((home / "direct", origin.url), (home / "through", endpoint.url))
        )
        for one, left, right in zip(calls, direct, through, strict=True):
            assert error_of(left) == error_of(right), f"{one} with {token}: {left} {right}"
        assert sum("error" in found for found in through if isinstance(found, dict)) >= 14, through


def error_of(found):
    return (
        {name: found[name] for name in ("error", "status")} if isinstance(found, dict) and "error" in found else found
    )


@CLIENT
def test_metadata(endpoint, origin, home, interpreter):
    paths = ("random.bin", "lfs.bin", "config.json", "empty-xet.bin", "folder with space/ünter#ordner/100%/file?.bin")
    calls = [("metadata", {"repo_id": MODEL, "filename": path}) for path in paths]
    direct = call_all(home, origin.url, calls, interpreter=interpreter)
    through = call_all(home, endpoint.url, calls, interpreter=interpreter)
    for path, left, right in zip(paths, direct, through, strict=True):
        names = ("commit", "etag", "size")
        assert [left[name] for name in names] == [right[name] for name in names], path
        assert right["size"] == file_of(origin, path).size
        assert right["location"].startswith(endpoint.url)
        assert (left["xet"] is None) == (right["xet"] is None), path
        if right["xet"] is not None:
            assert right["xet"]["hash"] == left["xet"]["hash"]
            assert right["xet"]["route"] == left["xet"]["route"].replace(origin.public_url, endpoint.url)
    assert not origin.log.all("cas") and not origin.log.all("cdn"), "a HEAD asks the Hub alone"


@CLIENT
def test_listings(endpoint, origin, home, interpreter):
    calls = [
        ("tree", {"repo_id": MODEL}),
        ("tree", {"repo_id": MODEL, "path": "sub", "recursive": False}),
        ("tree", {"repo_id": MODEL, "revision": "refs/pr/1"}),
        ("info", {"repo_id": MODEL}),
        ("info", {"repo_id": DATA, "repo_type": "dataset", "revision": "main"}),
        ("info", {"repo_id": LEGACY}),
        ("info", {"repo_id": RENAMED}),
        ("paths_info", {"repo_id": MODEL, "paths": ["random.bin", "ünïcödé-文件-🙂.bin", "none"]}),
        ("refs", {"repo_id": MODEL}),
        ("repositories", {"kind": "model"}),
        ("repositories", {"kind": "dataset"}),
        ("whoami", {}),
        ("exists", {"repo_id": MODEL, "filename": "random.bin"}),
    ]
    direct = call_all(home, origin.url, calls[2:], token=origin.alice, interpreter=interpreter)
    origin.hub_side.tree_page = 3
    seen_directly = len(origin.log.all("hub"))
    through = call_all(home, endpoint.url, calls, token=origin.alice, interpreter=interpreter)
    files = files_of(origin)
    assert {entry["path"]: entry["size"] for entry in through[0] if not entry["folder"]} == {
        path: file.size for path, file in files.items()
    }
    assert {entry["path"] for entry in through[1]} == {"sub/weights.bin", "sub/my-weights.bin", "sub/sub"}
    pages = origin.log.all("hub", path="/tree/main")
    assert len([request for request in pages if "cursor" in request.query]) >= 10
    for one, left, right in zip(calls[3:], direct[1:], through[3:], strict=True):
        assert "error" not in right and left == right, one
    assert all(r.bearer == origin.alice for r in origin.log.all("hub")[seen_directly:] if "/api/" in r.path)


@CLIENT
@XET
def test_file_system(endpoint, origin, home, interpreter, xet):
    content = file_of(origin, "scattered.bin").content
    readme = file_of(origin, "readme.md").content
    spans = [(2_000_000, 5_000), (0, 70_000), (len(content) - 10, 10), (1_234_567, 200_000)]
    calls = [
        ("listing", {"path": MODEL}),
        ("listing", {"path": f"{MODEL}/sub", "detail": True}),
        ("listing", {"path": f"datasets/{DATA}/nested/folder"}),
        ("listing", {"path": f"{MODEL}@refs/pr/1"}),
        ("find", {"path": f"spaces/{SPACE}"}),
        ("seeks", {"path": f"{MODEL}/scattered.bin", "spans": spans}),
        ("seeks", {"path": f"{MODEL}/readme.md", "spans": [(100_000, 40_000), (3, 5)]}),
        ("seeks", {"path": f"datasets/{DATA}/nested/folder/lfs.bin", "spans": [(4_000, 900)], "block_size": 512}),
        ("stream", {"path": f"{MODEL}/scattered.bin", "size": 262_144}),
        ("stream", {"path": f"datasets/{DATA}/random.bin", "size": 10_000}),
        ("stream", {"path": f"{MODEL}/config.json", "size": 7}),
    ]
    got = call_all(home, endpoint.url, calls, token=origin.alice, xet=xet, interpreter=interpreter)
    assert {name.split("/")[2] for name in got[0]} == {path.split("/")[0] for path in files_of(origin)}
    assert got[1]["acme/model/sub/weights.bin"] == 30_000
    assert [name.rpartition("/")[2] for name in got[2]] == ["lfs.bin", "plain.txt"]
    assert len(got[3]) == len({path.split("/")[0] for path in files_of(origin, revision="refs/pr/1")})
    assert {name.removeprefix(f"spaces/{SPACE}/") for name in got[4]} == set(files_of(origin, SPACE, "space"))
    assert got[5] == [digest(content[start : start + length]) for start, length in spans], got[5]
    assert got[6] == [digest(readme[100_000:140_000]), digest(readme[3:8])], got[6]
    lfs = file_of(origin, "nested/folder/lfs.bin", DATA, "dataset").content
    assert got[7] == [digest(lfs[4_000:4_900])], got[7]
    assert got[8:] == [
        digest(content),
        digest(file_of(origin, "random.bin", DATA, "dataset").content),
        digest(file_of(origin, "config.json").content),
    ]


@CLIENT
def test_a_range_fetches_only_what_it_needs(endpoint, origin, home, interpreter):
    file = file_of(origin, "large.bin")
    calls = [("seeks", {"path": f"{MODEL}/large.bin", "spans": [(20_000_000, 100_000)], "block_size": 100_000})]
    got = call_all(home, endpoint.url, calls, interpreter=interpreter)
    assert got == [[digest(file.content[20_000_000:20_100_000])]]
    assert origin.sent_bytes("cdn") < 1_000_000


@CLIENT
@XET
def test_command_line(endpoint, origin, home, interpreter, xet):
    env = client_environment(home, endpoint.url, origin.alice, xet)
    target = home / "out"
    paths = ("random.bin", "config.json", "sub/weights.bin")
    got = run_command_line(interpreter, env, "download", MODEL, *paths, "--local-dir", str(target))
    assert got.returncode == 0, got.stderr
    for path in paths:
        assert (target / path).read_bytes() == file_of(origin, path).content
    got = run_command_line(interpreter, env, "download", DATA, "--repo-type", "dataset", "--include", "nested/*")
    assert got.returncode == 0, got.stderr
    is_older = version_of(interpreter, "huggingface_hub").startswith("0.")
    cached = run_command_line(interpreter, env, "cache", "scan" if is_older else "ls")
    assert cached.returncode == 0 and DATA in cached.stdout, cached
    whoami = run_command_line(interpreter, env, "auth", "whoami")
    assert whoami.returncode == 0 and "alice" in whoami.stdout, whoami
    missing = run_command_line(interpreter, env, "download", MODEL, "none.bin")
    assert missing.returncode != 0
    assert not missing.stdout.strip()


@CLIENT
def test_first_version_of_reconstructions(endpoint, origin, home, interpreter):
    for status in (404, 501):
        origin.cas_side.v2_status = status
        where = home / str(status)
        got = call(where, endpoint.url, "download", repo_id=MODEL, filename="scattered.bin", interpreter=interpreter)
        assert got == digest(file_of(origin, "scattered.bin").content)


@CLIENT
@pytest.mark.parametrize("multirange", ["0", "1"])
def test_scattered_ranges(endpoint, origin, home, interpreter, multirange):
    variables = {"HF_XET_CLIENT_ENABLE_MULTIRANGE_FETCHING": multirange}
    arguments = {"repo_id": MODEL, "filename": "scattered.bin", "interpreter": interpreter}
    got = call(home, endpoint.url, "download", variables=variables, **arguments)
    assert got == digest(file_of(origin, "scattered.bin").content)
    ranges = [request.range for request in origin.log.all("cdn", path="/xorbs/")]
    assert ranges
    if interpreter == sys.executable:
        assert any("," in text for text in ranges) == (multirange == "1")


@CLIENT
def test_expired_urls_are_renewed(endpoint, origin, home, interpreter):
    origin.cas_side.url_uses = 0

    def usable_again(request, response):
        origin.cas_side.url_uses = None
        return response

    origin.cdn.script(usable_again)
    got = call(home, endpoint.url, "download", repo_id=MODEL, filename="random.bin", interpreter=interpreter)
    assert got == digest(file_of(origin, "random.bin").content)
    assert [r.status for r in origin.log.all("cdn")] == [403, 206]


@CLIENT
@pytest.mark.parametrize(
    "fault",
    [faults.status(503), faults.reset_after(100_000), faults.close_after(100_000), faults.status(410)],
    ids=["503", "reset", "closed", "410"],
)
def test_faults_of_the_data_host(endpoint, origin, home, interpreter, fault):
    entry = origin.cdn.script(fault)
    got = call(home, endpoint.url, "download", repo_id=MODEL, filename="random.bin", interpreter=interpreter)
    assert entry.uses == 1
    assert got == digest(file_of(origin, "random.bin").content)


@CLIENT
@XET
def test_redirected_data(endpoint, origin, home, interpreter, xet):
    origin.cdn.script(faults.redirected(origin.mirror.public_url), times=None)
    calls = [download_call("random.bin"), download_call("lfs.bin")]
    got = call_all(home, endpoint.url, calls, token=origin.alice, xet=xet, interpreter=interpreter)
    assert got == [digest(file_of(origin, path).content) for path in ("random.bin", "lfs.bin")]
    assert origin.log.all("mirror")


def test_identity_of_the_caller_reaches_the_hub(endpoint, origin, home):
    call(home, endpoint.url, "download", token=origin.alice, repo_id=MODEL, filename="random.bin")
    for request in origin.log.all("hub"):
        assert request.bearer == origin.alice
        assert "hf_hub/" in request.headers["user-agent"] or "hf_xet/" in request.headers["user-agent"]
    sessions = {request.headers.get("x-xet-session-id") for request in origin.log.all("cas")}
    assert len(sessions) == 1 and None not in sessions, "the session of the client is passed on"
