"""Servers that answer in a coding that nobody asked for: never taken for the content, whatever was asked of whom."""

import gzip
import os

import pytest

import faults
from catalogue import MODEL, file_of
from command_line import listed_files
from endpoint_calls import api_target, cas_token, get_xorb, reconstruction, resolve, spans_of
from expectations import assert_right, is_visible_failure
from http_probe import fetch, path_target
from proxy_calls import assert_alive, assert_bounded, download
from xet_process import environment, run_xet

CODINGS = ["gzip", "X-GZIP", "br", "gzip, identity", "identity, unheard-of"]


def coded(coding):
    """Compresses the body, and says so; the head, too, of what has no body."""

    def apply(request, response):
        response.body = gzip.compress(bytes(response.body))
        return response.with_header("Content-Encoding", coding)

    return apply


def asked(part):
    return lambda request: part in request.path


def assert_refused(got):
    assert got.status == 502 and got.complete, got
    assert "coding" in got.json()["error"], got


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("path", ["readme.md", "config.json", "lfs.bin"])
def test_regular_files(proxy, origin, path, coding):
    for server in (origin.hub, origin.cdn):
        server.script(coded(coding), times=None, when=lambda r: r.method == "GET" and "token" not in r.path)
    for headers in ({}, {"Range": "bytes=5-20"}, {"Accept-Encoding": "gzip, br"}):
        assert_refused(download(proxy, origin, path, headers=headers))
        assert_refused(resolve(proxy, path, headers=headers, token=origin.alice))
    assert all(r.headers["accept-encoding"] == "identity" for r in origin.log.all())
    assert_alive(proxy, origin)


@pytest.mark.parametrize("coding", CODINGS)
def test_heads(proxy, origin, coding):
    origin.hub.script(coded(coding), times=None, when=lambda r: r.method == "HEAD")
    assert_refused(download(proxy, origin, "readme.md"))
    assert download(proxy, origin, "readme.md", method="HEAD").status == 502
    assert resolve(proxy, "readme.md", "HEAD", token=origin.alice).status == 502
    # A redirect's coding is that of its own body.
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)


@pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity, identity"])
def test_no_coding_in_other_words(proxy, origin, coding):
    for server in origin.servers:
        server.script(faults.header("Content-Encoding", coding), times=None)
    for path in ("readme.md", "lfs.bin", "random.bin"):
        assert_right(download(proxy, origin, path), file_of(origin, path).content)


@pytest.mark.parametrize("server, part", [("hub", "/xet-read-token/"), ("cas", "/reconstructions/"), ("cdn", "/xorbs/")])
@pytest.mark.parametrize("coding", CODINGS)
def test_files_in_xet(proxy, origin, server, part, coding):
    getattr(origin, server).script(coded(coding), times=None, when=asked(part))
    got = download(proxy, origin, "random.bin")
    assert is_visible_failure(got)
    if got.status != 200:
        assert_refused(got)
    assert_bounded(origin)
    assert {r.headers["accept-encoding"] for r in origin.log.all()} == {"identity"}
    assert_alive(proxy, origin)


def test_a_front_page_in_a_coding_is_an_answer(proxy, origin):
    entry = origin.hub.script(coded("br"), times=None, when=lambda r: r.method == "HEAD")
    assert fetch(proxy.url, "/readyz").status == 200
    assert entry.uses


def test_errors_stay_errors(proxy, origin):
    origin.hub.script(coded("gzip"), times=None)
    for method in ("GET", "HEAD"):
        got = download(proxy, origin, "nothing.bin", method=method)
        assert (got.status, got.header("X-Error-Code")) == (404, "EntryNotFound"), got
        got = resolve(proxy, "nothing.bin", method, token=origin.alice)
        assert (got.status, got.header("X-Error-Code")) == (404, "EntryNotFound"), got
        assert got.complete and got.header("Content-Encoding") is None
    got = fetch(proxy.url, f"/api/models/{MODEL}/revision/none", token=origin.alice)
    assert got.status == 404 and got.complete and got.body == b"" and got.header("Content-Encoding") is None


