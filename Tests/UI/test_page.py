"""The page of the proxy in a browser: with its script and without, live, readable, for keyboards and small screens."""

import re
import threading

import pytest
from PIL import Image, ImageChops

import faults
from catalogue import MODEL, PRIVATE
from http_peer import wait_until
from http_probe import fetch, open_exchange, path_target
from looks import OUTLINE, assert_fits, assert_readable

LIVE_DEADLINE = 20
TAB_KEY, ENTER_KEY = 9, 13


class Running:
    """A download that stands still after some bytes until it is let go."""

    def __init__(self, server, origin, repository=MODEL, path="large.bin", token=None, after=2_000_000):
        self._go_on = threading.Event()
        origin.cdn.script(faults.hold(self._go_on, after=after), times=None)
        self.exchange = open_exchange(server.url, path_target("download", repository, path), token=token)
        assert self.exchange.read_head(), self.exchange.error
        assert self.exchange.status == 200, self.exchange.status

    def finish(self):
        self._go_on.set()
        outcome = self.exchange.finish()
        assert outcome.complete, outcome
        self.exchange.close()


def fail(server, origin):
    """A download that comes to nothing because the Hub answers with nonsense."""
    origin.hub.script(faults.header("X-Xet-Hash", "none"), when=lambda request: "/resolve/" in request.path)
    assert fetch(server.url, path_target("download", MODEL, "tiny.bin")).status == 502


@pytest.fixture
def server(start_proxy):
    """A proxy for public files."""
    return start_proxy("--allow-anonymous")


def is_live(tab):
    return wait_until(lambda: tab.text("#state") == "Live", LIVE_DEADLINE, "the page is not live")


def test_complete_without_script(server, origin, open_page, screenshots):
    running = Running(server, origin)
    fail(server, origin)
    tab = open_page(server.url + "/", script=False)
    html = tab.html()
    assert "A snapshot; reload for the next" in html
    assert f">{MODEL}/large.bin</span>" in html
    assert re.search(r'<progress aria-label="acme/model/large.bin" max="24000000" value="\d+">', html)
    assert " of 22.9 MiB" in html
    assert '<span class="status">502</span><span class="summary">invalid response</span>' in html
    assert "tiny.bin" not in html, "nobody is told what failed for others"
    assert f"curl -fL -O \\\n  {server.url}/download/OWNER/REPO/PATH" in html
    assert "<button" not in html, "what only a script can do is not offered"
    tab.screenshot(screenshots / "without-script.png")
    running.finish()


def test_live(server, origin, open_page, screenshots):
    tab = open_page(server.url + "/")
    is_live(tab)
    assert tab.text("#no-transfers") == "Nothing runs at the moment."
    assert tab.text("#finished") == "0"
    running = Running(server, origin)
    wait_until(lambda: tab.texts("#transfers .name") == [f"{MODEL}/large.bin"], LIVE_DEADLINE, "no row")
    wait_until(lambda: tab.evaluate("document.querySelector('progress').value") > 0, LIVE_DEADLINE, "no progress")
    assert tab.evaluate("document.querySelector('progress').max") == 24_000_000
    assert tab.text("#live") == "1"
    assert tab.text("#news") == "1 transfer runs"
    assert tab.evaluate("document.querySelector('#no-transfers').checkVisibility()") is False
    fail(server, origin)
    wait_until(lambda: tab.texts("#failures .status") == ["502"], LIVE_DEADLINE, "no failure")
    tab.screenshot(screenshots / "live.png")
    running.finish()
    wait_until(lambda: tab.text("#finished") == "1", LIVE_DEADLINE, "not finished")
    assert tab.texts("#transfers li") == []
    assert tab.text("#sent") == "22.9 MiB"
    assert tab.evaluate("document.querySelector('#no-transfers').checkVisibility()") is True


def test_script_and_server_write_the_same(server, origin, open_page):
    for path in ("random.bin", "tiny.bin"):
        assert fetch(server.url, path_target("download", MODEL, path)).complete
    running = Running(server, origin)
    fail(server, origin)
    live = open_page(server.url + "/")
    is_live(live)
    parts = ("#sent", "#finished", "#unfinished", "#live", "#transfers .name", "#failures .status", "#failures .summary")

    def settled():
        still = open_page(server.url + "/", script=False)
        shown = [still.texts(part) for part in parts]
        return shown if shown == [live.texts(part) for part in parts] else None

    assert all(wait_until(settled, LIVE_DEADLINE, "the script writes something else"))
    still = open_page(server.url + "/", script=False)
    size = r"[\d.]+ [KM]iB of 22\.9 MiB · "
    for tab in (still, live):
        (line,) = tab.texts("#transfers .meta")
        assert re.match(size, line), line
        (line,) = tab.texts("#failures .meta")
        assert re.fullmatch(r"\S+ · \d+ s ago", line), line
    running.finish()


