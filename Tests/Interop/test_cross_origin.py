"""What scripts of other sites' pages may do through the proxy, as browsers decide it (CORS, Fetch standard)."""

import json

import pytest

import faults
from catalogue import MODEL, PRIVATE, file_of
from contents import noise
from endpoint_calls import api_target, cas_token, granted_spans, range_field, reconstruction, resolve_target
from expectations import assert_right
from http_probe import fetch, path_target, target_of

PAGE = "https://page.example"
HASH = "0123456789abcdef" * 4
SAFELISTED_HEADERS = {"accept", "accept-language", "content-language"}
READABLE = {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}
NEEDED = ("ETag", "Link", "Accept-Ranges", "Content-Range", "X-Repo-Commit", "X-Linked-Size", "X-Xet-Hash", "X-Error-Code")
"""What @huggingface/hub reads of answers."""


class Blocked(Exception):
    """What a script sees of an answer that it may not read: nothing."""


class Browser:
    """`fetch()` of a script of a page at `PAGE`, without credentials of the browser's own."""

    def __init__(self, server):
        self.server = server

    def preflight(self, target, method, names=()):
        fields = {"Origin": PAGE, "Access-Control-Request-Method": method}
        if names:
            fields["Access-Control-Request-Headers"] = ",".join(sorted(name.lower() for name in names))
        return fetch(self.server.url, target, "OPTIONS", fields)

    def allows(self, target, method, names=()):
        """Whether the preflight lets a request with a method and headers through."""
        got = self.preflight(target, method, names)
        if not 200 <= got.status < 300 or got.header("Access-Control-Allow-Origin") not in ("*", PAGE):
            return False
        methods = [name.strip() for name in (got.header("Access-Control-Allow-Methods") or "").split(",")]
        allowed = {name.strip().lower() for name in (got.header("Access-Control-Allow-Headers") or "").split(",")}
        assert "*" not in methods and "*" not in allowed, "the star does not cover Authorization"
        return (method in methods or method in ("GET", "HEAD", "POST")) and {n.lower() for n in names} <= allowed

    def fetch(self, target, method="GET", headers=(), token=None, body=None):
        """The answer as far as the script may read it."""
        fields = {**dict(headers), **({"Authorization": f"Bearer {token}"} if token else {})}
        unsafe = [name for name in fields if name.lower() not in SAFELISTED_HEADERS]
        if (unsafe or method not in ("GET", "HEAD", "POST")) and not self.allows(target, method, unsafe):
            raise Blocked(f"no preflight for {method} {target} with {unsafe}")
        got = fetch(self.server.url, target, method, {**fields, "Origin": PAGE}, body=body, timeout=100)
        if got.header("Access-Control-Allow-Origin") not in ("*", PAGE):
            raise Blocked(f"{method} {target}: {got.headers}")
        assert got.header("Access-Control-Allow-Credentials") is None
        exposed = {name.strip().lower() for name in (got.header("Access-Control-Expose-Headers") or "").split(",")}
        got.headers = [(n, v) for n, v in got.headers if n.lower() in exposed | READABLE]
        return got


def test_a_script_reads_a_file_as_xet(endpoint, origin):
    """The steps of @huggingface/hub: resolve, token, reconstruction, ranges of xorbs."""
    browser, file = Browser(endpoint), file_of(origin, "random.bin", PRIVATE)
    target = resolve_target("random.bin", PRIVATE)
    head = browser.fetch(target, "HEAD", token=origin.alice)
    assert head.header("X-Xet-Hash") == file.stored.hash and head.header("X-Linked-Size") == str(file.size)
    assert head.header("ETag") and head.header("X-Repo-Commit") and head.header("Accept-Ranges") == "bytes"
    first = browser.fetch(target, headers={"Range": "bytes=0-0"}, token=origin.alice)
    assert_right(first, file.content[:1], 206)
    assert first.header("Content-Range") == f"bytes 0-0/{file.size}"
    links = dict(reversed(link.split("; rel=")) for link in head.header("Link").split(", "))
    access = browser.fetch(target_of(links['"xet-auth"'].strip("<>")), token=origin.alice).json()
    assert access["casUrl"] == endpoint.url
    answer = browser.fetch(
        f"/v1/reconstructions/{file.stored.hash}", headers={"Range": "bytes=0-1999"}, token=access["accessToken"]
    )
    (_, url, spans), *_ = granted_spans(answer.json())
    got = browser.fetch(target_of(url), headers=range_field(spans))
    assert got.status == 206 and got.body
    for name in ("X-Request-Id", "X-Xet-Session-Id", "Content-Type", "If-None-Match", "If-Range"):
        assert browser.allows(target, "GET", [name, "Authorization", "Range"]), name


