"""Conditional requests by RFC 9110, section 13, to every route that answers with a file, of proxy and origin."""

import itertools
import os

import pytest

import faults
from catalogue import MODEL, file_of
from command_line import origin_options
from contents import noise
from endpoint_calls import resolve_target
from expectations import assert_right
from http_probe import Exchange, address_of, fetch, path_target, request_bytes, target_of
from peer_hub import LAST_MODIFIED
from xet_process import XetServer, environment

EARLIER = "Tue, 03 Mar 2026 10:20:29 GMT"
LATER = "Tue, 03 Mar 2026 10:20:31 GMT"
SAME_IN_OTHER_WORDS = ("Tuesday, 03-Mar-26 10:20:30 GMT", "Tue Mar  3 10:20:30 2026")
MODIFIED = 1_772_533_230
"""`LAST_MODIFIED` in Unix seconds."""
CONTENT = noise(150_000, "conditions")
NOTES = b"notes\n" * 5


class Place:
    """One file at one address."""

    def __init__(self, server, target, content, headers, token=None, has_date=True):
        self.server, self.target, self.content = server, target, content
        self.headers, self.token, self.has_date = headers, token, has_date

    def get(self, method="GET", **conditions):
        fields = {name.replace("_", "-"): value for name, value in conditions.items()}
        return fetch(self.server.url, self.target, method, {**self.headers, **fields}, self.token, timeout=100)


@pytest.fixture(scope="module")
def served(xet_binary, tmp_path_factory):
    """A running `xet origin` over a file of each kind."""
    root = tmp_path_factory.mktemp("conditions")
    for name, content in (("random.bin", CONTENT), ("notes.txt", NOTES)):
        path = root / "served" / "models" / MODEL / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))
    options = origin_options(root / "served", root / "data", 100_000)
    server = XetServer(xet_binary, options, environment(root))
    yield server
    assert server.stop() == 0


@pytest.fixture(params=["download", "download regular", "download hash", "resolve", "resolve regular", "origin", "bridge"])
def place(request, origin, start_proxy, served):
    kind = request.param
    if kind == "origin":
        return Place(served, path_target(MODEL, "resolve", "main", "notes.txt"), NOTES, {})
    if kind == "bridge":
        redirect = fetch(served.url, path_target(MODEL, "resolve", "main", "random.bin"))
        assert redirect.status == 302, redirect
        return Place(served, target_of(redirect.header("Location")), CONTENT, {})
    path = "readme.md" if kind.endswith("regular") else "random.bin"
    file = file_of(origin, path)
    origin.hub.script(faults.header("Last-Modified", LAST_MODIFIED), times=None, when=lambda r: "/resolve/" in r.path)
    target = {
        "download": path_target("download", MODEL, path),
        "download hash": f"/download-hash/{file.stored.hash}?repo={MODEL}" if file.stored else None,
        "resolve": resolve_target(path),
    }[kind.removesuffix(" regular")]
    return Place(start_proxy(), target, file.content, {}, origin.alice, has_date=kind != "download hash")


def assert_not_modified(got, etag):
    assert (got.status, got.body, got.complete) == (304, b"", True), got
    assert got.header("ETag") == etag
    assert got.header("Content-Length") is None and got.header("Content-Range") is None


def assert_failed(got, place):
    assert got.status == 412 and got.complete, got
    assert place.content[:100] not in got.body
    assert got.header("Content-Range") is None