def test_pictures_with_and_without_script_are_alike(server, open_page, screenshots):
    pictures = []
    for script in (True, False):
        tab = open_page(server.url + "/", script=script)
        if script:
            is_live(tab)
        path = screenshots / f"idle-{'live' if script else 'still'}.png"
        tab.screenshot(path)
        pictures.append(Image.open(path).convert("L"))
    assert pictures[0].size == pictures[1].size
    low, high = pictures[0].getextrema()
    assert high - low > 150, "a blank picture"
    difference = ImageChops.difference(*pictures).point(lambda value: 255 if value > 24 else 0)
    changed = difference.histogram()[255] / (difference.width * difference.height)
    assert 0 < changed < 0.02, f"{changed:.2%} of the picture differ; the buttons and the state are less than that"


def test_others_see_no_names(server, origin, open_page):
    running = Running(server, origin, PRIVATE, "random.bin", token=origin.alice, after=20_000)
    tab = open_page(server.url + "/")
    is_live(tab)
    wait_until(lambda: tab.texts("#transfers .name") == ["a private file"], LIVE_DEADLINE, "no row")
    assert PRIVATE not in tab.html() and "random.bin" not in tab.html()
    running.finish()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_readable(server, origin, open_page, screenshots, dark):
    running = Running(server, origin)
    fail(server, origin)
    tab = open_page(server.url + "/", dark=dark)
    is_live(tab)
    assert_readable(tab)
    tab.screenshot(screenshots / f"{'dark' if dark else 'light'}.png")
    running.finish()


@pytest.mark.parametrize("width", [320, 360, 720, 1920])
def test_width(server, origin, open_page, screenshots, width):
    running = Running(server, origin)
    fail(server, origin)
    tab = open_page(server.url + "/", width=width, height=800)
    is_live(tab)
    assert_fits(tab)
    tab.screenshot(screenshots / f"width-{width}.png")
    running.finish()


def test_keyboard(server, open_page):
    tab = open_page(server.url + "/")
    is_live(tab)
    seen = []
    for _ in range(30):
        tab.press("Tab", TAB_KEY)
        focus = tab.evaluate(OUTLINE)
        if focus["tag"] == "BODY":
            break
        assert focus["outline"] != "none" and focus["width"] >= 2, f"no outline: {focus}"
        seen.append(focus)
    assert seen[0]["text"] == "Skip to the transfers"
    assert [focus["tag"] for focus in seen].count("BUTTON") == 4
    assert [focus["text"] for focus in seen if focus["tag"] == "A"][-1] == "Readiness"
    tab.evaluate("document.querySelector('.command button').focus()")
    tab.press("Enter", ENTER_KEY)
    wait_until(lambda: tab.text(".command button") == "Copied", LIVE_DEADLINE, "not copied")


def test_screen_reader(server, origin, open_page):
    running = Running(server, origin)
    tab = open_page(server.url + "/")
    is_live(tab)
    wait_until(lambda: tab.texts("#transfers .name"), LIVE_DEADLINE, "no row")
    nodes = tab.accessible()
    for role in ("button", "link", "heading", "progressbar", "region", "figure"):
        names = [name for kind, name in nodes if kind == role]
        assert names and all(names), f"{role}: {names}"
    roles = [role for role, _ in nodes]
    assert all(role in roles for role in ("banner", "main", "contentinfo", "status"))
    assert ("progressbar", f"{MODEL}/large.bin") in nodes
    assert tab.evaluate("document.documentElement.lang") == "en"
    running.finish()


def test_nothing_comes_from_elsewhere(server, open_page):
    tab = open_page(server.url + "/")
    is_live(tab)
    outside = [url for url in tab.requests() if not url.startswith((server.url + "/", "data:image/svg+xml"))]
    assert not outside
    blocked = tab.evaluate(
        "fetch('data:text/plain,x').then(() => 'loaded', () => 'blocked')"
    )
    assert blocked == "blocked"
    tab.allow_errors = True  # The line above is one.


def test_a_proxy_that_stops(xet_binary, origin, home, open_page):
    from xet_process import XetServer, environment

    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.url]
    server = XetServer(xet_binary, arguments, environment(home))
    tab = open_page(server.url + "/")
    is_live(tab)
    assert server.stop() == 0, "the listener must not hold it up"
    wait_until(lambda: tab.text("#state") == "Not live; trying again", LIVE_DEADLINE, "still live")
    tab.allow_errors = True  # The browser tells that nobody answers.
