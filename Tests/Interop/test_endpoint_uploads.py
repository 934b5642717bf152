"""Writes through the proxy: refused clearly unless allowed; allowed, the official clients upload as to the Hub itself."""

import gzip
import json
import threading

import pytest

import faults
from catalogue import DATA, MODEL, file_of, files_of
from contents import digest, floats, noise, text
from endpoint_calls import api_target, assert_addresses, assert_no_other_address, assert_refused, cas_token
from http_peer import Delivery, Response, wait_until
from http_probe import Exchange, address_of, fetch, open_exchange, request_bytes
from official_clients import CLIENT, XET, call_all

NEW = "alice/new"
HASH = "0123456789abcdef" * 4
LFS_JSON = "application/vnd.git-lfs+json"
WRITES = [
    ("POST", "/api/repos/create"),
    ("DELETE", "/api/repos/delete"),
    ("POST", "/api/repos/move"),
    ("POST", "/api/validate-yaml"),
    ("POST", api_target("preupload", "main")),
    ("POST", api_target("commit", "main")),
    ("POST", api_target("branch", "new")),
    ("DELETE", api_target("branch", "new")),
    ("PUT", api_target("settings")),
    ("POST", api_target("discussions", repository=DATA, kind="dataset")),
    ("GET", api_target("xet-write-token", "main")),
    ("POST", f"/{MODEL}.git/info/lfs/objects/batch"),
    ("POST", f"/datasets/{DATA}.git/info/lfs/objects/verify"),
    ("POST", f"/v1/xorbs/default/{HASH}"),
    ("POST", f"/xorbs/default/{HASH}"),
    ("POST", f"/xorb/default/{HASH}"),
    ("POST", f"/v1/xorb-grants/default/{HASH}"),
    ("POST", f"/v1/xorb-commits/default/{HASH}/grant/1"),
    ("POST", "/v1/shards"),
    ("POST", "/v2/shards"),
    ("POST", "/shards"),
    ("POST", "/shard"),
    ("POST", f"/shard/default/{HASH}"),
    ("PATCH", api_target()),
]


@pytest.mark.parametrize("method, target", WRITES, ids=lambda value: value)
def test_writes_are_refused(endpoint, origin, method, target):
    body = None if method == "GET" else b"{}"
    got = fetch(endpoint.url, target, method, {"Content-Type": "application/json"}, origin.alice, body=body)
    assert_refused(got, 405)
    assert "--allow-writes" in got.header("X-Error-Message")
    allowed = {name.strip() for name in got.header("Allow").split(",")}
    assert method == "GET" or method not in allowed
    assert not origin.log.all(), "nothing is asked upstream"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH"])
def test_what_only_can_be_read(endpoint, writable, origin, method):
    for server in (endpoint, writable):
        got = fetch(server.url, f"/{MODEL}/resolve/main/random.bin", method, token=origin.alice, body=b"")
        assert_refused(got, 405)
        assert {name.strip() for name in got.header("Allow").split(",")} == {"GET", "HEAD"}
    assert not origin.log.all()


@CLIENT
def test_clients_are_told(endpoint, origin, home, interpreter):
    local = home / "file"
    local.write_bytes(noise(100_000, "refused"))
    before = files_of(origin)
    calls = [
        ("create_repo", {"repo_id": NEW}),
        ("upload_file", {"repo_id": MODEL, "path": "new.bin", "local": str(local)}),
        ("upload_folder", {"repo_id": MODEL, "folder": str(home)}),
        ("delete_file", {"repo_id": MODEL, "path": "random.bin"}),
        ("delete_repo", {"repo_id": MODEL}),
    ]
    got = call_all(home, endpoint.url, calls, token=origin.alice, interpreter=interpreter)
    for one, found in zip(calls, got, strict=True):
        assert found["status"] == 405 and "--allow-writes" in found["message"], (one, found)
    assert files_of(origin) == before
    assert {(r.method, r.path.rpartition("/")[2]) for r in origin.log.all("hub")} <= {("GET", "whoami-v2")}


