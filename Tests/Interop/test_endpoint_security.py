"""What the proxy as HF_ENDPOINT must not do: lend credentials, fetch what was not granted, pass on what is private.

That no token reaches a host it does not belong to is checked after every test by the `origin` fixture.
"""

import json
import shutil
import sys
from pathlib import Path

import pytest

import faults
from catalogue import MODEL, PRIVATE, file_of
from endpoint_calls import (
    PLAIN_CLIENT,
    XET_CLIENT,
    api_target,
    assert_no_other_address,
    assert_refused,
    cas_token,
    everything,
    get_xorb,
    granted_spans,
    range_field,
    reconstruction,
    resolve,
    resolve_target,
    spans_of,
)
from http_peer import Response
from peer_origin import HIDDEN_NAMES
from http_probe import fetch, fetch_raw, target_of
from xet_process import XetServer, environment

EVIL = "evil.invalid"


def changed(text, at):
    """`text` with another character at `at`, one that hexadecimal and base64 have too."""
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def hosts_asked(forward_proxy):
    return {request.host for request in forward_proxy.requests}


# Tokens of the CAS


def test_a_changed_token_is_refused(endpoint, origin):
    file = file_of(origin, "random.bin")
    token = cas_token(endpoint)["accessToken"]
    assert reconstruction(endpoint, file, token).status == 200
    asked = len(origin.log.all("cas"))
    for at in range(len(token)):
        got = reconstruction(endpoint, file, changed(token, at))
        assert got.status == 401, (at, token[at], got)
    for other in (token[:-5], token + "AAAA", token[: len(token) // 2], "x", "a.b", ""):
        assert reconstruction(endpoint, file, other).status == 401
    assert reconstruction(endpoint, file, None).status == 401
    assert len(origin.log.all("cas")) == asked, "nothing is asked upstream for a token that is not ours"


def test_foreign_tokens_are_refused(endpoint, start_endpoint, origin):
    """Those of the CAS itself, of the Hub, of another proxy, and an address's signature in place of a token."""
    file = file_of(origin, "random.bin")
    raw = origin.cas_side.issue_token("alice", origin.repositories[("model", MODEL)]).value
    other = cas_token(start_endpoint())["accessToken"]
    _, url, _ = spans_of(endpoint, file)[0]
    payload = target_of(url).rpartition("/")[2]
    asked = len(origin.log.all("cas"))
    for token in (raw, origin.alice, other, payload):
        for version in ("v1", "v2"):
            assert reconstruction(endpoint, file, token, version).status == 401
    assert len(origin.log.all("cas")) == asked


def test_a_token_is_no_address(endpoint, origin):
    xorb, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    token = cas_token(endpoint)["accessToken"]
    target = target_of(url).rpartition("/")[0] + "/" + token
    assert fetch(endpoint.url, target, headers=range_field(ranges[:1])).status == 403
    assert not origin.log.all("cdn")


def test_a_token_opens_what_the_hub_granted(endpoint, origin):
    secret = file_of(origin, "random.bin", PRIVATE)
    token = cas_token(endpoint)["accessToken"]
    assert reconstruction(endpoint, secret, token).status == 404
    assert fetch(endpoint.url, api_target("xet-read-token", "main", repository=PRIVATE)).status == 401
    got = fetch(endpoint.url, api_target("xet-read-token", "main", repository=PRIVATE), token=origin.bob)
    assert got.status == 404 and "accessToken" not in got.body.decode()
    granted = cas_token(endpoint, origin.alice, repository=PRIVATE)["accessToken"]
    assert reconstruction(endpoint, secret, granted).status == 200


def test_a_token_that_the_cas_no_longer_takes(endpoint, origin):
    file = file_of(origin, "random.bin")
    token = cas_token(endpoint)["accessToken"]
    origin.cas_side.revoke_tokens()
    assert reconstruction(endpoint, file, token).status == 401


def test_replicas_accept_each_other(start_endpoint, origin, home):
    """With one signing key any replica serves what another handed out."""
    key = home / "key"
    key.write_text("a secret of more than sixteen bytes\n")
    first, second = (start_endpoint("--signing-key-file", str(key)) for _ in range(2))
    third = start_endpoint(XET_SIGNING_KEY="another secret of more than sixteen bytes")
    file = file_of(origin, "random.bin")
    token = cas_token(first)["accessToken"]
    assert reconstruction(second, file, token).status == 200
    assert reconstruction(third, file, token).status == 401
    _, url, ranges = spans_of(first, file)[0]
    assert fetch(second.url, target_of(url), headers=range_field(ranges[:1])).status == 206
    assert fetch(third.url, target_of(url), headers=range_field(ranges[:1])).status == 403
    assert key.read_text().strip() not in first.errors() + second.errors()


@pytest.fixture
def start_yesterday(xet_binary, origin, forward_proxy, home):
    """Starts a proxy whose clock is a day behind."""
    libraries = sorted(Path("/usr/lib").rglob("libfaketimeMT.so.1"))
    assert libraries, "faketime is not installed: scripts/setup.sh clients"
    running = []

    def start(*options):
        clock = {"LD_PRELOAD": libraries[0], "FAKETIME": "-1d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.public_url, *options]
        # Through env: the process that loads the library first loses its arguments.
        env = environment(home, HTTP_PROXY=forward_proxy.url, **clock)
        server = XetServer(shutil.which("env"), [xet_binary, *arguments], env)
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()
        for left in Path("/dev/shm").glob(f"*faketime_*_{server.process.pid}"):
            left.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="the clock can be set for one process on Linux alone")
def test_addresses_and_tokens_expire(start_yesterday, start_endpoint, origin, home):
    """What a replica whose clock is a day behind hands out is over for one with the right time."""
    key = home / "key"
    key.write_text("a secret of more than sixteen bytes\n")
    early, now = (start("--signing-key-file", str(key)) for start in (start_yesterday, start_endpoint))
    origin.cas_side.token_lifetime = 900 - 86_400
    granted = cas_token(early)["accessToken"]
    # The CAS itself still takes its token.
    for token in origin.cas_side.tokens.values():
        token.expires += 86_400
    file = file_of(origin, "random.bin")
    answer = reconstruction(early, file, granted)
    assert answer.status == 200, answer
    _, url, ranges = next(granted_spans(answer.json()))
    assert fetch(early.url, target_of(url), headers=range_field(ranges[:1])).status == 206
    origin.log.clear()
    assert fetch(now.url, target_of(url), headers=range_field(ranges[:1])).status == 403
    assert reconstruction(now, file, granted).status == 401
    assert not origin.log.all(), "nothing is asked upstream"


# Addresses of xorbs


def test_a_changed_address_is_refused(endpoint, origin):
    xorb, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    target, field = target_of(url), range_field(ranges[:1])
    assert fetch(endpoint.url, target, headers=field).status == 206
    asked = len(origin.log.all())
    for at in range(1, len(target)):
        other = changed(target, at)
        got = fetch(endpoint.url, other, headers=field)
        assert got.status in (400, 403, 404, 405), (other, got)
    assert len(origin.log.all()) == asked, "nothing is asked upstream"


def test_the_hash_of_an_address_is_bound(endpoint, origin):
    first, second = (spans_of(endpoint, file_of(origin, path))[0] for path in ("random.bin", "large.bin"))
    assert first[0] != second[0] and first[0] in first[1]
    target = target_of(first[1]).replace(first[0], second[0])
    assert fetch(endpoint.url, target, headers=range_field(first[2][:1])).status == 403
    mixed = target_of(first[1]).rpartition("/")[0] + "/" + target_of(second[1]).rpartition("/")[2]
    assert fetch(endpoint.url, mixed, headers=range_field(second[2][:1])).status == 403
    assert not origin.log.all("cdn")


# Other hosts


TARGETS = [
    f"http://{EVIL}/",
    f"http://{EVIL}/{MODEL}/resolve/main/random.bin",
    "http://hub.invalid/api/whoami-v2",
    f"https://{EVIL}/",
    f"//{EVIL}/{MODEL}/resolve/main/random.bin",
    f"/http://{EVIL}/",
    f"/{EVIL}:80/",
    f"///{EVIL}/x",
    f"/\\{EVIL}/x",
    f"/{MODEL}/resolve/main/../../../../..//{EVIL}/",
    f"/api/../../{EVIL}",
    f"/api/%2e%2e/%2e%2e/{EVIL}",
    f"/xorbs/{'ab' * 32}/http:%2f%2f{EVIL}%2f",
    f"/xorbs/{'ab' * 32}/x.y?url=http://{EVIL}/",
    f"/v1/reconstructions/{'ab' * 32}?endpoint=http://{EVIL}",
    f"/v2/reconstructions/http:%2f%2f{EVIL}",
    f"/v1/reconstructions/../../{EVIL}",
    f"/api/models/{MODEL}@{EVIL}/tree/main",
    f"/@{EVIL}/x",
    f"/api/@{EVIL}/",
    f"/.{EVIL}/x/resolve/main/a",
    f"/api:80@{EVIL}/",
    "*",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("target", TARGETS)
def test_no_other_host_is_asked(endpoint, origin, forward_proxy, target, method):
    body = "Content-Length: 0\r\n" if method == "POST" else ""
    request = f"{method} {target} HTTP/1.1\r\nHost: xet.example\r\n{body}Connection: close\r\n\r\n"
    got = fetch_raw(endpoint.url, request.encode())
    # A target with a scheme names the proxy's own resource: its bytes may come, but from the Hub that was configured.
    assert target.startswith("http") or got.status is None or 400 <= got.status < 500, got
    assert hosts_asked(forward_proxy) <= set(HIDDEN_NAMES.values())
    if not target.startswith("http"):
        assert not origin.log.all("cas") and not origin.log.all("cdn")
    for request in origin.log.all("hub"):
        assert request.headers["host"] == "hub.invalid"
        assert ".." not in request.path, "what the Hub reads differs from what the proxy read"


def test_no_tunnel(endpoint, forward_proxy):
    got = fetch_raw(endpoint.url, f"CONNECT {EVIL}:443 HTTP/1.1\r\nHost: {EVIL}:443\r\n\r\n".encode())
    assert got.status is None or got.status >= 400
    assert not forward_proxy.requests


def test_the_host_field_chooses_no_upstream(endpoint, origin, forward_proxy):
    for host in (EVIL, "cas.invalid", "cdn.invalid"):
        got = fetch(endpoint.url, api_target("refs"), headers={"Host": host, "X-Forwarded-Host": EVIL})
        assert got.status == 200
    assert hosts_asked(forward_proxy) == {"hub.invalid"}


@pytest.mark.parametrize(
    "location",
    [
        f"http://{EVIL}/x",
        f"//{EVIL}/x",
        "file:///etc/passwd",
        "ftp://hub.invalid/x",
        "javascript:alert(1)",
        f"http://hub.invalid@{EVIL}/",
        f"http://hub.invalid:80@{EVIL}/",
        f"http://{EVIL}\\@hub.invalid/",
        "http://[::1",
        "",
    ],
)
@pytest.mark.parametrize("target", [resolve_target("lfs.bin"), resolve_target("random.bin"), api_target("refs")])
def test_hostile_locations(endpoint, origin, forward_proxy, location, target):
    """A Hub that redirects anywhere gets no credentials there, and its location is not passed on as it is."""

    def elsewhere(request, response):
        return Response(302, [*without(response.headers, "location"), ("Location", location)])

    origin.hub.script(elsewhere, times=None, when=lambda r: r.path == target)
    for method in ("GET", "HEAD"):
        got = fetch(endpoint.url, target, method, {**PLAIN_CLIENT, "Cookie": "a=b"}, origin.alice)
        assert got.status in (200, 302, 404, 502), got
        if got.status < 500:
            # The text of an error may tell what the Hub did.
            assert_no_other_address(got, endpoint.url)
        # A file that has XET form is rebuilt; what the Hub redirects to does not matter.
        passed_on = got.header("Location") or ""
        assert passed_on.startswith((endpoint.url + "/", "/")) or not passed_on, passed_on
        assert not passed_on.startswith(("//", "/\\"))
    for request in forward_proxy.requests:
        if request.host not in HIDDEN_NAMES.values():
            assert not {"authorization", "cookie"} & set(request.headers)
            assert origin.alice not in " ".join([request.target, *request.headers.values()])


def without(headers, name):
    return [(field, value) for field, value in headers if field.lower() != name]


@pytest.mark.parametrize(
    "address",
    ["ftp://cas.invalid", "file:///etc/passwd", "cas.invalid", "", "http://", "http://u:p@cas.invalid", 5, None],
)
def test_hostile_cas_addresses(endpoint, origin, forward_proxy, address):
    def named(request, response):
        response.headers = [(n, str(address) if n == "X-Xet-Cas-Url" else v) for n, v in response.headers]
        document = json.loads(response.body)
        response.body = json.dumps({**document, "casUrl": address}).encode()
        return response

    origin.hub.script(named, when=lambda r: "xet-read-token" in r.path)
    got = fetch(endpoint.url, api_target("xet-read-token", "main"))
    assert got.status == 502 and got.json()["error"], got
    assert hosts_asked(forward_proxy) == {"hub.invalid"}


@pytest.mark.parametrize("url", ["ftp://cdn.invalid/x", "file:///etc/passwd", "", "http://u:p@cdn.invalid/x", 7])
def test_hostile_addresses_in_reconstructions(endpoint, origin, forward_proxy, url):
    def named(document):
        for entries in document["xorbs"].values():
            for entry in entries:
                entry["url"] = url

    token = cas_token(endpoint)["accessToken"]
    origin.cas.script(faults.json_body(named))
    got = reconstruction(endpoint, file_of(origin, "random.bin"), token)
    assert got.status == 502, got
    assert hosts_asked(forward_proxy) == {"hub.invalid", "cas.invalid"}


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b"<html>busy</html>",
        lambda b: b"[]",
        lambda b: b[:-10],
        lambda b: b'{"xorbs": 5}',
        lambda b: b"[" * 100_000,
        lambda b: b" " * 70_000_000 + b,
    ],
    ids=["html", "array", "cut", "other types", "deep", "huge"],
)
def test_hostile_documents(endpoint, origin, change):
    token = cas_token(endpoint)["accessToken"]
    origin.cas.script(faults.body(change))
    got = reconstruction(endpoint, file_of(origin, "random.bin"), token)
    assert got.status == 502, got
    origin.hub.script(faults.body(change), when=lambda r: "xet-read-token" in r.path)
    origin.hub.script(faults.header("X-Xet-Access-Token", None), when=lambda r: "xet-read-token" in r.path)
    got = fetch(endpoint.url, api_target("xet-read-token", "main"))
    assert got.status == 502, got
    if endpoint.peak_memory is not None:
        assert endpoint.peak_memory < 600_000_000
    assert resolve(endpoint, "tiny.bin").body == file_of(origin, "tiny.bin").content


# Fields


def test_cookies_and_unknown_fields_do_not_pass(endpoint, origin):
    origin.hub_side.sends_cookies = True
    origin.hub.script(faults.header("X-Upstream-Secret", "1"), times=None)
    origin.hub.script(faults.header("Strict-Transport-Security", "max-age=1"), times=None)
    sent = {"Cookie": "session=client", "X-Forwarded-For": "1.2.3.4", "Forwarded": "for=1.2.3.4", "X-Secret": "1"}
    sent |= {"Proxy-Authorization": "Basic eDp5", "Referer": "http://client.example/"}
    for headers in (PLAIN_CLIENT, XET_CLIENT):
        for method, target in (
            ("HEAD", resolve_target("random.bin")),
            ("GET", resolve_target("random.bin")),
            ("GET", resolve_target("config.json")),
            ("GET", resolve_target("none.bin")),
            ("GET", api_target("tree", "main")),
            ("GET", api_target("xet-read-token", "main")),
            ("GET", f"/{MODEL}/raw/main/config.json"),
        ):
            got = fetch(endpoint.url, target, method, {**headers, **sent})
            assert got.status in (200, 302, 404), got
            names = {name.lower() for name, _ in got.headers}
            assert not names & {"set-cookie", "x-upstream-secret", "strict-transport-security"}, (target, names)
    for request in origin.log.all():
        assert not {name.lower() for name in sent} & set(request.headers), request.headers


def test_fields_of_the_protocol_pass(endpoint, origin):
    asked = {
        "X-Amzn-Trace-Id": "5f3e2c1a-0000-4000-8000-000000000001",
        "X-HF-Download-Counter": "1",
        "User-Agent": "test/1",
        "Accept": "application/json",
    }
    answered = {
        "X-Request-Id": "Root=1-2-3",
        "RateLimit": '"api";r=0;t=55',
        "RateLimit-Policy": '"api";q=500;w=300',
        "X-Total-Count": "7",
        "X-HF-Warning": "topic; text",
        "Cache-Control": "no-store",
        "Vary": "Origin",
    }
    for name, value in answered.items():
        origin.hub.script(faults.header(name, value), times=None)
    got = fetch(endpoint.url, api_target("tree", "main"), headers=asked, token=origin.alice)
    for name, value in answered.items():
        assert got.header(name) == value, name
    (request,) = origin.log.all("hub")
    for name, value in asked.items():
        assert request.headers[name.lower()] == value, name
    assert request.bearer == origin.alice


def test_a_refusal_keeps_what_clients_read(endpoint, origin):
    origin.hub.script(faults.status(429, [("Retry-After", "7"), ("RateLimit", '"api";r=0;t=55')]), times=None)
    for target in (resolve_target("random.bin"), api_target("refs"), api_target("xet-read-token", "main")):
        for method in ("GET", "HEAD") if "token" not in target else ("GET",):
            got = fetch(endpoint.url, target, method, XET_CLIENT)
            assert (got.status, got.header("Retry-After")) == (429, "7"), (method, target, got)


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_hub_that_recovers_is_asked_again(endpoint, origin, status, method):
    """Clients take one failed HEAD for a file that is not there."""
    origin.hub.script(faults.status(status, [("Retry-After", "1")]), times=2)
    got = fetch(endpoint.url, resolve_target("random.bin"), method, XET_CLIENT)
    assert got.status == (200 if method == "HEAD" else 302)
    assert got.header("X-Linked-Size") == str(file_of(origin, "random.bin").size)
    assert len(origin.log.all("hub")) == 3


def test_a_hub_that_does_not_recover_has_the_last_word(endpoint, origin):
    entry = origin.hub.script(faults.status(503, [("X-Error-Message", "in maintenance")]), times=None)
    got = fetch(endpoint.url, resolve_target("random.bin"), "HEAD", XET_CLIENT)
    assert (got.status, got.header("X-Error-Message")) == (503, "in maintenance")
    assert 1 < entry.uses <= 4


@pytest.mark.parametrize(
    "path, token, repository",
    [
        ("none.bin", None, MODEL),
        ("x", None, PRIVATE),
        ("x", "bob", PRIVATE),
        ("x", None, "no/one"),
        ("x", "bob", "noone"),
    ],
)
def test_errors_are_those_of_the_hub(endpoint, origin, path, token, repository):
    bearer = getattr(origin, token) if token else None
    for method in ("GET", "HEAD"):
        for headers in (PLAIN_CLIENT, XET_CLIENT):
            direct = fetch(origin.url, resolve_target(path, repository), method, headers, bearer)
            got = resolve(endpoint, path, method, headers, bearer, repository=repository)
            assert got.status == direct.status
            for name in ("X-Error-Code", "X-Error-Message", "X-Repo-Commit"):
                assert got.header(name) == direct.header(name), name
            if method == "GET":
                assert got.json()["error"] == direct.json()["error"]


def test_a_line_break_in_a_path_stays_in_it(endpoint, origin):
    got = fetch(endpoint.url, f"/{MODEL}/resolve/main/a%0d%0aSet-Cookie:%20x=1%0d%0a%0d%0ab")
    assert got.status in (400, 404)
    assert got.header("Set-Cookie") is None
    got = fetch(endpoint.url, f"/{MODEL}/resolve/a%0d%0aX-Evil:%201/random.bin")
    assert got.status in (400, 404)
    for request in origin.log.all():
        assert "x-evil" not in request.headers and "set-cookie" not in request.headers


def test_unknown_routes_end_here(endpoint, origin):
    for target in (
        "/nothing",
        "/nothing/here/at/all",
        "/v1/nothing",
        "/v3/reconstructions/x",
        "/favicon.ico",
        "/xorbs/x",
    ):
        got = fetch(endpoint.url, target, token=origin.alice)
        assert_refused(got, 400, 403, 404)
    assert not origin.log.all()
    unknown = fetch(endpoint.url, "/api/agent-harnesses")
    assert unknown.status == 404 and unknown.json()["error"]


def test_long_requests(endpoint, origin):
    for target in (
        "/" + "a" * 60_000,
        f"/{MODEL}/resolve/main/" + "a/" * 20_000,
        f"/{MODEL}/resolve/main/x?" + "a" * 60_000,
    ):
        got = fetch(endpoint.url, target)
        assert got.status is None or got.status in (400, 404, 413, 414, 431), got
    got = fetch(endpoint.url, resolve_target("tiny.bin"), headers=PLAIN_CLIENT)
    assert got.body == file_of(origin, "tiny.bin").content


def test_nothing_of_one_caller_is_served_to_another(endpoint, origin):
    """Whatever was answered to a reader just now, the next caller is asked about anew."""
    for headers in (PLAIN_CLIENT, XET_CLIENT):
        for _ in range(2):
            mine = resolve(endpoint, "random.bin", headers=headers, token=origin.alice, repository=PRIVATE)
            assert mine.status in (200, 302)
            for token, status in ((origin.bob, 404), (None, 401), ("hf_wrong", 401)):
                got = resolve(endpoint, "random.bin", headers=headers, token=token, repository=PRIVATE)
                assert got.status == status
                assert file_of(origin, "random.bin", PRIVATE).stored.hash not in everything(got)


def test_an_address_of_a_xorb_needs_no_token(endpoint, origin):
    xorb, url, ranges = spans_of(
        endpoint, file_of(origin, "random.bin", PRIVATE), token=origin.alice, repository=PRIVATE
    )[0]
    got = get_xorb(endpoint, url, ranges[:1])
    assert got.status == 206
    (request,) = origin.log.all("cdn")
    assert request.authorization is None
