"""Every address that the proxy hands out is its own, by the name that the client knows it by."""

import json

import pytest

import faults
from catalogue import DATA, MODEL, RENAMED, file_of
from endpoint_calls import (
    PLAIN_CLIENT,
    XET_CLIENT,
    addresses_in,
    api_target,
    assert_addresses,
    assert_no_other_address,
    cas_token,
    get_xorb,
    granted_spans,
    resolve,
    resolve_target,
    spans_of,
)
from http_probe import fetch, fetch_raw, target_of

TOKEN_ROUTE = api_target("xet-read-token", "main")


def with_host(host):
    return {"Host": host}


def test_tokens(endpoint, origin):
    for where in ({}, {"repository": DATA, "kind": "dataset"}):
        got = fetch(endpoint.url, api_target("xet-read-token", "main", **where), token=origin.alice)
        assert_addresses(got, endpoint.url)
        document = got.json()
        assert document["casUrl"] == got.header("X-Xet-Cas-Url") == endpoint.url
        assert document["accessToken"] == got.header("X-Xet-Access-Token")
        assert str(document["exp"]) == got.header("X-Xet-Token-Expiration")
        assert document["exp"] <= max(token.expires for token in origin.cas_side.tokens.values())
        assert document["accessToken"] not in origin.cas_side.tokens


@pytest.mark.parametrize("given", ["headers", "body"])
def test_tokens_that_come_in_one_form(endpoint, origin, given):
    """`hf_xet` reads the body, `huggingface_hub` the header fields: the proxy gives both."""

    def without(request, response):
        if given == "headers":
            response.body = b"{}"
        else:
            response.headers = [(n, v) for n, v in response.headers if not n.startswith("X-Xet-")]
        return response

    origin.hub.script(without, times=None, when=lambda r: "xet-read-token" in r.path)
    got = fetch(endpoint.url, TOKEN_ROUTE)
    assert got.status == 200, got
    assert got.json()["casUrl"] == got.header("X-Xet-Cas-Url") == endpoint.url
    assert got.json()["accessToken"] == got.header("X-Xet-Access-Token")
    assert got.header("X-Xet-Token-Expiration") == str(got.json()["exp"])


def test_reconstructions(endpoint, origin):
    file = file_of(origin, "scattered.bin")
    token = cas_token(endpoint)["accessToken"]
    batch = json.dumps([{"prefix": "default", "hash": file.stored.hash}]).encode()
    for method, target, body in (
        ("GET", f"/v1/reconstructions/{file.stored.hash}", None),
        ("GET", f"/v2/reconstructions/{file.stored.hash}", None),
        ("GET", f"/reconstructions/{file.stored.hash}", None),
        ("GET", f"/v1/reconstructions?file_id={file.stored.hash}", None),
        ("POST", "/v1/reconstructions", batch),
    ):
        got = fetch(endpoint.url, target, method, {"Content-Type": "application/json"}, token, body=body)
        assert got.status == 200, (target, got)
        assert_addresses(got, endpoint.url)
        spans = list(granted_spans(got.json()))
        assert spans
        for xorb, url, ranges in spans:
            part = get_xorb(endpoint, url, ranges[:1])
            first, last = ranges[0]
            assert part.status == 206 and part.body == origin.store.xorbs[xorb].data[first : last + 1]


def test_a_reconstruction_is_that_of_the_cas(endpoint, origin):
    """Apart from its addresses nothing in it changes, not even what the proxy does not know."""
    file = file_of(origin, "scattered.bin")
    origin.cas.script(faults.json_body(lambda d: {**d, "later": [1, {"a": None}], "ratio": 0.25}), times=None)
    repository = origin.repositories[("model", MODEL)]
    direct_token = origin.cas_side.issue_token(None, repository).value
    token = cas_token(endpoint)["accessToken"]

    def bare(document):
        text = json.dumps(document)
        for address in addresses_in_document(document):
            text = text.replace(json.dumps(address), '"address"')
        return json.loads(text)

    for version in ("v1", "v2"):
        for headers in ({}, {"Range": "bytes=1000000-1700000"}):
            target = f"/{version}/reconstructions/{file.stored.hash}"
            direct = fetch(origin.cas.url, target, headers=headers, token=direct_token)
            through = fetch(endpoint.url, target, headers=headers, token=token)
            assert through.status == direct.status == 200
            assert bare(through.json()) == bare(direct.json())


def addresses_in_document(document):
    return [url for _, url, _ in granted_spans(document)]


