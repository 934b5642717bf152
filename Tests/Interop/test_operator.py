"""What the operator sees, and who else sees what of it."""

import base64
import json
import threading

import pytest

import faults
from catalogue import MODEL, PRIVATE, file_of
from expectations import assert_right
from http_peer import wait_until
from http_probe import fetch, open_exchange
from proxy_calls import download

TOKEN = "an operator's_token-of-32-bytes.".replace("'", "").replace(" ", "-")
BASIC = {"Authorization": "Basic " + base64.b64encode(f"operator:{TOKEN}".encode()).decode()}


@pytest.fixture
def credential(tmp_path):
    path = tmp_path / "operator-token"
    path.write_text(TOKEN + "\n")
    return path


@pytest.fixture
def operated(start_proxy, credential, tmp_path):
    return start_proxy("--operator-token-file", credential, "--cache", tmp_path / "cache")


def report(server, target="/events", **options):
    """The first report of the events."""
    with open_exchange(server.url, target, **options) as exchange:
        exchange.read_head()
        pending = b""
        # It comes in chunks, of which one is an event.
        while b"\n\n" not in pending.partition(b"data: ")[2]:
            before, pending = pending, bytes(exchange.read_some(len(pending) + 1))
            assert pending != before, pending
        return json.loads(pending.partition(b"data: ")[2].partition(b"\n\n")[0])


def test_who_sees_a_transfer(operated, origin):
    """Public repositories are named to all, their files and private ones only to who asked, everything to the operator."""
    gate = threading.Event()
    origin.cdn.script(faults.hold(gate, after=100), times=None)
    content = file_of(origin, "large.bin").content
    with (
        open_exchange(operated.url, f"/download/{MODEL}/large.bin", token=origin.alice) as public,
        open_exchange(operated.url, f"/download/{PRIVATE}/random.bin", token=origin.alice) as private,
    ):
        wait_until(lambda: report(operated)["live"] == 2, message="they do not run")

        def names(**options):
            return sorted(transfer.get("name", "") for transfer in report(operated, **options)["transfers"])

        wait_until(lambda: names() == ["", MODEL], message=lambda: str(names()))
        assert names(token=origin.bob) == ["", MODEL]
        assert names(token=origin.alice) == [f"{MODEL}/large.bin", f"{PRIVATE}/random.bin"]
        for options in ({"headers": BASIC}, {"token": TOKEN}, {"target": "/operator/events", "headers": BASIC}):
            got = report(operated, **options)["transfers"]
            assert sorted(transfer["name"] for transfer in got) == [f"{MODEL}/large.bin", f"{PRIVATE}/random.bin"]
            assert {transfer["client"] for transfer in got} == {"127.0.0.1"}
            assert all({"sent", "total", "rate", "seconds"} <= transfer.keys() for transfer in got)
        assert not any("client" in transfer for transfer in report(operated, token=origin.alice)["transfers"])
        # Anybody may look as often as they like: the Hub is asked about each repository once.
        anonymous = [request for request in origin.log.all("hub") if request.authorization is None]
        assert sorted(request.path for request in anonymous) == sorted(
            [f"/api/models/{MODEL}", f"/api/models/{PRIVATE}"]
        )
        gate.set()
        assert_right(public.finish(), content)
        assert_right(private.finish(), file_of(origin, "random.bin", PRIVATE).content)


def test_the_page_asks_for_the_credential(operated, origin):
    for headers in ({}, {"Authorization": "Basic " + base64.b64encode(b"operator:wrong").decode()}):
        got = fetch(operated.url, "/operator/", headers=headers)
        assert got.status == 401 and got.header("WWW-Authenticate").startswith("Basic ")
    assert fetch(operated.url, "/operator/", token=origin.alice).status == 401
    got = fetch(operated.url, "/operator")
    assert (got.status, got.header("Location")) == (308, "operator/")
    got = fetch(operated.url, "/operator/", headers=BASIC)
    assert got.status == 200 and b'href="../metrics"' in got.body
    for name in ("ui.css", "ui.js"):
        assert fetch(operated.url, f"/operator/{name}", headers=BASIC).body == fetch(operated.url, f"/{name}").body
        assert fetch(operated.url, f"/operator/{name}").status == 401
    assert TOKEN.encode() not in got.body


def test_the_credential_never_leaves(operated, origin):
    """It is refused everywhere else, so that nobody's mistake sends it to the Hub."""
    origin.log.clear()
    for target in (
        f"/download/{MODEL}/random.bin", f"/{MODEL}/resolve/main/random.bin", f"/api/models/{MODEL}", "/api/whoami-v2",
        f"/v1/reconstructions/{'0' * 64}", f"/xorbs/{'0' * 64}/x",
    ):
        for options in ({"headers": BASIC}, {"token": TOKEN}):
            assert fetch(operated.url, target, **options).status == 403
    assert not origin.log.all()


def test_without_the_option_there_is_no_such_page(start_proxy, origin):
    server = start_proxy()
    for target in ("/operator", "/operator/", "/operator/events"):
        assert fetch(server.url, target, headers=BASIC).status == 404


@pytest.mark.parametrize("text, reason", [("short", "16"), ("with blanks in it, and long", "blanks"), ("", "16")])
def test_tokens_that_are_none(xet, tmp_path, text, reason):
    path = tmp_path / "token"
    path.write_text(text)
    got = xet("proxy", "--port", "0", "--operator-token-file", path)
    assert got.returncode != 0 and b"operator-token-file" in got.stderr and reason.encode() in got.stderr
    assert text == "" or text.encode() not in got.stderr


def test_what_the_cache_saves(operated, origin):
    content = file_of(origin, "random.bin").content
    for _ in range(3):
        assert_right(download(operated, origin, "random.bin"), content)
    secret = file_of(origin, "random.bin", PRIVATE).content
    for _ in range(2):
        assert_right(download(operated, origin, "random.bin", PRIVATE), secret)

    def named(**options):
        return {saving.get("name") for saving in report(operated, **options)["cache"]["top"]}

    wait_until(lambda: named(headers=BASIC) == {MODEL, PRIVATE}, message="not all is counted")
    cache = report(operated, headers=BASIC)["cache"]
    assert cache["saved"] >= sum(saving["saved"] for saving in cache["top"]) > len(content)
    assert 0 < cache["size"] < cache["limit"]
    assert named(token=origin.alice) == {MODEL, PRIVATE}
    assert PRIVATE not in named() and PRIVATE not in named(token=origin.bob)
    page = fetch(operated.url, "/").body
    assert b"Saved today" in page and PRIVATE.encode() not in page
    assert PRIVATE.encode() in fetch(operated.url, "/operator/", headers=BASIC).body
