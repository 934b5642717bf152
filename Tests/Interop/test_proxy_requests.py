"""Requests that no ordinary client sends. The proxy answers or hangs up, asks nothing astray, and goes on serving."""

import socket
from urllib.parse import unquote

import pytest

from catalogue import MODEL, file_of
from expectations import assert_right
from http_probe import Exchange, address_of, fetch, fetch_raw, path_target, request_bytes
from proxy_calls import download


def raw(server, origin, target, method="GET", **headers):
    fields = {"Authorization": f"Bearer {origin.alice}", **{name.replace("_", "-"): v for name, v in headers.items()}}
    return fetch_raw(server.url, request_bytes(target, method, fields))


def assert_well(server, origin):
    """The proxy still serves, and asked the Hub nothing outside the file routes of one repository."""
    assert fetch(server.url, "/health").status == 200
    for request in origin.log.all("hub"):
        path = request.path
        assert path.startswith((f"/{MODEL}/resolve/", f"/api/models/{MODEL}/xet-read-token/")), path
        assert not any(unquote(segment) in (".", "..") for segment in path.split("/")), path


@pytest.mark.parametrize(
    "tail",
    [
        "%zz",
        "%2",
        "%",
        "a%",
        "%0",
        "%g0.bin",
        "random.bin%",
        "%u0041",
        "%ff%fe",
        "%c0%ae%c0%ae/x",
        "%00",
        "random.bin%00",
        "a%00b",
    ],
)
def test_bad_percent_encoding(proxy, origin, tail):
    got = raw(proxy, origin, f"/download/{MODEL}/{tail}")
    assert got.status in (400, 404), got
    assert_well(proxy, origin)


@pytest.mark.parametrize(
    "tail",
    [
        "../random.bin",
        "sub/../random.bin",
        "./random.bin",
        "..",
        ".",
        "sub/..",
        "%2e%2e/random.bin",
        "sub/%2e%2e/random.bin",
        "%2e/random.bin",
        "sub/.%2e/random.bin",
        "sub%2f..%2frandom.bin",
        "sub/..%2frandom.bin",
        "..%2f..%2fsecret%2fresolve%2fmain%2frandom.bin",
        "../../secret/resolve/main/random.bin",
        "..%5crandom.bin",
        "/random.bin",
        "sub//weights.bin",
        "random.bin/",
        "%252e%252e/random.bin",
    ],
)
def test_dot_segments_lead_nowhere(proxy, origin, tail):
    got = raw(proxy, origin, f"/download/{MODEL}/{tail}")
    assert got.status in (301, 307, 308, 400, 404), got
    assert_well(proxy, origin)


@pytest.mark.parametrize(
    "target",
    [
        "/download/acme%2Fmodel/random.bin",
        "/download/acme/model%2Frandom.bin",
        "/download/acme",
        "/download/acme/",
        "/download/acme/model",
        "/download/acme/model/",
        "/download//model/random.bin",
        "/download/acme//random.bin",
        "/download/",
        "/download",
        "/download/datasets/acme",
        "/download/../model/random.bin",
        "/download/%2e%2e/model/random.bin",
        "/download/acme/%2e%2e/random.bin",
        "/download/acme/model%3Fx/random.bin",
        "/download/acme/model%23x/random.bin",
        "/download/acme%0d%0aX-Evil:1/model/random.bin",
        "/download-hash/",
        "/download-hash/%2e%2e",
        "/nothing/here",
        "/download/acme/model/%0d%0aX-Evil:%201",
    ],
)
def test_addresses_that_name_no_file(proxy, origin, target):
    got = raw(proxy, origin, target)
    assert got.status in (301, 307, 308, 400, 404), got
    assert got.header("X-Evil") is None
    assert fetch(proxy.url, "/health").status == 200
    for request in origin.log.all("hub"):
        assert request.path.startswith("/acme") or request.path.startswith("/api/models/acme"), request.path
        assert "x-evil" not in request.headers
        assert "/../" not in unquote(request.path)


def test_encoded_slash_within_a_path(proxy, origin):
    """Decoded once it is the path of the file: it is served or refused, never another file."""
    got = raw(proxy, origin, f"/download/{MODEL}/sub%2Fweights.bin")
    if got.status == 200:
        assert_right(got, file_of(origin, "sub/weights.bin").content)
    else:
        assert got.status in (400, 404), got
    assert_well(proxy, origin)


@pytest.mark.parametrize(
    "query",
    [
        "revision=..%2F..%2Fx",
        "revision=%2e%2e",
        "revision=a%0d%0aX-Evil:1",
        "revision=main%23",
        "revision=main%3Fx=1",
        "revision=%ff",
        "revision=%zz",
    ],
)
def test_revisions_stay_one_segment(proxy, origin, query):
    got = raw(proxy, origin, f"/download/{MODEL}/random.bin?{query}")
    assert got.status in (400, 404), got
    for request in origin.log.all("hub"):
        assert "x-evil" not in request.headers
        segments = [unquote(segment) for segment in request.target.split("/")[1:]]
        assert "." not in segments and ".." not in segments, request.target
        if segments[0] == "api":
            assert segments[:5] == ["api", "models", *MODEL.split("/"), "xet-read-token"] and len(segments) == 6
        else:
            assert segments[:3] == [*MODEL.split("/"), "resolve"] and segments[4:] == ["random.bin"], request.target
    assert fetch(proxy.url, "/health").status == 200


