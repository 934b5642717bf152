"""What the proxy says of itself to people: the page, what belongs to it, and its events."""

import json
import re
import subprocess
import threading

import pytest

import faults
from catalogue import MODEL, PRIVATE
from http_peer import wait_until
from http_probe import fetch, open_exchange, path_target
from xet_process import XetServer, environment

PUBLIC = path_target("download", MODEL, "large.bin")
SECRET = path_target("download", PRIVATE, "random.bin")
SEATS = 32


def curl(url, *options):
    return subprocess.run(["curl", "-sS", *options, url], capture_output=True, text=True, timeout=60, check=True).stdout


class Held:
    """A download that stands still after its first bytes."""

    def __init__(self, server, origin, target, token=None):
        self._go_on = threading.Event()
        origin.cdn.script(faults.hold(self._go_on, after=20_000), times=None)
        self._exchange = open_exchange(server.url, target, token=token)
        assert self._exchange.read_head() and self._exchange.status == 200

    def finish(self):
        self._go_on.set()
        assert self._exchange.finish().complete
        self._exchange.close()


@pytest.fixture
def server(start_proxy):
    return start_proxy("--allow-anonymous")


def first_report(server, token=None):
    """The first report of the events."""
    with open_exchange(server.url, "/events", token=token) as exchange:
        assert exchange.read_head() and exchange.status == 200
        assert exchange._field("content-type") == "text/event-stream"
        assert exchange._field("cache-control") == "no-store"
        received = wait_until(lambda: (text := exchange.read_some(200)).count(b"\n\n") >= 2 and text)
        (line,) = re.search(rb"data: (\{.*\})\n\n", received).groups()
        return json.loads(line)


def test_with_curl(server):
    html = curl(server.url + "/")
    assert html.startswith("<!doctype html>") and html.rstrip().endswith("</html>")
    head = curl(server.url + "/", "-I")
    assert "HTTP/1.1 200" in head and "Content-Security-Policy: default-src 'none'" in head.replace("\r", "").replace(
        "content-security-policy", "Content-Security-Policy"
    )
    for path, kind in (("ui.css", "text/css"), ("ui.js", "text/javascript"), ("openapi.json", "application/json")):
        got = fetch(server.url, f"/{path}")
        assert got.status == 200 and got.header("Content-Type").startswith(kind) and got.body
        again = fetch(server.url, f"/{path}", headers={"If-None-Match": got.header("ETag")})
        assert again.status == 304 and not again.body
        assert path in html
    for method in ("POST", "PUT", "DELETE"):
        assert fetch(server.url, "/", method).status == 405


def test_events(server, origin):
    held = Held(server, origin, PUBLIC)
    report = first_report(server)
    (transfer,) = report["transfers"]
    assert transfer["name"] == f"{MODEL}/large.bin" and transfer["total"] == 24_000_000
    assert report["live"] == 1 and report["hub"] == origin.url
    held.finish()
    wait_until(lambda: first_report(server)["totals"]["finished"] == 1)
    assert first_report(server)["totals"]["sent"] == 24_000_000
    with open_exchange(server.url, "/events", "HEAD") as exchange:
        assert exchange.finish().status == 200


def test_names_are_for_who_may_know_them(server, origin):
    origin.hub.script(faults.header("X-Xet-Hash", "none"), when=lambda request: "/resolve/" in request.path)
    assert fetch(server.url, SECRET, token=origin.alice).status == 502
    held = Held(server, origin, SECRET, origin.alice)
    mine = first_report(server, origin.alice)
    assert [entry.get("name") for entry in mine["transfers"]] == [f"{PRIVATE}/random.bin"]
    assert [PRIVATE in entry["cause"] for entry in mine["failures"]] == [True]
    for token in (None, origin.bob, "hf_none"):
        report = first_report(server, token)
        assert report["live"] == 1 and len(report["failures"]) == 1
        assert "name" not in report["transfers"][0] and "cause" not in report["failures"][0]
        page = curl(server.url + "/", *(("-H", f"Authorization: Bearer {token}") if token else ()))
        for text in (json.dumps(report), page):
            assert PRIVATE not in text and "random.bin" not in text
    page = curl(server.url + "/", "-H", f"Authorization: Bearer {origin.alice}")
    assert f"{PRIVATE}/random.bin" in page
    held.finish()


def test_listeners_are_few_and_leave(server):
    listeners = []
    try:
        for _ in range(SEATS):
            listeners.append(open_exchange(server.url, "/events"))
            assert listeners[-1].read_head() and listeners[-1].status == 200
        refused = fetch(server.url, "/events")
        assert refused.status == 503 and refused.header("Retry-After") == "10"
        listeners.pop().close()

        def is_free():
            with open_exchange(server.url, "/events") as exchange:
                return exchange.read_head() and exchange.status == 200

        wait_until(is_free, message="a listener that left keeps its seat")
    finally:
        for listener in listeners:
            listener.close()


def test_a_stop_ends_the_events(xet_binary, origin, home):
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.url]
    server = XetServer(xet_binary, arguments, environment(home))
    with open_exchange(server.url, "/events") as exchange:
        assert exchange.read_head() and exchange.status == 200
        assert server.stop() == 0
        assert exchange.finish().complete, "they end as a whole"


def test_no_page(start_proxy):
    server = start_proxy("--no-ui")
    got = fetch(server.url, "/")
    assert got.header("Content-Type") == "application/json"
    assert got.json()["name"] == "xet proxy"
    for path in ("/events", "/ui.css", "/ui.js"):
        got = fetch(server.url, path)
        assert got.status == 404 and "--no-ui" in got.json()["error"]
    for path in ("/openapi.json", "/health"):
        assert fetch(server.url, path).status == 200
