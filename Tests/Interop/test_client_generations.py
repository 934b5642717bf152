"""Official clients of every generation of the CAS's paths, through the proxy and against `xet origin`."""

import pytest

from catalogue import MODEL, file_of
from command_line import origin_options
from contents import digest, noise, text
from endpoint_calls import cas_token
from http_peer import wait_until
from http_probe import fetch, path_target
from official_clients import GENERATIONS, call, call_all, generation
from proxy_observations import log_lines
from xet_process import XetServer, environment

NEW = "alice/new"
STORED = noise(1_200_000, "stored by the origin")
HASH = "0123456789abcdef" * 4
SPELLINGS = {
    "1.0": ("/reconstruction/", "/xorb/", "/shard/default/"),
    "1.1": ("/reconstruction/", "/xorb/", "/shard/default/"),
    "older": ("/reconstructions/", "/xorbs/", "/shards"),
    "1.2": ("/reconstructions/", "/xorbs/", "/shards"),
    "1.4": ("/v1/reconstructions/", "/v1/xorbs/", "/shards"),
    "current": ("/v2/reconstructions/", "/v1/xorbs/", "/v2/shards"),
}
"""How each asks for a reconstruction, sends a xorb, and sends a shard."""
GENERATION = pytest.mark.parametrize("name", GENERATIONS)


def uploads(name):
    """A file of its own for each generation, and one that shares chunks with what is stored."""
    return {
        "new.bin": noise(700_000, f"generation {name}"),
        "prose.txt": text(300_000) + name.encode(),
        "tiny.bin": f"generation {name}".encode(),
    }


def written(folder, contents):
    paths = []
    for name, content in contents.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    return paths


def asked(proxy, method, count):
    """The paths that clients asked of the CAS, `count` at least: the log is written after the answer."""

    def paths():
        lines = [line for line in log_lines(proxy) if line["msg"] == "request"]
        found = [line["path"] for line in lines if (line["route"], line["method"]) == ("cas", method)]
        return found if len(found) >= count else None

    return wait_until(paths, message="fewer requests in the log")


@GENERATION
def test_downloads_through_the_proxy(endpoint, origin, home, name):
    paths = ("random.bin", "scattered.bin", "config.json", "lfs.bin", "empty-xet.bin", "ünïcödé-文件-🙂.bin")
    calls = [("download", {"repo_id": MODEL, "filename": path}) for path in paths]
    got = call_all(home, endpoint.url, calls, token=origin.alice, interpreter=generation(name))
    assert got == [digest(file_of(origin, path).content) for path in paths]
    assert origin.log.all("cdn", path="/xorbs/"), "it came in chunks"
    reconstruction, _, _ = SPELLINGS[name]
    assert {path[: len(reconstruction)] for path in asked(endpoint, "GET", 3)} == {reconstruction}
    assert all(request.path.startswith(("/v1/", "/v2/")) for request in origin.log.all("cas"))


@GENERATION
def test_uploads_through_the_proxy(writable, origin, home, name):
    contents = uploads(name)
    calls = [("create_repo", {"repo_id": NEW})]
    for path, local in zip(contents, written(home, contents), strict=True):
        calls.append(("upload_file", {"repo_id": NEW, "path": path, "local": str(local)}))
    calls += [("download", {"repo_id": NEW, "filename": path}) for path in contents]
    got = call_all(home, writable.url, calls, token=origin.alice, interpreter=generation(name))
    assert got[-len(contents) :] == [digest(content) for content in contents.values()], got
    assert all(found["url"].startswith(f"{writable.url}/{NEW}/commit/") for found in got[1 : len(contents) + 1])
    assert all(file_of(origin, path, NEW).storage == "xet" for path in contents)
    _, xorb, shard = SPELLINGS[name]
    posted = asked(writable, "POST", 2 * len(contents))
    assert any(path.startswith(xorb) for path in posted), posted
    assert any(path.startswith(shard) for path in posted), posted
    taken = {request.path for request in origin.log.all("cas", "POST")}
    assert taken & {"/v1/shards", "/v2/shards"} and all(path.startswith(("/v1/", "/v2/")) for path in taken), taken


@pytest.fixture(scope="module")
def served(xet_binary, tmp_path_factory):
    root = tmp_path_factory.mktemp("generations")
    stored = root / "served" / "models" / MODEL / "stored.bin"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(STORED)
    (stored.parent / "notes.txt").write_bytes(b"notes")
    server = XetServer(xet_binary, origin_options(root / "served", root / "data", 100_000), environment(root))
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def in_front(xet_binary, served, tmp_path_factory):
    """A proxy that reads whatever the origin has."""
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", served.url, "--allow-anonymous"]
    server = XetServer(xet_binary, arguments, environment(tmp_path_factory.mktemp("generations-proxy")))
    yield server
    assert server.stop() == 0


@GENERATION
def test_downloads_from_the_origin(served, home, name):
    calls = [("download", {"repo_id": MODEL, "filename": path}) for path in ("stored.bin", "notes.txt")]
    got = call_all(home, served.url, calls, interpreter=generation(name))
    assert got == [digest(STORED), digest(b"notes")]


@GENERATION
def test_uploads_to_the_cas_of_the_origin(served, in_front, home, name):
    contents = {**uploads(name), "shared.bin": STORED[:900_000] + noise(100_000, name)}
    paths = [str(path) for path in written(home, contents)]
    token = cas_token(served, "hf_writer0123456789abcdef", "write")
    arguments = {"locals": paths, "cas": token["casUrl"], "secret": token["accessToken"], "expiration": token["exp"]}
    hashes = call(home, served.url, "store", interpreter=generation(name), **arguments)
    assert isinstance(hashes, list), hashes
    for content, hash in zip(contents.values(), hashes, strict=True):
        got = fetch(in_front.url, path_target("download-hash", hash) + f"?repo={MODEL}")
        assert (got.status, got.complete, got.body == content) == (200, True, True), got


@pytest.mark.parametrize("kind", ["proxy", "origin"])
def test_every_spelling(kind, endpoint, origin, served, in_front):
    """What asks for the same gets the same."""
    if kind == "proxy":
        server, hash = endpoint, file_of(origin, "random.bin").stored.hash
    else:
        head = fetch(served.url, path_target(MODEL, "resolve", "main", "stored.bin"), "HEAD")
        server, hash = served, head.header("X-Xet-Hash")
    token = cas_token(server)["accessToken"]
    answers = {}
    for prefix in ("/v1/reconstructions", "/api/v1/reconstructions", "/reconstructions", "/reconstruction"):
        got = fetch(server.url, f"{prefix}/{hash}", headers={"Range": "bytes=70000-100000"}, token=token)
        assert got.status == 200, (prefix, got)
        answers[prefix] = (got.json()["terms"], got.json()["offset_into_first_range"], sorted(got.json()["fetch_info"]))
    assert len({str(answer) for answer in answers.values()}) == 1, answers
    for chunk in ("/v1/chunks", "/api/v1/chunks", "/chunks", "/chunk"):
        assert fetch(server.url, f"{chunk}/default/{HASH}", token=token).status == 404
    for method, target in (
        ("GET", f"/reconstruction/{hash}"),
        ("GET", f"/chunk/default/{HASH}"),
        ("POST", f"/xorb/default/{HASH}"),
        ("POST", f"/shard/default/{HASH}"),
        ("POST", "/shard"),
    ):
        body = b"x" if method == "POST" else None
        assert fetch(server.url, target, method, body=body).status == (405 if kind == "proxy" and body else 401), target