def test_empty_or_repeated_revision(proxy, origin):
    content = file_of(origin, "random.bin").content
    for query in ("revision=", "revision=main&revision=v1.0", "revision", "unknown=1", "&&", "revision=main&"):
        got = raw(proxy, origin, f"/download/{MODEL}/random.bin?{query}")
        if got.status == 200:
            assert got.body in (content, file_of(origin, "random.bin", revision="v1.0").content)
        else:
            assert got.status == 400, f"{query}: {got}"
    assert_right(raw(proxy, origin, f"/download/{MODEL}/random.bin?unknown=1&revision=main"), content)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_other_methods(proxy, origin, method):
    got = raw(proxy, origin, f"/download/{MODEL}/random.bin", method)
    assert got.status in (400, 404, 405, 501) or (method == "OPTIONS" and got.status in (200, 204)), got
    assert not origin.log.all()


def test_absolute_form_is_no_way_out(proxy, origin):
    got = raw(proxy, origin, f"{origin.mirror.url}/download/{MODEL}/random.bin")
    assert got.status in (200, 400, 404), got
    assert not origin.log.all("mirror")
    got = raw(proxy, origin, f"127.0.0.1:{origin.mirror.port}", "CONNECT")
    assert got.status is None or got.status >= 400
    assert not origin.log.all("mirror")
    assert fetch(proxy.url, "/health").status == 200


@pytest.mark.parametrize(
    "size, count", [(100_000, 1), (2_000_000, 1), (100, 5_000), (20_000, 100)], ids=lambda value: str(value)
)
def test_huge_headers(proxy, origin, size, count):
    fields = "".join(f"X-Filler-{at}: {'x' * size}\r\n" for at in range(count))
    request = f"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n".encode()
    got = fetch_raw(proxy.url, request)
    assert got.status in (None, 200, 400, 413, 431), got
    if len(request) > 1_000_000:
        assert got.status != 200
    assert fetch(proxy.url, "/health").status == 200


def test_huge_target(proxy, origin):
    got = raw(proxy, origin, f"/download/{MODEL}/" + "a" * 3_000_000)
    assert got.status in (None, 400, 404, 413, 414, 431), got
    assert fetch(proxy.url, "/health").status == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello",
        b"GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
        b"GET /health HTTP/1.1\r\nHost : a\r\nConnection: close\r\n\r\n",
        b"GET /health HTTP/1.1\r\n folded\r\nConnection: close\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /he\x00alth HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /health\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ],
    ids=lambda value: None,
)
def test_what_is_hardly_http(proxy, origin, request_):
    with Exchange(address_of(proxy.url), request_, timeout=15) as exchange:
        exchange.socket.shutdown(socket.SHUT_WR)
        got = exchange.finish()
    assert got.status in (None, 200, 400, 404, 408, 501, 505), got
    assert fetch(proxy.url, "/health").status == 200
    assert not origin.log.all()


@pytest.mark.parametrize("host", ["<script>alert(1)</script>", 'x"onload="alert(1)', "a'b&c<d>", "evil.example"])
def test_front_page_quotes_the_host(proxy, host):
    got = fetch_raw(proxy.url, request_bytes("/", host=host))
    assert got.status in (200, 400), got
    assert b"<script>alert(1)" not in got.body and b'"onload="' not in got.body and b"<d>" not in got.body


def test_file_name_with_a_line_break(proxy, origin):
    from http_probe import disposition_names
    from peer_repositories import PeerFile

    repository = origin.repositories[("model", MODEL)]
    before = repository.revisions["main"]
    name = "evil\r\nX-Evil: 1\r\n.txt"
    try:
        origin.add_repository(MODEL, {name: PeerFile(b"line break", "regular")})
        got = raw(proxy, origin, f"/download/{MODEL}/evil%0d%0aX-Evil:%201%0d%0a.txt")
    finally:
        repository.revisions["main"] = before
    assert got.header("X-Evil") is None
    if got.status == 200:
        assert_right(got, b"line break")
        disposition_names(got.header("Content-Disposition"))
    else:
        assert got.status in (400, 404), got


# Names that are too long


@pytest.mark.parametrize("count, status", [(1024, 404), (1025, 400), (58_000, 400)])
def test_revisions_are_bounded(proxy, origin, count, status):
    got = download(proxy, origin, "random.bin", revision="r" * count)
    assert got.status == status and got.json()["error"], got
    if status == 400:
        assert not origin.log.all()


@pytest.mark.parametrize("count, status", [(4096, 404), (4097, 400), (50_000, 400)])
def test_paths_are_bounded(proxy, origin, count, status):
    path = ("d" * 100 + "/") * (count // 101)
    got = fetch(proxy.url, path_target("download", MODEL, path + "f" * (count - len(path))), token=origin.alice)
    assert got.status == status and got.json()["error"], got
