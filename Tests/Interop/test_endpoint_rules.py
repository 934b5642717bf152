"""Lists of repositories that the proxy serves, or does not: on every route, before anything is asked upstream."""

import json

import pytest

from catalogue import DATA, LEGACY, MODEL, OTHER, PRIVATE, RENAMED, SPACE, file_of
from endpoint_calls import PLAIN_CLIENT, api_target, cas_token, get_xorb, resolve, resolve_target, spans_of
from expectations import assert_right
from http_probe import fetch, path_target
from official_clients import CLIENT, call_all
from xet_process import environment, run_xet

LFS_JSON = "application/vnd.git-lfs+json"


def routes(repository, kind, file_hash):
    """Every route that names a repository: (method, target, body)."""
    web = f"/{'' if kind == 'model' else kind + 's/'}{repository}"
    download = path_target("download", *([] if kind == "model" else [kind + "s"]), repository, "random.bin")
    where = {"repository": repository, "kind": kind}
    yield "GET", resolve_target("random.bin", **where), None
    yield "HEAD", resolve_target("random.bin", **where), None
    yield "GET", f"{web}/raw/main/nested/folder/plain.txt", None
    yield "GET", api_target(**where), None
    yield "GET", api_target("revision", "main", **where), None
    yield "GET", api_target("tree", "main", **where), None
    yield "GET", api_target("refs", **where), None
    yield "POST", api_target("paths-info", "main", **where), b"paths=random.bin"
    yield "GET", api_target("xet-read-token", "main", **where), None
    if "/" in repository:
        yield "GET", download, None
        yield "HEAD", download, None
        yield "GET", f"/download-hash/{file_hash}?repo={repository}&repo_type={kind}", None
    if kind == "model" and "/" in repository:
        yield "GET", f"/v2/{repository}/manifests/latest", None


def write_routes(repository, kind):
    web = f"/{'' if kind == 'model' else kind + 's/'}{repository}"
    where = {"repository": repository, "kind": kind}
    yield "GET", api_target("xet-write-token", "main", **where), None
    yield "POST", api_target("preupload", "main", **where), b'{"files": []}'
    yield "POST", api_target("commit", "main", **where), b"{}"
    yield "POST", api_target("branch", "x", **where), b"{}"
    yield "POST", f"{web}.git/info/lfs/objects/batch", b"{}"
    yield "POST", f"{web}.git/info/lfs/objects/verify", b"{}"
    yield "PUT", api_target("settings", **where), b"{}"


def ask(server, origin, method, target, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "llama-cpp/1"}
    return fetch(server.url, target, method, headers, origin.alice, body=body)


def assert_denied(got, method):
    assert got.status == 403 and got.complete, got
    assert got.header("X-Error-Message")
    assert got.header("X-Error-Code") is None
    assert method == "HEAD" or got.json()["error"]


SERVED = [("model", MODEL), ("dataset", DATA), ("model", DATA), ("space", SPACE), ("model", LEGACY), ("model", OTHER)]