def assert_whole(got, place, method="GET"):
    if method == "GET":
        return assert_right(got, place.content)
    assert (got.status, got.body, got.header("Content-Length")) == (200, b"", str(len(place.content))), got


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_tags(place, method):
    etag = place.get("HEAD").header("ETag")
    assert etag.startswith('"')
    for value in ("*", etag, f'"other", {etag}', f'W/{etag} , {etag}'):
        assert_whole(place.get(method, If_Match=value), place, method)
    for value in ('"other"', f"W/{etag}", '"other", "more"', "junk", etag.rstrip('"')):
        assert_failed(place.get(method, If_Match=value, Range="bytes=0-0"), place)
    for value in ("*", etag, f"W/{etag}", f'"other",{etag}', f'"other" , W/{etag}'):
        assert_not_modified(place.get(method, If_None_Match=value, Range="bytes=0-0"), etag)
    for value in ('"other"', "junk", etag.rstrip('"'), '"other", "more"'):
        assert_whole(place.get(method, If_None_Match=value), place, method)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_dates(place, method):
    head = place.get("HEAD")
    assert head.header("Last-Modified") == (LAST_MODIFIED if place.has_date else None)
    etag = head.header("ETag")
    if not place.has_date:
        assert_whole(place.get(method, If_Modified_Since=LATER), place, method)
        assert_whole(place.get(method, If_Unmodified_Since=EARLIER), place, method)
        return
    for value in (LAST_MODIFIED, LATER, *SAME_IN_OTHER_WORDS):
        assert_not_modified(place.get(method, If_Modified_Since=value), etag)
        assert_whole(place.get(method, If_Unmodified_Since=value), place, method)
    assert_whole(place.get(method, If_Modified_Since=EARLIER), place, method)
    assert_failed(place.get(method, If_Unmodified_Since=EARLIER), place)
    for value in ("yesterday", "0", "", EARLIER.replace("GMT", "CET"), f"{EARLIER}, {EARLIER}", "9" * 3000):
        assert_whole(place.get(method, If_Modified_Since=value, If_Unmodified_Since=value), place, method)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_which_counts(place, method):
    etag = place.get("HEAD").header("ETag")
    assert_failed(place.get(method, If_Match='"other"', If_None_Match=etag), place)
    assert_failed(place.get(method, If_Match='"other"', If_Unmodified_Since=LATER), place)
    assert_not_modified(place.get(method, If_Match=etag, If_None_Match=etag), etag)
    assert_not_modified(place.get(method, If_Match="*", If_None_Match="*"), etag)
    assert_whole(place.get(method, If_Match=etag, If_Unmodified_Since=EARLIER), place, method)
    assert_whole(place.get(method, If_None_Match='"other"', If_Modified_Since=LATER), place, method)
    assert_not_modified(place.get(method, If_None_Match=etag, If_Modified_Since=EARLIER), etag)
    if place.has_date:
        assert_failed(place.get(method, If_Unmodified_Since=EARLIER, If_None_Match=etag), place)
        assert_failed(place.get(method, If_Unmodified_Since=EARLIER, If_Modified_Since=LATER), place)


def test_ranges_under_a_condition(place):
    etag = place.get("HEAD").header("ETag")
    part = place.content[5:10]
    assert_right(place.get(Range="bytes=5-9", If_Range=etag, If_Match=etag), part, 206)
    assert_right(place.get(Range="bytes=5-9", If_Unmodified_Since=LATER, If_None_Match='"other"'), part, 206)
    for value in ('"other"', f"W/{etag}", "*", EARLIER, LATER, "junk"):
        assert_right(place.get(Range="bytes=5-9", If_Range=value), place.content)
    for value in (LAST_MODIFIED, *SAME_IN_OTHER_WORDS):
        got = place.get(Range="bytes=5-9", If_Range=value)
        assert_right(got, part, 206) if place.has_date else assert_right(got, place.content)
    past = place.get(Range=f"bytes={len(place.content)}-", If_Match=etag)
    assert past.status == 416 and past.header("Content-Range") == f"bytes */{len(place.content)}"


def test_head_says_what_get_says(place):
    """Every combination has one status and one length, whatever the method; a HEAD has no range."""
    etag = place.get("HEAD").header("ETag")
    choices = {
        "If_Match": (None, etag, '"other"'),
        "If_None_Match": (None, etag, '"other"'),
        "If_Modified_Since": (None, EARLIER),
    }
    for values in itertools.product(*choices.values()):
        conditions = {name: value for name, value in zip(choices, values, strict=True) if value is not None}
        get, head = place.get(**conditions), place.get("HEAD", **conditions)
        assert (get.status, get.header("Content-Length")) == (head.status, head.header("Content-Length")), conditions


def test_a_fresh_date_is_no_reason_for_a_part(start_proxy, origin):
    """Within the second of a change there may have been another one."""
    from email.utils import formatdate

    now = formatdate(usegmt=True)
    origin.hub.script(faults.header("Last-Modified", now), times=None, when=lambda r: "/resolve/" in r.path)
    proxy = start_proxy()
    fields = {"Range": "bytes=5-9", "If-Range": now}
    got = fetch(proxy.url, path_target("download", MODEL, "random.bin"), headers=fields, token=origin.alice)
    assert_right(got, file_of(origin, "random.bin").content)


@pytest.mark.parametrize("route", ["download", "resolve", "raw"])
def test_no_length_is_made_up(endpoint, origin, route):
    """What nobody knows the length of has none in the answer to HEAD, and the connection is good for the next request."""
    target = {
        "download": path_target("download", MODEL, "readme.md"),
        "resolve": resolve_target("readme.md"),
        "raw": path_target(MODEL, "raw", "main", "readme.md"),
    }[route]
    origin.hub.script(faults.unframed("chunked"), times=None)
    fields = {"Authorization": f"Bearer {origin.alice}", "Connection": "keep-alive"}
    head = request_bytes(target, "HEAD", fields)
    with Exchange(address_of(endpoint.url), head + request_bytes("/livez", "HEAD")) as exchange:
        assert exchange.read_head() and exchange.status == 200
        assert "content-length" not in {name.lower() for name, _ in exchange.headers}
        assert exchange.read_some(17).startswith(b"HTTP/1.1 200 OK\r\n"), "the next answer follows the head at once"
    got = fetch(endpoint.url, target, token=origin.alice)
    assert got.status == 200 and got.complete and got.body