def test_clients_that_rebuild_files_themselves(endpoint, origin):
    origin.hub.script(coded("gzip"), times=None, when=asked("/xet-read-token/"))
    assert_refused(fetch(endpoint.url, api_target("xet-read-token", "main"), token=origin.alice))
    origin.hub.clear_script()
    token = cas_token(endpoint)["accessToken"]
    spans = spans_of(endpoint, file_of(origin, "random.bin"))
    origin.cas.script(coded("gzip"), times=None)
    assert_refused(reconstruction(endpoint, file_of(origin, "random.bin"), token))
    origin.cdn.script(coded("gzip"), times=None)
    _, url, ranges = spans[0]
    assert_refused(get_xorb(endpoint, url, ranges[:1], {"Accept-Encoding": "gzip"}))


@pytest.mark.parametrize(
    "accepted, coding, status",
    [
        ("gzip, deflate", "gzip", 200),
        ("x-gzip", "gzip", 200),
        ("*", "gzip", 200),
        ("gzip, deflate", "br", 502),
        ("gzip;q=0", "gzip", 502),
        ("identity", "gzip", 502),
        (None, "gzip", 502),
    ],
)
def test_what_the_client_accepts_passes(endpoint, origin, accepted, coding, status):
    """Where the client's own words go to the Hub, its answer comes back in the coding that they name."""
    origin.hub.script(coded(coding), times=None)
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    got = fetch(endpoint.url, f"/{MODEL}/raw/main/config.json", headers=headers, token=origin.alice)
    assert got.status == status, got
    if status == 200:
        assert got.header("Content-Encoding") == coding
        assert gzip.decompress(got.body)
    else:
        assert "coding" in got.json()["error"]
    # With a cache the proxy asks first for what its archive keeps: bodies as they are.
    first = {"identity"} if os.environ.get("XET_TEST_CACHE") else set()
    assert {r.headers["accept-encoding"] for r in origin.log.all()} - first == {accepted or "identity"} - first


def test_json_is_asked_for_as_it_is(endpoint, origin):
    """Addresses in it lead back, which nobody can see to in a packed answer."""
    origin.hub.script(coded("gzip"), times=None)
    target = api_target("revision", "main")
    got = fetch(endpoint.url, target, headers={"Accept-Encoding": "gzip"}, token=origin.alice)
    assert got.status == 502 and "coding" in got.json()["error"], got
    assert {r.headers["accept-encoding"] for r in origin.log.all()} == {"identity"}


def test_command_line(xet_binary, origin, home, tmp_path):
    def run(*arguments):
        env = environment(home, HF_ENDPOINT=origin.url, HF_TOKEN=origin.alice)
        return run_xet(xet_binary, *arguments, env=env)

    target = tmp_path / "file"
    for server in (origin.hub, origin.cdn):
        server.script(coded("gzip"), times=None, when=lambda r: r.method == "GET")
    for path in ("readme.md", "lfs.bin", "random.bin"):
        done = run("download", MODEL, path, "--output", target)
        assert done.returncode == 5 and b"coding" in done.stderr, done.stderr
        assert not target.exists()
    done = run("list", MODEL, "--json")
    assert done.returncode == 5 and b"coding" in done.stderr, done.stderr
    for server in origin.servers:
        server.clear_script()
    assert "readme.md" in listed_files(run("list", MODEL, "--json").stdout)


@pytest.mark.parametrize("target", [path_target("download", MODEL, "readme.md"), f"/{MODEL}/resolve/main/readme.md"])
def test_transfer_codings(proxy, origin, target):
    """Other than in pieces nothing was asked to be sent."""
    entry = origin.hub.script(
        lambda q, r: faults.unframed("chunked")(q, r.with_header("Transfer-Encoding", "gzip")),
        times=None,
        when=lambda r: r.method == "GET" and "token" not in r.path,
    )
    got = fetch(proxy.url, target, token=origin.alice)
    assert entry.uses and got.status == 502, got
