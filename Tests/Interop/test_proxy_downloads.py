"""Whole files through the proxy: routes, repository types, names, header fields, and how much is asked upstream."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

import faults
from catalogue import AWKWARD_NAMES, DATA, GATED, MODEL, OTHER, PRIVATE, RENAMED, SPACE, SUFFIX_NAMES, file_of
from expectations import assert_right
from http_probe import disposition_names, fetch, path_target
from peer_hub import LAST_MODIFIED
from proxy_calls import download, download_by_hash, representation_headers

PATHS = (
    "random.bin",
    "prose.txt",
    "floats.bin",
    "padding.bin",
    "single.bin",
    "tiny.bin",
    "scattered.bin",
    "large.bin",
    "empty-xet.bin",
    "empty.txt",
    "config.json",
    "readme.md",
    "lfs.bin",
)


@pytest.mark.parametrize("path", PATHS)
def test_whole_file(proxy, origin, path):
    file = file_of(origin, path)
    got = download(proxy, origin, path)
    assert_right(got, file.content)
    assert got.header("Content-Length") == str(file.size)
    assert got.header("ETag") == f'"{file.etag}"'
    assert got.header("Accept-Ranges") == "bytes"
    assert got.header("X-Repo-Commit") == origin.repositories[("model", MODEL)].revisions["main"]
    assert got.header("X-Xet-Hash") == (file.stored.hash if file.storage == "xet" else None)
    assert got.header("Content-Encoding") is None
    kind, plain, extended = disposition_names(got.header("Content-Disposition"))
    assert kind in ("attachment", "inline") and (extended or plain) == path
    if file.storage == "regular":
        assert got.header("Last-Modified") == LAST_MODIFIED
    head = download(proxy, origin, path, method="HEAD")
    assert head.status == 200 and head.body == b""
    same = representation_headers(got)
    if file.storage == "lfs":
        # Only the data host knows it, which HEAD does not ask.
        same = [field for field in same if field[0] != "last-modified"]
    assert representation_headers(head) == same


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin", "config.json"])
def test_requests_of_one_download(proxy, origin, path):
    file = file_of(origin, path)
    assert_right(download(proxy, origin, path), file.content)
    resolves = origin.log.all("hub", path="/resolve/")
    assert [r.method for r in resolves[:1]] == ["HEAD"]
    assert len([r for r in resolves if r.method == "HEAD"]) == 1
    assert not origin.log.all("hub", path="/tree/") and not origin.log.all("hub", path="/revision/")
    if file.storage == "xet":
        assert len(resolves) == 1
        assert len(origin.log.all("hub", path="/xet-read-token/")) == 1
        assert len(origin.log.all("hub")) == 2
        assert len(origin.log.all("cas", path="/reconstructions/")) <= 3
        assert origin.sent_bytes("cdn") <= origin.needed_bytes(file) * 1.1
        assert all(r.range for r in origin.log.all("cdn"))
    else:
        assert not origin.log.all("cas")
        assert len(resolves) == 2 and len(origin.log.all("hub")) <= 3
        origin.sent_bytes("hub", "cdn")
        carried = [r for r in origin.log.all() if r.status < 300 and "/xet-read-token/" not in r.path]
        assert sum(r.bytes_sent for r in carried) == file.size
    assert {r.bearer for r in origin.log.all("hub")} <= {origin.alice, None}
    assert all(r.bearer == origin.alice for r in resolves)


def test_scattered_file_is_fetched_once(proxy, origin):
    file = file_of(origin, "scattered.bin")
    assert_right(download(proxy, origin, "scattered.bin"), file.content)
    assert origin.sent_bytes("cdn") <= origin.needed_bytes(file) * 1.5


def test_repeated_chunk_is_fetched_once(proxy, origin):
    file = file_of(origin, "padding.bin")
    assert_right(download(proxy, origin, "padding.bin"), file.content)
    assert origin.sent_bytes("cdn") <= origin.needed_bytes(file) * 2


def test_head_asks_only_the_hub(proxy, origin):
    got = download(proxy, origin, "random.bin", method="HEAD")
    assert got.status == 200
    assert [(r.server, r.method) for r in origin.log.all() if "/resolve/" in r.path] == [("hub", "HEAD")]
    assert not origin.log.all("cas") and not origin.log.all("cdn")


@pytest.mark.parametrize("kind, repository", [("dataset", DATA), ("model", DATA), ("space", SPACE), ("model", OTHER)])
def test_repository_types(proxy, origin, kind, repository):
    for path in ("random.bin", "nested/folder/plain.txt", "nested/folder/lfs.bin"):
        file = file_of(origin, path, repository, kind)
        got = download(proxy, origin, path, repository=repository, kind=kind)
        assert_right(got, file.content)
        assert got.header("X-Repo-Commit") == origin.repositories[(kind, repository)].revisions["main"]
        assert download(proxy, origin, path, repository=repository, kind=kind, method="HEAD").status == 200


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_awkward_names(proxy, origin, name):
    file = file_of(origin, name)
    got = download(proxy, origin, name)
    assert_right(got, file.content)
    _, plain, extended = disposition_names(got.header("Content-Disposition"))
    basename = name.rpartition("/")[2]
    assert (extended if extended is not None else plain) == basename
    if plain is not None:
        assert plain.isascii()
    assert download(proxy, origin, name, method="HEAD").header("Content-Length") == str(file.size)


def test_fully_encoded_names_are_the_same(proxy, origin):
    encoded = "".join(f"%{byte:02x}" for byte in b"random.bin")
    got = fetch(proxy.url, f"/download/{MODEL}/{encoded}", token=origin.alice)
    assert_right(got, file_of(origin, "random.bin").content)


def test_names_match_exactly(proxy, origin):
    for name in SUFFIX_NAMES:
        assert_right(download(proxy, origin, name), file_of(origin, name).content)
    for name in (
        "eights.bin",
        "weights",
        "weights.bin.",
        "sub",
        "sub/",
        "SUB/weights.bin",
        "ub/weights.bin",
        "weights.bin/",
    ):
        got = download(proxy, origin, name)
        statuses = (400, 404) if name.endswith("/") else (404,)
        assert got.status in statuses and got.json()["error"], f"{name}: {got}"


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "branch/with space#1", "commit"])
def test_revisions(proxy, origin, revision):
    repository = origin.repositories[("model", MODEL)]
    commit = repository.revisions["v1.0" if revision == "commit" else revision]
    wanted = commit if revision == "commit" else revision
    for path in ("random.bin", "config.json"):
        got = download(proxy, origin, path, revision=wanted)
        assert_right(got, repository.commits[commit][path].content)
        assert got.header("X-Repo-Commit") == commit
    for request in origin.log.all("hub", path="/resolve/"):
        assert request.path.split("/")[4] in (quote(wanted, safe=""), quote(commit))


def test_renamed_repository(proxy, origin):
    for path in ("random.bin", "config.json"):
        got = download(proxy, origin, path, repository=RENAMED)
        assert_right(got, file_of(origin, path).content)
    assert all(r.bearer == origin.alice for r in origin.log.all("hub", path="/resolve/"))


@pytest.mark.parametrize("repository", [PRIVATE, GATED])
def test_restricted_repositories(proxy, origin, repository):
    for path in ("random.bin", "plain.txt", "lfs.bin"):
        content = file_of(origin, path, repository).content
        assert_right(download(proxy, origin, path, repository=repository), content)
        # The same proxy, now warm, must still ask for every caller.
        for method in ("GET", "HEAD"):
            denied = download(proxy, origin, path, token=origin.bob, repository=repository, method=method)
            assert denied.status in (401, 403, 404) and content not in denied.body


def test_callers_do_not_share_tokens(proxy, origin):
    for token, owner in ((origin.alice, "alice"), (origin.bob, "bob"), (origin.alice, "alice")):
        origin.log.clear()
        assert_right(download(proxy, origin, "random.bin", token=token), file_of(origin, "random.bin").content)
        assert {r.bearer for r in origin.log.all("hub")} == {token}
        assert {origin.cas_side.tokens[r.bearer].owner for r in origin.log.all("cas")} == {owner}


def test_second_download_reuses_the_token(proxy, origin):
    for _ in range(3):
        assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert len(origin.log.all("hub", path="/xet-read-token/")) == 1
    assert len(origin.log.all("hub", method="HEAD", path="/resolve/")) == 3


def test_parallel_downloads(proxy, origin):
    paths = [path for path in PATHS for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda path: download(proxy, origin, path), paths))
    for path, outcome in zip(paths, outcomes, strict=True):
        assert_right(outcome, file_of(origin, path).content)
    # One route for the revision that was asked for, one for its commit; each asked for once by all who wait.
    assert len(origin.log.all("hub", path="/xet-read-token/")) <= 2


def test_connection_is_kept_for_the_next_request(proxy, origin):
    from http_probe import Exchange, address_of

    target = path_target("download", MODEL, "config.json")
    fields = f"Host: 127.0.0.1\r\nAuthorization: Bearer {origin.alice}\r\n"
    request = (
        f"HEAD {target} HTTP/1.1\r\n{fields}\r\nGET {target} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode()
    )
    with Exchange(address_of(proxy.url), request) as exchange:
        assert exchange.read_head() and exchange.status == 200
        exchange.headers.clear()
        exchange.method = "GET"
        assert exchange.read_head()
        assert_right(exchange.finish(), file_of(origin, "config.json").content)


@pytest.mark.parametrize("path", ["random.bin", "scattered.bin", "large.bin", "tiny.bin", "empty-xet.bin"])
def test_download_by_hash(proxy, origin, path):
    file = file_of(origin, path)
    got = download_by_hash(proxy, origin, file, repo=MODEL)
    assert_right(got, file.content)
    assert got.header("X-Xet-Hash") == file.stored.hash
    assert got.header("Content-Length") in (str(file.size), None)
    head = download_by_hash(proxy, origin, file, repo=MODEL, method="HEAD")
    assert head.status == 200 and representation_headers(head) == representation_headers(got)


def test_download_by_hash_of_other_types(proxy, origin):
    for kind, repository in (("dataset", DATA), ("space", SPACE)):
        file = file_of(origin, "random.bin", repository, kind)
        assert_right(download_by_hash(proxy, origin, file, repo=repository, repo_type=kind), file.content)
        assert download_by_hash(proxy, origin, file, repo=MODEL, repo_type="model").status == 404
    file = file_of(origin, "random.bin", revision="refs/pr/1")
    assert_right(download_by_hash(proxy, origin, file, repo=MODEL, revision="refs/pr/1"), file.content)


def test_download_by_hash_needs_permission(proxy, origin):
    for repository in (PRIVATE, GATED):
        file = file_of(origin, "random.bin", repository)
        assert_right(download_by_hash(proxy, origin, file, repo=repository), file.content)
        denied = download_by_hash(proxy, origin, file, token=origin.bob, repo=repository)
        assert denied.status in (401, 403, 404) and file.content[:100] not in denied.body
        elsewhere = download_by_hash(proxy, origin, file, token=origin.bob, repo=MODEL)
        assert elsewhere.status == 404


def test_download_by_hash_refuses_nonsense(proxy, origin):
    good = file_of(origin, "random.bin").stored.hash
    for text in ("0" * 63, good + "0", "g" + good[1:], quote("é" * 64), good[:-1]):
        assert fetch(proxy.url, f"/download-hash/{text}?repo={MODEL}", token=origin.alice).status in (400, 404)
    assert not origin.log.all("cas")
    unknown = fetch(proxy.url, f"/download-hash/{'f' * 64}?repo={MODEL}", token=origin.alice)
    assert unknown.status == 404 and unknown.json()["error"]
    assert fetch(proxy.url, f"/download-hash/{good}", token=origin.alice).status == 400
    for query in ("repo=", "repo=acme", "repo=a/b/c", "repo=..%2F..", f"repo={MODEL}&repo_type=bucket"):
        refused = fetch(proxy.url, f"/download-hash/{good}?{query}", token=origin.alice)
        assert refused.status in (400, 404) and refused.json()["error"], query


def test_default_repository_of_hashes(start_proxy, origin):
    server = start_proxy("--token-repo", MODEL)
    file = file_of(origin, "random.bin")
    assert_right(download_by_hash(server, origin, file), file.content)
    assert download_by_hash(server, origin, file, repo=OTHER).status == 404


def test_health(proxy):
    got = fetch(proxy.url, "/health")
    document = json.loads(got.body)
    assert got.status == 200 and "json" in got.header("Content-Type")
    assert document["status"] == "ok" and isinstance(document["version"], str) and document["version"]


def test_front_page(proxy, origin):
    got = fetch(proxy.url, "/")
    page = got.body.decode("utf-8")
    assert got.status == 200 and got.header("Content-Type").startswith("text/html")
    assert "/download/" in page and f"127.0.0.1:{proxy.port}" in page
    assert not origin.log.all()


def test_empty_host_and_port_variables(start_proxy, origin):
    server = start_proxy(HOST="0.0.0.0", PORT="1")
    assert fetch(server.url, "/health").status == 200, "options win over the environment"


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin", "config.json"])
def test_hub_endpoint_with_a_path(start_proxy, origin, path):
    origin.hub_side.base_path = "/mirror/of the hub".replace(" ", "%20")
    for endpoint in (origin.url, origin.url + "/"):
        server = start_proxy(hub=endpoint)
        assert_right(download(server, origin, path), file_of(origin, path).content)


def test_nothing_secret_in_the_most_talkative_log(start_proxy, origin):
    """The fixture searches the log for tokens and signatures."""
    server = start_proxy("--log-level", "trace")
    origin.cdn.script(faults.status(403))
    origin.cas.script(faults.status(401))
    assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)
    origin.cdn.script(faults.status(404), times=None)
    assert download(server, origin, "random.bin").body != file_of(origin, "random.bin").content
    assert download(server, origin, "random.bin", token="hf_unknown").status == 401
    assert "hf_unknown" not in server.errors()
    assert server.errors().count("\n") > 1, "failures are logged"


def test_hub_endpoint_from_the_environment(xet_binary, origin, home):
    from xet_process import XetServer, environment

    variables = {"HF_ENDPOINT": origin.url + "/", "HOST": "127.0.0.1", "PORT": "0"}
    server = XetServer(xet_binary, ["proxy"], environment(home, **variables))
    try:
        assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)
    finally:
        server.stop()
