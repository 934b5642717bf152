"""Clients that leave, and clients that read slowly: the proxy lets go of upstream, and does not run ahead."""

import hashlib
import threading
import time

import pytest

import faults
from catalogue import MODEL, file_of
from contents import noise
from expectations import assert_right
from http_peer import wait_until
from http_probe import fetch, open_exchange, path_target

BIG_REPOSITORY = "acme/big"
BIG_SIZE = 192_000_000
AHEAD_LIMIT = 64_000_000
"""Bytes that the CDN may have sent to a reader that takes next to nothing: all buffers of proxy and kernel."""
MEMORY_LIMIT = 512_000_000
"""Resident bytes of a proxy with six paused readers of a big file, its own code included."""
LET_GO_DEADLINE = 15


@pytest.fixture(scope="module")
def big_content(filled_origin):
    content = noise(BIG_SIZE, "big")
    filled_origin.add_repository(BIG_REPOSITORY, {"big.bin": filled_origin.xet_file(content, compression="none")})
    return content


def start(server, origin, path, repository=MODEL, **options):
    return open_exchange(server.url, path_target("download", repository, path), token=origin.alice, **options)


def assert_let_go(origin):
    """No upstream request stays open, and no new one comes."""
    wait_until(lambda: not origin.open_requests(), LET_GO_DEADLINE, "upstream requests still open")
    wait_until(still(lambda: len(origin.log.all())), LET_GO_DEADLINE, "upstream requests go on")
    assert not origin.open_requests()


def still(value, seconds=1.0):
    """A condition: `value()` has not changed for `seconds`."""
    seen = [value(), time.monotonic()]

    def is_still():
        now = value()
        if now != seen[0]:
            seen[:] = [now, time.monotonic()]
        return time.monotonic() - seen[1] >= seconds

    return is_still


def test_leaving_while_chunks_are_fetched(proxy, origin):
    go_on = threading.Event()
    origin.cdn.script(faults.hold(go_on, after=300_000), times=None)
    exchange = start(proxy, origin, "large.bin")
    wait_until(lambda: origin.open_requests("cdn"))
    exchange.close()
    assert_let_go(origin)
    assert {r.state for r in origin.log.all("cdn")} <= {"closed", "sent"}
    assert any(r.state == "closed" for r in origin.log.all("cdn"))
    go_on.set()
    origin.cdn.clear_script()
    assert_right(
        fetch(proxy.url, path_target("download", MODEL, "large.bin"), token=origin.alice),
        file_of(origin, "large.bin").content,
    )


@pytest.mark.parametrize(
    "server, part", [("hub", "/resolve/"), ("hub", "/xet-read-token/"), ("cas", "/reconstructions/")]
)
def test_leaving_before_the_head(proxy, origin, server, part):
    go_on = threading.Event()
    origin_server = getattr(origin, server)
    origin_server.script(faults.hold(go_on, after=-1), times=None, when=lambda r: part in r.path)
    exchange = start(proxy, origin, "random.bin")
    wait_until(lambda: origin.log.all(server, path=part))
    exchange.close()
    assert_let_go(origin)
    assert {r.state for r in origin.log.all(server, path=part)} == {"closed"}
    go_on.set()


@pytest.mark.parametrize("path, server", [("lfs.bin", "cdn"), ("readme.md", "hub")])
def test_leaving_a_plain_file(proxy, origin, path, server):
    go_on = threading.Event()
    getattr(origin, server).script(faults.hold(go_on, after=60_000), times=None, when=lambda r: r.method == "GET")
    exchange = start(proxy, origin, path)
    wait_until(lambda: origin.open_requests(server))
    exchange.close()
    assert_let_go(origin)
    assert any(r.state == "closed" for r in origin.log.all(server, method="GET"))
    go_on.set()


def test_leaving_while_the_proxy_waits_to_try_again(proxy, origin):
    origin.cdn.script(faults.status(503), times=None)
    exchange = start(proxy, origin, "random.bin")
    wait_until(lambda: origin.log.all("cdn"))
    exchange.close()
    assert_let_go(origin)