@CLIENT
@XET
@pytest.mark.parametrize("source", ["path", "bytes", "stream"])
def test_files_come_back(writable, origin, home, interpreter, source, xet):
    contents = {
        "new/big.bin": noise(700_000, "upload"),
        "small.json": b'{"a": 1}',
        "floats.bin": floats(150_000),
        "ünïcödé #1.bin": noise(60_000, "name"),
        "part-of-random.bin": file_of(origin, "random.bin").content[500_000:900_000],
    }
    calls = [("create_repo", {"repo_id": NEW})]
    for at, (path, content) in enumerate(contents.items()):
        local = home / f"file{at}"
        local.write_bytes(content)
        calls.append(("upload_file", {"repo_id": NEW, "path": path, "local": str(local), "source": source}))
    calls.append(("snapshot", {"repo_id": NEW}))
    got = call_all(home, writable.url, calls, token=origin.alice, interpreter=interpreter, xet=xet)
    assert got[0] == {"url": f"{writable.url}/{NEW}", "endpoint": writable.url, "id": NEW}, got[0]
    for found in got[1:-1]:
        assert found["url"].startswith(f"{writable.url}/{NEW}/commit/"), found
    assert got[-1] == {path: digest(content) for path, content in contents.items()}, got[-1]
    kind = "xet" if xet and source != "stream" else "lfs"
    stored = {path: file.storage for path, file in files_of(origin, NEW).items()}
    assert stored == {path: "regular" if path == "small.json" else kind for path in contents}
    if kind == "lfs":
        parts = [request for request in origin.log.all("cdn", "PUT") if "part" in request.query]
        assert len(parts) == 7 + 4, "two files come in parts"
    for request in origin.log.all(method="PUT"):
        assert request.authorization is None and "content-length" in request.headers