def test_statuses_of_reconstructions_are_kept(endpoint, origin):
    file = file_of(origin, "random.bin")
    token = cas_token(endpoint)["accessToken"]
    target = f"/v2/reconstructions/{file.stored.hash}"
    past = fetch(endpoint.url, target, headers={"Range": f"bytes={file.size}-"}, token=token)
    assert past.status == 416
    assert fetch(endpoint.url, f"/v2/reconstructions/{'ab' * 32}", token=token).status == 404
    for status in (404, 501):
        origin.cas_side.v2_status = status
        assert fetch(endpoint.url, target, token=token).status == status
    for status in (400, 403, 429, 503):
        origin.cas.script(faults.status(status, [("Retry-After", "7")]))
        got = fetch(endpoint.url, target, token=token)
        assert got.status == status or (status == 503 and got.status in (502, 503)), got
        if status == 429:
            assert got.header("Retry-After") == "7"


def test_pages(endpoint, origin):
    origin.hub_side.tree_page = 3
    for target in (api_target("tree", "main", query="?recursive=true&expand=False"), "/api/models?limit=5"):
        seen, pages = [], 0
        while target is not None:
            got = fetch(endpoint.url, target, token=origin.alice)
            assert got.status == 200
            seen += [entry.get("path") or entry["id"] for entry in got.json()]
            pages += 1
            link = got.header("Link")
            assert link is None or link.startswith(f"<{endpoint.url}/api/") and 'rel="next"' in link
            target = target_of(link[1 : link.index(">")]) if link else None
        assert len(seen) == len(set(seen)) and pages > 1


def test_redirects_of_a_renamed_repository(endpoint, origin):
    for target in (
        resolve_target("random.bin", RENAMED),
        resolve_target("random.bin", RENAMED) + "?download=true",
        api_target("tree", "main", repository=RENAMED),
        api_target(repository=RENAMED),
        api_target("xet-read-token", "main", repository=RENAMED),
    ):
        for form in ("relative", "absolute"):
            if form == "absolute":
                location = origin.public_url + target.replace(RENAMED, MODEL)
                origin.hub.script(faults.header("Location", location))
            got = fetch(endpoint.url, target, headers=PLAIN_CLIENT)
            assert got.status == 307, (target, got)
            location = got.header("Location")
            assert_no_other_address(got, endpoint.url)
            assert target_of(location) == target.replace(RENAMED, MODEL)
            assert form == "absolute" or location.startswith("/"), "old clients follow relative locations alone"
            assert fetch(endpoint.url, target_of(location), headers=PLAIN_CLIENT).status == 200


def test_redirects_to_other_hosts(endpoint, origin):
    """The client gets an address of the proxy that serves that one address, without credentials."""
    target = f"{origin.mirror.public_url}/plain/{file_of(origin, 'lfs.bin').sha256}"
    key = origin.plain_url(file_of(origin, "lfs.bin")).partition("?")[2]
    origin.hub.script(faults.status(302, [("Location", f"{target}?{key}")]))
    got = fetch(endpoint.url, api_target("refs"), token=origin.alice)
    assert got.status == 302
    assert_addresses(got, endpoint.url)
    followed = fetch(endpoint.url, target_of(got.header("Location")), token=origin.alice)
    assert followed.status == 200 and followed.body == file_of(origin, "lfs.bin").content
    (request,) = origin.log.all("mirror")
    assert request.authorization is None


# The name of the proxy


def named_addresses(server, headers):
    """The addresses of a token answer and of a HEAD, for a request with these header fields."""
    token = fetch(server.url, TOKEN_ROUTE, headers=headers)
    head = fetch(server.url, resolve_target("random.bin"), "HEAD", headers=headers)
    if token.status != 200:
        return {token.status, head.status}
    found = {
        address.partition("/api/")[0].partition("/v1/")[0]
        for answer in (token, head)
        for address in addresses_in(answer)
    }
    assert found
    return found