def test_leaving_in_the_middle_of_a_big_file(proxy, origin, big_content):
    exchange = start(proxy, origin, "big.bin", BIG_REPOSITORY, receive_buffer=65536)
    assert exchange.read_head() and exchange.status == 200
    assert exchange.read_some(3_000_000)[:1000] == big_content[:1000]
    exchange.close()
    assert_let_go(origin)
    assert origin.sent_bytes("cdn") < AHEAD_LIMIT


def test_many_clients_that_leave(proxy, origin, big_content):
    for count in (1, 1_000_000):
        exchanges = [start(proxy, origin, "big.bin", BIG_REPOSITORY, receive_buffer=65536) for _ in range(8)]
        for exchange in exchanges:
            assert exchange.read_head()
            exchange.read_some(count)
        for exchange in exchanges:
            exchange.close()
        assert_let_go(origin)
    assert_right(
        fetch(proxy.url, path_target("download", MODEL, "random.bin"), token=origin.alice),
        file_of(origin, "random.bin").content,
    )


def test_slow_reader_holds_the_proxy_back(proxy, origin, big_content):
    with start(proxy, origin, "big.bin", BIG_REPOSITORY, receive_buffer=65536, timeout=120) as exchange:
        assert exchange.read_head() and exchange.status == 200
        exchange.read_some(1_000_000)
        sent = lambda: sum(r.bytes_sent for r in origin.log.all("cdn"))  # noqa: E731
        wait_until(still(sent, 2.0), 120, "the proxy goes on fetching")
        assert sent() < AHEAD_LIMIT, f"{sent()} of {BIG_SIZE} bytes fetched for a reader that took 1 MB"
        got = exchange.finish()
    assert_right(got, big_content)


def test_slow_reader_of_a_plain_file(proxy, origin, filled_origin):
    from catalogue import lfs

    content = noise(64_000_000, "big plain")
    filled_origin.add_repository("acme/big-plain", {"big.bin": lfs(content)})
    with start(proxy, origin, "big.bin", "acme/big-plain", receive_buffer=65536, timeout=120) as exchange:
        assert exchange.read_head() and exchange.status == 200
        exchange.read_some(1_000_000)
        sent = lambda: sum(r.bytes_sent for r in origin.log.all("cdn"))  # noqa: E731
        wait_until(still(sent, 2.0), 120, "the proxy goes on fetching")
        assert sent() < 40_000_000
        assert hashlib.sha256(exchange.finish().body).digest() == hashlib.sha256(content).digest()


def test_slow_readers_do_not_stop_others(proxy, origin, big_content):
    paused = [start(proxy, origin, "big.bin", BIG_REPOSITORY, receive_buffer=65536) for _ in range(6)]
    try:
        for exchange in paused:
            assert exchange.read_head() and exchange.read_some(100_000)
        got = fetch(proxy.url, path_target("download", MODEL, "large.bin"), token=origin.alice, timeout=60)
        assert_right(got, file_of(origin, "large.bin").content)
        assert proxy.peak_memory is None or proxy.peak_memory < MEMORY_LIMIT
    finally:
        for exchange in paused:
            exchange.close()
    assert_let_go(origin)


def test_first_bytes_come_before_the_last_are_fetched(proxy, origin):
    """Chunks are streamed: what is decoded goes out while a later fetch waits."""
    go_on = threading.Event()
    file = file_of(origin, "large.bin")
    origin.cdn.script(
        faults.hold(go_on, after=-1),
        times=None,
        when=lambda r: r.range is not None and not r.range.startswith("bytes=0-"),
    )
    origin.cdn.script(
        faults.hold(go_on, after=2_000_000),
        times=None,
        when=lambda r: r.range is not None and r.range.startswith("bytes=0-"),
    )
    with start(proxy, origin, "large.bin") as exchange:
        assert exchange.read_head()
        early = exchange.read_some(100_000)
        assert len(early) >= 100_000 and file.content.startswith(bytes(early))
        assert not go_on.is_set()
        go_on.set()
        assert_right(exchange.finish(), file.content)