def test_a_script_downloads(proxy, origin):
    browser, file = Browser(proxy), file_of(origin, "random.bin")
    by_path, by_hash = path_target("download", MODEL, "random.bin"), f"/download-hash/{file.stored.hash}?repo={MODEL}"
    for target in (by_path, by_hash):
        assert_right(browser.fetch(target, token=origin.alice), file.content)
        got = browser.fetch(target, headers={"Range": "bytes=5-9"}, token=origin.alice)
        assert_right(got, file.content[5:10], 206)
        assert got.header("Content-Range") and got.header("ETag") and got.header("X-Xet-Hash") == file.stored.hash
    got = browser.fetch(path_target("download", MODEL, "none.bin"), token=origin.alice)
    assert (got.status, got.header("X-Error-Code")) == (404, "EntryNotFound"), "errors can be read"
    etag = browser.fetch(by_path, "HEAD", token=origin.alice).header("ETag")
    assert browser.fetch(by_path, headers={"If-None-Match": etag}, token=origin.alice).status == 304


def test_what_the_client_reads_is_exposed(endpoint, origin):
    got = fetch(endpoint.url, resolve_target("random.bin"), headers={"Origin": PAGE}, token=origin.alice)
    exposed = {name.strip().lower() for name in got.header("Access-Control-Expose-Headers").split(",")}
    assert {name.lower() for name in NEEDED} <= exposed


@pytest.mark.parametrize("target", [resolve_target("random.bin"), resolve_target("readme.md"), api_target(), "/api/models"])
def test_without_a_token_the_hub_says_who_may_read(endpoint, origin, target):
    """The proxy may stand where a page has no business; the Hub knows what is for everybody."""
    browser = Browser(endpoint)
    with pytest.raises(Blocked):
        browser.fetch(target)
    origin.hub.script(faults.header("Access-Control-Allow-Origin", PAGE), times=None)
    assert browser.fetch(target).status == 200
    assert PAGE in [request.headers.get("origin") for request in origin.log.all("hub")], "the Hub is told who asks"
    origin.hub.clear_script()
    origin.hub.script(faults.header("Access-Control-Allow-Origin", "https://hub.example"), times=None)
    for token in (None, origin.alice):
        with pytest.raises(Blocked):
            browser.fetch(target, token=token)
    origin.hub.clear_script()
    origin.hub.script(faults.header("Access-Control-Expose-Headers", "X-Of-The-Hub"), times=None)
    origin.hub.script(faults.header("Access-Control-Allow-Origin", "*"), times=None)
    assert browser.fetch(target).status == 200