@pytest.mark.parametrize(
    "host, base",
    [
        ("xet.example", "http://xet.example"),
        ("xet.example:9999", "http://xet.example:9999"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("10.1.2.3:80", None),
        ("XET.example", None),
    ],
)
def test_host(endpoint, host, base):
    found = named_addresses(endpoint, {"Host": host})
    assert len(found) == 1
    (address,) = found
    if base is not None:
        assert address == base
    else:
        assert address.lower().removesuffix(":80") == f"http://{host}".lower().removesuffix(":80")


@pytest.mark.parametrize(
    "host",
    [
        "user@xet.example",
        "xet.example/path",
        "xet.example?x",
        "xet.example#x",
        "xet.example:99999",
        "xet.example:port",
        'xet"example',
        "xet<example>",
        "xet example",
        "xet\\example",
        "xet.example, other.example",
        "",
    ],
)
def test_a_host_that_is_none(endpoint, origin, host):
    for target in (TOKEN_ROUTE, resolve_target("random.bin")):
        got = fetch(endpoint.url, target, headers={**XET_CLIENT, "Host": host})
        assert got.status == 400, got
    assert not origin.log.all("cas")


@pytest.mark.parametrize("fields", ["", "Host: one.example\r\nHost: two.example\r\n"])
def test_requests_without_one_host(endpoint, origin, fields):
    got = fetch_raw(endpoint.url, f"GET {TOKEN_ROUTE} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
    assert got.status == 400, got


FORWARDED = [
    ({"Forwarded": "for=1.2.3.4;proto=https;host=front.example"}, "https://front.example"),
    ({"Forwarded": 'for="[::1]";host="front.example:8443";proto=https'}, "https://front.example:8443"),
    ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "front.example"}, "https://front.example"),
    (
        {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "front.example", "X-Forwarded-Port": "8443"},
        "https://front.example:8443",
    ),
    (
        {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "front.example", "X-Forwarded-Prefix": "/xet"},
        "https://front.example/xet",
    ),
    ({"X-Forwarded-Proto": "https"}, "https://xet.example"),
]


@pytest.mark.parametrize("fields, base", FORWARDED)
def test_forwarded_from_a_trusted_peer(start_endpoint, fields, base):
    server = start_endpoint("--trusted-proxy", "127.0.0.0/8")
    assert named_addresses(server, {"Host": "xet.example", **fields}) == {base}


@pytest.mark.parametrize("fields", [fields for fields, _ in FORWARDED])
@pytest.mark.parametrize("options", [[], ["--trusted-proxy", "10.0.0.0/8"]], ids=["nobody trusted", "others trusted"])
def test_forwarded_from_anyone_else(start_endpoint, fields, options):
    server = start_endpoint(*options)
    assert named_addresses(server, {"Host": "xet.example", **fields}) == {"http://xet.example"}


@pytest.mark.parametrize(
    "fields",
    [
        {"X-Forwarded-Host": "evil.example/path"},
        {"X-Forwarded-Host": "user@evil.example"},
        {"X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-Prefix": "//evil.example"},
        {"X-Forwarded-Prefix": '/a"><script>'},
        {"X-Forwarded-Port": "evil"},
        {"Forwarded": "host=evil.example/path;proto=https"},
        {"Forwarded": 'host="evil'},
        {"Forwarded": "proto=ftp;host=evil.example"},
    ],
)
def test_hostile_forwarded_fields(start_endpoint, fields):
    server = start_endpoint("--trusted-proxy", "127.0.0.1")
    found = named_addresses(server, {"Host": "xet.example", **fields})
    assert found <= {"http://xet.example", "http://evil.example", 400}, found


@pytest.mark.parametrize("base", ["https://xet.example", "https://xet.example:8443/hub"])
def test_public_url(start_endpoint, origin, base):
    server = start_endpoint("--public-url", base + "/", "--trusted-proxy", "127.0.0.1")
    for headers in ({}, {"Host": "other.example"}, {"X-Forwarded-Host": "other.example"}):
        assert named_addresses(server, headers) == {base}
    answer = fetch(
        server.url, f"/v2/reconstructions/{file_of(origin, 'random.bin').stored.hash}", token=token_at(server)
    )
    assert_addresses(answer, base)
    assert resolve(server, "random.bin", headers=XET_CLIENT).header("Location").startswith((base + "/", "/"))


def token_at(server):
    return fetch(server.url, TOKEN_ROUTE).json()["accessToken"]


@pytest.mark.parametrize("value", ["xet.example", "ftp://xet.example", "https://u:p@xet.example", "https://x/?q", ""])
def test_a_public_url_that_is_none(xet_binary, origin, home, value):
    from xet_process import environment, run_xet

    got = run_xet(xet_binary, "proxy", "--port", "0", "--public-url", value, env=environment(home), timeout=20)
    assert got.returncode != 0 and b"public-url" in got.stderr


def test_a_hub_below_a_path(start_endpoint, origin):
    """A path of the Hub's own address does not show in what the proxy hands out."""
    origin.hub_side.base_path, origin.cas_side.base_path = "/hub", "/cas"
    server = start_endpoint()
    got = fetch(server.url, TOKEN_ROUTE)
    assert got.json()["casUrl"] == server.url
    links = resolve(server, "random.bin", "HEAD").header("Link")
    assert f"<{server.url}/api/models/" in links and f"<{server.url}/v1/reconstructions/" in links, links
    assert spans_of(server, file_of(origin, "random.bin"))