@pytest.mark.parametrize(
    "options, denied",
    [
        (["--deny", OTHER], {("model", OTHER)}),
        (["--deny", "acme/*"], set(SERVED) - {("model", LEGACY)}),
        (["--allow", "acme/*"], {("model", LEGACY)}),
        (["--allow", MODEL], set(SERVED) - {("model", MODEL)}),
        (["--allow", f"{MODEL},{LEGACY}"], set(SERVED) - {("model", MODEL), ("model", LEGACY)}),
        (["--allow", MODEL, "--allow", "datasets/*"], set(SERVED) - {("model", MODEL), ("dataset", DATA)}),
        (["--allow", "acme/*", "--deny", f"models/{DATA}"], {("model", LEGACY), ("model", DATA)}),
        (["--deny", f"datasets/{DATA}"], {("dataset", DATA)}),
        (["--deny", DATA], {("dataset", DATA), ("model", DATA)}),
        (["--deny", "spaces/acme/*"], {("space", SPACE)}),
        (["--deny", "ACME/Model"], {("model", MODEL)}),
        (["--deny", "*"], set(SERVED)),
        (["--deny", LEGACY], {("model", LEGACY)}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_lists(start_endpoint, origin, options, denied):
    server = start_endpoint(*options)
    for kind, repository in SERVED:
        file = file_of(origin, "random.bin", repository, kind)
        for method, target, body in routes(repository, kind, file.stored.hash):
            origin.log.clear()
            got = ask(server, origin, method, target, body)
            if (kind, repository) in denied:
                assert_denied(got, method)
                assert not origin.log.all(), "asked upstream"
            else:
                # Only the model has no nested/folder/plain.txt.
                assert got.status == 200 or ("/raw/" in target and got.status == 404), (method, target, got)


@pytest.mark.parametrize("kind, repository", [("model", OTHER), ("dataset", DATA)])
def test_writes(start_endpoint, origin, kind, repository):
    server = start_endpoint("--allow-writes", "--allow", MODEL)
    for method, target, body in write_routes(repository, kind):
        assert_denied(ask(server, origin, method, target, body), method)
    assert not origin.log.all()
    assert fetch(server.url, api_target("xet-write-token", "main"), token=origin.alice).status == 200


@pytest.mark.parametrize(
    "method, route, document",
    [
        ("POST", "create", {"name": "new", "organization": "acme"}),
        ("POST", "create", {"name": "other", "organization": "acme", "type": "model"}),
        ("DELETE", "delete", {"name": "other", "organization": "acme"}),
        ("POST", "move", {"fromRepo": OTHER, "toRepo": MODEL}),
        ("POST", "move", {"fromRepo": MODEL, "toRepo": OTHER}),
        ("POST", "create", {"name": ["other"], "organization": {"acme": 1}}),
        ("DELETE", "delete", []),
    ],
)
def test_writes_that_name_their_repository_in_the_body(start_endpoint, origin, method, route, document):
    server = start_endpoint("--allow-writes", "--allow", MODEL)
    body = json.dumps(document).encode()
    got = fetch(
        server.url, f"/api/repos/{route}", method, {"Content-Type": "application/json"}, origin.alice, body=body
    )
    assert got.status in (400, 403) and got.json()["error"], got
    assert not origin.log.all(), "asked upstream"


@pytest.mark.parametrize(
    "target",
    [
        "/%61cme/other/resolve/main/random.bin",
        "/acme/othe%72/resolve/main/random.bin",
        "/ACME/Other/resolve/main/random.bin",
        "/acme%2Fother/resolve/main/random.bin",
        "/acme/model/resolve/main/../../../other/resolve/main/random.bin",
        "/acme/model/resolve/main/..%2f..%2f..%2fother/resolve/main/random.bin",
        "/acme/model/%2e%2e/other/resolve/main/random.bin",
        "/acme/./other/resolve/main/random.bin",
        "//acme/other/resolve/main/random.bin",
        "/acme//other/resolve/main/random.bin",
        "/models/acme/other/resolve/main/random.bin",
        "/api/models/acme/model/../other/tree/main",
        "/api/models/acme/%2e%2e/acme/other/tree/main",
        "/api/models/acme%2Fother/tree/main",
        "/api/models//acme/other/tree/main",
        "/api/%6dodels/acme/other/tree/main",
        "/api//models/acme/other/tree/main",
        "/api/models/acme/other",
        "/api/models/acme/other?x=acme/model",
        "/api/models/acme/other/",
        "/api/models/ACME/OTHER/tree/main",
        "/api/models/acme/other/xet-read-token/main",
        "/download/acme/other/random.bin",
        "/download/%61cme/other/random.bin",
        "/download/ACME/OTHER/random.bin",
        "/v2/acme/other/manifests/latest",
    ],
)
def test_other_spellings_of_a_denied_name(start_endpoint, origin, target):
    """Nothing of a denied repository comes out, however its name is written."""
    secret = file_of(origin, "random.bin", OTHER)
    # A Hub that reads names less strictly than the proxy.
    lenient = origin.hub_side.answer

    def folded(request):
        request.target = collapsed(request.target)
        return lenient(request)

    origin.hub.route = folded
    try:
        server = start_endpoint("--deny", OTHER)
        got = fetch(server.url, target, headers={**PLAIN_CLIENT, "User-Agent": "llama-cpp"}, token=origin.alice)
    finally:
        origin.hub.route = lenient
    assert got.status in (400, 403, 404), got
    for part in (secret.stored.hash, secret.sha256):
        assert part not in got.body.decode("latin-1")
    assert not origin.log.all("cdn")


def collapsed(target):
    """A target with dots, doubled slashes and upper case taken away and decoded, as some servers do."""
    import posixpath
    from urllib.parse import unquote

    path, mark, query = target.partition("?")
    return posixpath.normpath(unquote(path)).replace("//", "/").lower() + mark + query


def test_a_new_name_does_not_help(start_endpoint, origin):
    server = start_endpoint("--deny", MODEL)
    got = resolve(server, "random.bin", repository=RENAMED)
    assert got.status in (307, 403)
    if got.status == 307:
        assert_denied(fetch(server.url, got.header("Location"), headers=PLAIN_CLIENT), "GET")
    got = fetch(server.url, path_target("download", RENAMED, "random.bin"), token=origin.alice)
    assert got.status == 403, got
    assert not origin.log.all("cdn")


def test_what_an_allowed_repository_grants_still_works(start_endpoint, origin):
    server = start_endpoint("--allow", MODEL)
    assert cas_token(server)["casUrl"] == server.url
    xorb, url, ranges = spans_of(server, file_of(origin, "scattered.bin"))[0]
    first, last = ranges[0]
    assert get_xorb(server, url, ranges[:1]).body == origin.store.xorbs[xorb].data[first : last + 1]
    assert_right(resolve(server, "scattered.bin"), file_of(origin, "scattered.bin").content)


@CLIENT
def test_clients_are_told(start_endpoint, origin, home, interpreter):
    server = start_endpoint("--allow", "datasets/acme/*")
    calls = [
        ("download", {"repo_id": MODEL, "filename": "random.bin"}),
        ("snapshot", {"repo_id": PRIVATE}),
        ("tree", {"repo_id": OTHER}),
        ("download", {"repo_id": DATA, "repo_type": "dataset", "filename": "random.bin"}),
    ]
    got = call_all(home, server.url, calls, token=origin.alice, interpreter=interpreter)
    for found in got[1:3]:
        assert found["status"] == 403 or found["error"] == "LocalEntryNotFoundError", found
    assert "error" in got[0], got[0]
    assert got[3]["size"] == file_of(origin, "random.bin", DATA, "dataset").size
    assert {tuple(request.path.split("/")[:3]) for request in origin.log.all("hub") if MODEL in request.path} == set()


@pytest.mark.parametrize(
    "value", ["", "a/b/c/d", "buckets/a", "kernels", "acme/mo del", "acme/", "/x", "acme/*x", json.dumps({})]
)
def test_patterns_that_are_none(xet_binary, home, value):
    for option in ("--allow", "--deny"):
        got = run_xet(xet_binary, "proxy", "--port", "0", option, value, env=environment(home), timeout=20)
        assert got.returncode != 0 and option.lstrip("-").encode() in got.stderr, got