def test_what_the_hub_exposes_stays_so(endpoint, origin):
    def both(request, response):
        fields = [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Expose-Headers", "X-HF-Warning, X-Other")]
        response.headers += [*fields, ("Access-Control-Allow-Credentials", "true"), ("Vary", "Origin")]
        return response

    origin.hub.script(both, times=None)
    for target in (api_target(), resolve_target("random.bin")):
        got = fetch(endpoint.url, target, headers={"Origin": PAGE})
        assert got.header("Access-Control-Allow-Origin") == PAGE and "Origin" in got.header("Vary")
        assert {"X-HF-Warning", "X-Other", "X-Xet-Hash"} <= {
            name.strip() for name in got.header("Access-Control-Expose-Headers").split(",")
        }
        assert got.header("Access-Control-Allow-Credentials") is None


def test_anonymous_reading_is_for_the_operator_to_allow(proxy, start_proxy, origin):
    target = path_target("download", MODEL, "random.bin")
    with pytest.raises(Blocked):
        Browser(proxy).fetch(target)
    open_proxy = Browser(start_proxy("--allow-anonymous"))
    for one in (target, resolve_target("random.bin")):
        assert_right(open_proxy.fetch(one), file_of(origin, "random.bin").content)


STATUS = ["/", "/ui.css", "/ui.js", "/events", "/openapi.json", "/health", "/livez", "/readyz", "/metrics"]


@pytest.mark.parametrize("target", STATUS)
@pytest.mark.parametrize("options", [(), ("--allow-anonymous", "--allow-writes")], ids=["", "open"])
def test_the_pages_of_the_proxy_are_its_own(start_proxy, origin, target, options):
    proxy = start_proxy(*options)
    for token in (None, origin.alice):
        got = fetch(proxy.url, target, "HEAD", {"Origin": PAGE}, token)
        assert got.status == 200
        assert not [name for name, _ in got.headers if name.lower().startswith("access-control-")]
    assert not Browser(proxy).allows(target, "GET", ["Authorization"])
    got = Browser(proxy).preflight(target, "GET")
    assert got.status == 405
    assert not [name for name, _ in got.headers if name.lower().startswith("access-control-")]


WRITES = [
    ("POST", "/api/repos/create"),
    ("DELETE", "/api/repos/delete"),
    ("POST", api_target("commit", "main")),
    ("PUT", api_target("settings")),
    ("PATCH", api_target()),
    ("POST", f"/{MODEL}.git/info/lfs/objects/batch"),
    ("POST", f"/v1/xorbs/default/{HASH}"),
    ("POST", f"/xorb/default/{HASH}"),
    ("POST", "/v2/shards"),
    ("PUT", "/addresses/x"),
    ("POST", "/v1/telemetry"),
]


@pytest.mark.parametrize("method, target", WRITES, ids=lambda value: value)
def test_no_preflight_allows_more_than_the_proxy(endpoint, writable, origin, method, target):
    got = Browser(endpoint).preflight(target, method, ["Authorization", "Content-Type"])
    assert got.status == 405, "a browser sends a POST after every preflight that is answered"
    assert not [name for name, _ in got.headers if name.lower().startswith("access-control-")]
    reading = Browser(endpoint).preflight(target, "GET").header("Access-Control-Allow-Methods")
    assert reading in (None, "GET, HEAD")
    allowed = Browser(writable).preflight(target, method).header("Access-Control-Allow-Methods")
    assert method in [name.strip() for name in allowed.split(",")]
    refused = fetch(endpoint.url, target, method, {"Origin": PAGE}, origin.alice, body=b"{}")
    assert refused.status in (200, 403, 405) and (refused.status != 200 or target == "/v1/telemetry")
    assert not origin.log.all(), "nothing is asked upstream"


@pytest.mark.parametrize(
    "target",
    [
        resolve_target("random.bin"),
        api_target(),
        f"/v2/reconstructions/{HASH}",
        f"/xorbs/{HASH}/x",
        "/addresses/x",
        path_target("download", MODEL, "random.bin"),
    ],
)
def test_a_preflight(endpoint, origin, target):
    names = ["Authorization", "Range", "X-Nonsense", "Cookie", "Host", "X-Forwarded-For", "X-HF-Anything", "Content-Type"]
    got = Browser(endpoint).preflight(target, "GET", names)
    assert got.status == 204 and got.complete
    assert got.header("Access-Control-Allow-Origin") == "*"
    allowed = {name.strip() for name in got.header("Access-Control-Allow-Headers").split(",")}
    assert allowed == {"authorization", "range", "x-hf-anything", "content-type"}
    for name in ("Access-Control-Allow-Credentials", "Access-Control-Allow-Private-Network"):
        assert got.header(name) is None
    assert int(got.header("Access-Control-Max-Age")) > 0
    assert "Access-Control-Request-Headers" in got.header("Vary")
    assert not origin.log.all(), "a preflight asks nobody"


def test_what_is_no_preflight(endpoint, origin):
    for fields in ({}, {"Origin": PAGE}, {"Access-Control-Request-Method": "GET"}):
        assert fetch(endpoint.url, resolve_target("random.bin"), "OPTIONS", fields).status == 405
    fields = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    for target in ("/nothing", "/", "/owner/name/resolve/main/../x", "*"):
        got = fetch(endpoint.url, target, "OPTIONS", fields)
        assert got.status >= 400 and got.header("Access-Control-Allow-Methods") is None, (target, got)
    long = {**fields, "Access-Control-Request-Headers": ",".join(["authorization"] * 2000)}
    got = fetch(endpoint.url, resolve_target("random.bin"), "OPTIONS", long)
    assert got.status == 204 and got.header("Access-Control-Allow-Headers") is None


def test_a_script_uploads_where_writes_are_allowed(writable, origin):
    """With a token that it was given; a browser has none of its own to add."""
    browser = Browser(writable)
    token = browser.fetch(api_target("xet-write-token", "main"), token=origin.alice).json()["accessToken"]
    refused = browser.fetch(f"/v1/xorbs/default/{HASH}", "POST", token=token, body=noise(100, "no xorb"))
    assert refused.status == 400, "the CAS has seen it"
    wanted = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": HASH, "size": 4}], "hash_algo": "sha256"}
    fields = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}
    batch = browser.fetch(
        f"/{MODEL}.git/info/lfs/objects/batch", "POST", fields, origin.alice, json.dumps(wanted).encode()
    )
    target = target_of(batch.json()["objects"][0]["actions"]["upload"]["href"])
    assert browser.fetch(target, "PUT", body=b"abcd").status == 200


def test_the_cas_of_a_reading_script(endpoint, origin):
    """What a CAS or a data host says of its own clients does not count here."""
    for server in (origin.cas, origin.cdn):
        server.script(faults.header("Access-Control-Allow-Origin", "https://hub.example"), times=None)
    file, browser = file_of(origin, "random.bin"), Browser(endpoint)
    token = cas_token(endpoint)["accessToken"]
    assert browser.fetch(f"/v2/reconstructions/{file.stored.hash}", token=token).status == 200
    (_, url, spans), *_ = granted_spans(reconstruction(endpoint, file, token).json())
    assert browser.fetch(target_of(url), headers=range_field(spans)).status == 206