@CLIENT
def test_folders_and_deletions(writable, origin, home, interpreter):
    folder = home / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.bin").write_bytes(noise(200_000, "a"))
    (folder / "sub" / "b.bin").write_bytes(noise(90_000, "b"))
    (folder / "README.md").write_bytes(b"---\nlicense: mit\n---\n" + text(500))
    (folder / "empty.txt").write_bytes(b"")
    where = {"repo_id": DATA, "repo_type": "dataset"}
    calls = [
        ("upload_folder", {"folder": str(folder), **where}),
        ("snapshot", where),
        ("delete_folder", {"repo_id": MODEL, "path": "sub"}),
        ("delete_file", {"repo_id": MODEL, "path": "random.bin"}),
        ("exists", {"repo_id": MODEL, "filename": "random.bin"}),
        ("exists", {"repo_id": MODEL, "filename": "sub/weights.bin"}),
        ("exists", {"repo_id": MODEL, "filename": "prose.txt"}),
    ]
    before = files_of(origin, DATA, "dataset")
    got = call_all(home, writable.url, calls, token=origin.alice, interpreter=interpreter)
    wanted = {path: digest(file.content) for path, file in before.items()} | {
        str(path.relative_to(folder)): digest(path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    }
    assert got[1] == wanted, got
    assert got[4:] == [[True, False], [True, False], [True, True]], got


@CLIENT
def test_pull_requests(writable, origin, home, interpreter):
    folder = home / "folder"
    folder.mkdir()
    (folder / "a.bin").write_bytes(noise(120_000, "pull"))
    calls = [
        ("upload_file", {"repo_id": MODEL, "path": "pr.bin", "local": str(folder / "a.bin"), "create_pr": True}),
        ("download", {"repo_id": MODEL, "filename": "pr.bin", "revision": "refs/pr/2"}),
        ("upload_folder", {"repo_id": MODEL, "folder": str(folder), "create_pr": True}),
        ("download", {"repo_id": MODEL, "filename": "a.bin", "revision": "refs/pr/3"}),
        ("exists", {"repo_id": MODEL, "filename": "pr.bin"}),
        ("refs", {"repo_id": MODEL}),
    ]
    got = call_all(home, writable.url, calls, token=origin.alice, interpreter=interpreter)
    for found, revision in ((got[0], "refs/pr/2"), (got[2], "refs/pr/3")):
        assert found.get("pull") == revision, found
        assert found["pull_url"].startswith(f"{writable.url}/{MODEL}/discussions/"), found
    assert got[1] == got[3] == digest(noise(120_000, "pull")), got
    assert got[4] == [True, False]
    assert got[5]["pulls"] == ["refs/pr/1", "refs/pr/2", "refs/pr/3"]


@CLIENT
def test_repositories_and_branches(writable, origin, home, interpreter):
    calls = [
        ("create_repo", {"repo_id": NEW, "repo_type": "dataset", "private": True}),
        ("create_repo", {"repo_id": NEW, "repo_type": "dataset", "exist_ok": True}),
        ("create_repo", {"repo_id": NEW, "repo_type": "dataset"}),
        ("create_branch", {"repo_id": MODEL, "branch": "topic"}),
        ("refs", {"repo_id": MODEL}),
        ("delete_branch", {"repo_id": MODEL, "branch": "topic"}),
        ("move_repo", {"from_id": NEW, "to_id": "alice/newer", "repo_type": "dataset"}),
        ("info", {"repo_id": "alice/newer", "repo_type": "dataset"}),
        ("delete_repo", {"repo_id": "alice/newer", "repo_type": "dataset"}),
        ("exists", {"repo_id": "alice/newer", "filename": "x", "repo_type": "dataset"}),
    ]
    got = call_all(home, writable.url, calls, token=origin.alice, interpreter=interpreter)
    assert got[0]["url"] == got[1]["url"] == f"{writable.url}/datasets/{NEW}", got
    assert got[2]["status"] == 409, got
    assert "topic" in got[4]["branches"], got
    assert got[7]["id"] == "alice/newer" and got[9][0] is False, got


@CLIENT
def test_the_hub_still_decides(writable, origin, home, interpreter):
    local = home / "file"
    local.write_bytes(noise(100_000, "bob"))
    calls = [
        ("upload_file", {"repo_id": MODEL, "path": "new.bin", "local": str(local)}),
        ("create_branch", {"repo_id": MODEL, "branch": "topic"}),
    ]
    for token, statuses in ((origin.bob, [403, 403]), ("hf_wrong", [401, 401])):
        got = call_all(home, writable.url, calls, token=token, interpreter=interpreter)
        assert [found["status"] for found in got] == statuses, got
    assert "new.bin" not in files_of(origin)


@pytest.mark.parametrize("is_refused_once", [False, True])
def test_grants(writable, origin, home, is_refused_once):
    origin.cas_side.uploads.offers_grants = True
    if is_refused_once:
        origin.cdn.script(faults.status(403), when=lambda r: r.method == "PUT")
    local = home / "file"
    local.write_bytes(noise(400_000, "granted"))
    calls = [
        ("upload_file", {"repo_id": MODEL, "path": "granted.bin", "local": str(local)}),
        ("download", {"repo_id": MODEL, "filename": "granted.bin"}),
    ]
    got = call_all(home, writable.url, calls, token=origin.alice)
    assert got[1] == digest(local.read_bytes()), got
    assert [r.status for r in origin.log.all("cdn", "PUT")] == [403, 200][not is_refused_once :]
    assert not origin.log.all("cas", "POST", "/xorbs/"), "the xorb itself goes to the data host"


def test_shards_of_the_first_version(writable, origin, home):
    origin.cas_side.uploads.v2_status = 501
    local = home / "file"
    local.write_bytes(noise(100_000, "first version"))
    calls = [
        ("upload_file", {"repo_id": MODEL, "path": "first.bin", "local": str(local)}),
        ("download", {"repo_id": MODEL, "filename": "first.bin"}),
    ]
    got = call_all(home, writable.url, calls, token=origin.alice)
    assert got[1] == digest(local.read_bytes()), got
    assert [r.status for r in origin.log.all("cas", "POST", "/v1/shards")] == [200]


@pytest.mark.parametrize("fault", [faults.status(503), faults.reset_after(0)], ids=["503", "reset"])
def test_faults_of_the_cas(writable, origin, home, fault):
    """A failed upload is told as such, so that the client tries again."""
    entry = origin.cas.script(fault, when=lambda r: "/xorbs/" in r.path)
    local = home / "file"
    local.write_bytes(noise(300_000, "fault"))
    calls = [
        ("upload_file", {"repo_id": MODEL, "path": "fault.bin", "local": str(local)}),
        ("download", {"repo_id": MODEL, "filename": "fault.bin"}),
    ]
    got = call_all(home, writable.url, calls, token=origin.alice)
    assert entry.uses == 1 and got[1] == digest(local.read_bytes()), got


def test_frames_of_a_shard_flow_at_once(writable, origin):
    token = cas_token(writable, origin.alice, "write")["accessToken"]
    frames = [b'{"type":"validating","verified":0,"total":1}\n', b'{"type":"result"}\n']
    go_on = threading.Event()

    def progress(request, response):
        delivery = Delivery(framing="chunked", hold=go_on, hold_after=len(frames[0]))
        return Response(200, [("Content-Type", "application/x-ndjson")], b"".join(frames), delivery)

    origin.cas.script(progress)
    with open_exchange(writable.url, "/v2/shards", "POST", token=token, body=b"shard") as exchange:
        assert exchange.read_head() and exchange.status == 200
        assert frames[0].strip() in exchange.read_some(len(frames[0]) + 4)
        assert not go_on.is_set()
        go_on.set()
        got = exchange.finish()
    assert got.complete and got.body == b"".join(frames)


@pytest.mark.parametrize("leaves", [False, True])
def test_bodies_are_passed_on_as_they_come(writable, origin, leaves):
    """The upstream request is under way before the body is whole, and ends when its sender leaves."""
    token = cas_token(writable, origin.alice, "write")["accessToken"]
    body = noise(8_000_000, "body")
    head = request_bytes(
        f"/v1/xorbs/default/{HASH}", "POST", {"Authorization": f"Bearer {token}", "Content-Length": str(len(body))}
    )
    exchange = Exchange(address_of(writable.url), head + body[:6_000_000])
    (upload,) = wait_until(lambda: origin.log.all("cas", "POST"), message="the upload does not begin")
    wait_until(lambda: upload.body_received > 3_000_000, message="the body does not flow")
    assert upload.headers.get("content-length") == str(len(body))
    if leaves:
        exchange.close()
        wait_until(lambda: upload.state == "closed", message="the upload goes on")
        return
    exchange.socket.sendall(body[6_000_000:])
    got = exchange.finish()
    assert got.status == 400 and upload.body == body, "the CAS refuses what is no xorb"
    exchange.close()


def test_memory_stays_small(writable, origin):
    """Many large uploads at once take no memory of their size."""
    token = cas_token(writable, origin.alice, "write")["accessToken"]
    body = noise(48_000_000, "memory")
    results = []

    def send():
        results.append(fetch(writable.url, f"/v1/xorbs/default/{HASH}", "POST", token=token, body=body).status)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [400] * 6
    if writable.peak_memory is not None:
        assert writable.peak_memory < 250_000_000


def test_answers_of_write_routes_name_the_proxy(writable, origin):
    def ask(method, target, document, headers=(), kind="application/json"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        fields = {"Content-Type": kind, **dict(headers)}
        return fetch(writable.url, target, method, fields, origin.alice, body=body)

    created = ask("POST", "/api/repos/create", {"name": "new", "organization": None, "type": "model"})
    assert created.status == 200
    assert_addresses(created, writable.url)
    again = ask("POST", "/api/repos/create", {"name": "new", "organization": None, "type": "model"})
    assert again.status == 409
    assert_addresses(again, writable.url)
    for transfers in (["basic"], ["basic", "multipart"], ["basic", "multipart", "xet"]):
        wanted = {"operation": "upload", "transfers": transfers, "hash_algo": "sha256"}
        wanted["objects"] = [{"oid": HASH, "size": 1000}, {"oid": HASH[::-1], "size": 700_000}]
        got = ask("POST", f"/{NEW}.git/info/lfs/objects/batch", wanted, {"Accept": LFS_JSON}, LFS_JSON)
        assert got.status == 200 and LFS_JSON in got.header("Content-Type"), got
        assert_addresses(got, writable.url)
        headers = [o["actions"]["upload"]["header"] for o in got.json()["objects"]]
        assert not {h.get("X-Xet-Access-Token") for h in headers} & set(origin.cas_side.tokens), "no CAS here takes it"
        # What the proxy does not know stays.
        assert all(entry["authenticated"] is True for entry in got.json()["objects"])
    lines = [
        {"key": "header", "value": {"summary": "s", "description": ""}},
        {"key": "file", "value": {"path": "a.txt", "content": "YQ==", "encoding": "base64"}},
    ]
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    for query in ("", "?create_pr=1"):
        target = api_target("commit", "main", repository=NEW, query=query)
        got = ask("POST", target, body, kind="application/x-ndjson")
        assert got.status == 200, got
        assert_addresses(got, writable.url)
        assert ("pullRequestUrl" in got.json()) == bool(query)
    token = fetch(writable.url, api_target("xet-write-token", "main"), token=origin.alice)
    assert token.json()["casUrl"] == writable.url and token.header("X-Xet-Cas-Url") == writable.url
    origin.cas_side.uploads.offers_grants = True
    grant = fetch(
        writable.url,
        f"/v1/xorb-grants/default/{HASH}",
        "POST",
        {"Content-Type": "application/json"},
        token.json()["accessToken"],
        body=json.dumps({"length": 5, "checksum": {"algo": "crc64nvme", "value": "1"}}).encode(),
    )
    assert grant.status == 201 and set(grant.json()) == {"id", "method", "url", "headers"}, grant
    assert grant.json()["headers"]["if-none-match"] == "*"
    assert_addresses(grant, writable.url)


def test_a_put_address_serves_nothing_else(writable, origin):
    wanted = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": HASH, "size": 4}]}
    got = fetch(
        writable.url,
        f"/{MODEL}.git/info/lfs/objects/batch",
        "POST",
        {"Accept": LFS_JSON, "Content-Type": LFS_JSON},
        origin.alice,
        body=json.dumps({**wanted, "hash_algo": "sha256"}).encode(),
    )
    target = got.json()["objects"][0]["actions"]["upload"]["href"].removeprefix(writable.url)
    for method in ("GET", "HEAD", "POST", "DELETE"):
        refused = fetch(writable.url, target, method, body=b"" if method == "POST" else None)
        assert refused.status in (403, 405), (method, refused)
    middle = len(target) // 2
    changed = target[:middle] + ("A" if target[middle] != "A" else "B") + target[middle + 1 :]
    assert fetch(writable.url, changed, "PUT", body=b"abcd").status == 403
    assert not origin.log.all("cdn")
    assert fetch(writable.url, target, "PUT", {"Authorization": "Bearer x"}, body=b"abcd").status == 200
    (put,) = origin.log.all("cdn")
    assert put.body == b"abcd" and put.authorization is None
    assert_no_other_address(fetch(writable.url, "/api/validate-yaml", "POST", body=b'{"content":""}'), writable.url)


def test_a_read_token_writes_nothing(writable, origin):
    token = cas_token(writable, origin.alice)["accessToken"]
    got = fetch(writable.url, "/v1/shards", "POST", token=token, body=b"shard")
    assert got.status == 403


def test_the_coding_of_a_body_goes_along(writable, origin):
    """To the Hub, to the CAS, and to the address of an upload: they could not read it otherwise."""
    packed = gzip.compress(b'{"content": "---\\nlicense: mit\\n---\\n", "repoType": "model"}')
    coded = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert fetch(writable.url, "/api/validate-yaml", "POST", coded, origin.alice, body=packed).status == 200
    token = cas_token(writable, origin.alice, "write")["accessToken"]
    fetch(writable.url, f"/v1/xorbs/default/{HASH}", "POST", coded, token, body=packed)
    wanted = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": HASH, "size": 4}]}
    batch = fetch(
        writable.url,
        f"/{MODEL}.git/info/lfs/objects/batch",
        "POST",
        {"Accept": LFS_JSON, "Content-Type": LFS_JSON},
        origin.alice,
        body=json.dumps({**wanted, "hash_algo": "sha256"}).encode(),
    )
    target = batch.json()["objects"][0]["actions"]["upload"]["href"].removeprefix(writable.url)
    fetch(writable.url, target, "PUT", {"Content-Encoding": "gzip"}, body=packed)
    for server, path in (("hub", "/api/validate-yaml"), ("cas", "/v1/xorbs/"), ("cdn", "/lfs/")):
        (request,) = origin.log.all(server, path=path)
        assert (request.headers.get("content-encoding"), request.body) == ("gzip", packed), path
    fetch(writable.url, api_target("revision", "main"), token=origin.alice)
    assert origin.log.all("hub")[-1].headers.get("content-encoding") is None


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip"])
def test_a_name_that_cannot_be_read_is_not_permitted(start_endpoint, origin, coding):
    """Whatever the proxy reads in such a body, the Hub may read another thing."""
    proxy = start_endpoint("--allow-writes", "--allow", "alice/*")
    body = json.dumps({"name": "new", "organization": "alice", "type": "model"}).encode()
    headers = {"Content-Type": "application/json"}
    assert fetch(proxy.url, "/api/repos/create", "POST", headers, origin.alice, body=body).status == 200
    refused = fetch(
        proxy.url, "/api/repos/create", "POST", {**headers, "Content-Encoding": coding}, origin.alice, body=body
    )
    assert_refused(refused, 403)
    assert len(origin.log.all("hub", path="/api/repos/create")) == 1
