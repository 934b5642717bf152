"""What a proxy grants its clients, and that many slow ones do not stop a fast one."""

import resource
import socket
import threading
import time

import pytest

import faults
from catalogue import MODEL, file_of
from contents import noise
from endpoint_calls import range_field, spans_of
from expectations import assert_right
from http_peer import wait_until
from http_probe import address_of, fetch, fetch_raw, open_exchange, path_target, request_bytes, target_of

BIG_REPOSITORY = "acme/limited"
BIG_SIZE = 24_000_000
SLOW_COUNT = 2000
PAUSED_COUNT = 300
"""Of the slow clients those that asked for a file and do not read it; each costs the Hub and the CAS some requests."""
MEMORY_LIMIT = 700_000_000
"""Resident bytes of a debug build with all of them."""
FAST_LIMIT = 10
"""Seconds that a fast client may need meanwhile for a file of 3 MB."""


@pytest.fixture(scope="module")
def big_content(filled_origin):
    content = noise(BIG_SIZE, "limited")
    filled_origin.add_repository(BIG_REPOSITORY, {"big.bin": filled_origin.xet_file(content, compression="none")})
    return content


def start(server, origin, token=None, **options):
    target = path_target("download", BIG_REPOSITORY, "big.bin")
    return open_exchange(server.url, target, token=token or origin.alice, receive_buffer=65536, **options)


def small(server, origin, token=None):
    return fetch(server.url, path_target("download", MODEL, "single.bin"), token=token or origin.alice)


def test_more_downloads_than_may_run(start_proxy, origin, big_content):
    proxy = start_proxy("--max-downloads", "2")
    first, second = start(proxy, origin), start(proxy, origin, origin.bob)
    with first, second:
        assert first.read_head() and second.read_head()
        assert (first.status, second.status) == (200, 200)
        refused = small(proxy, origin)
        assert refused.status == 503
        assert int(refused.header("retry-after")) > 0
        assert "downloads" in refused.json()["error"]
        assert fetch(proxy.url, "/health").status == 200
        head = fetch(proxy.url, path_target("download", MODEL, "single.bin"), "HEAD", token=origin.alice)
        assert head.status == 200
        first.close()
        wait_until(lambda: small(proxy, origin).status == 200)


def test_more_connections_than_there_may_be(start_proxy, origin):
    proxy = start_proxy("--max-connections", "2")
    first = socket.create_connection(address_of(proxy.url), timeout=20)
    second = socket.create_connection(address_of(proxy.url), timeout=20)
    with first, second:
        for connection in (first, second):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        refused = fetch(proxy.url, "/health")
        assert refused.status == 503
        assert int(refused.header("retry-after")) > 0
        assert "connections" in refused.json()["error"]
        first.close()
        wait_until(lambda: fetch(proxy.url, "/health").status == 200)
        counted = b'xet_rejected_requests_total{limit="connections"} '
        wait_until(lambda: counted in fetch(proxy.url, "/metrics").body)


def test_more_downloads_than_one_client_may_have(start_proxy, origin, big_content):
    proxy = start_proxy("--max-downloads-per-client", "1", "--allow-anonymous")
    with start(proxy, origin) as exchange:
        assert exchange.read_head() and exchange.status == 200
        refused = small(proxy, origin)
        assert refused.status == 429
        assert int(refused.header("retry-after")) > 0
        assert small(proxy, origin, origin.bob).status == 200
        assert fetch(proxy.url, path_target("download", MODEL, "single.bin")).status == 200
        exchange.close()
        wait_until(lambda: small(proxy, origin).status == 200)


def held(server, origin, tokens, target, peer):
    """Requests for which the Hub is being asked, one for each token."""
    exchanges = []
    for token in tokens:
        asked = len([request for request in origin.open_requests("hub") if request.bearer == token])
        exchanges.append(open_exchange(server.url, target, headers={"X-Forwarded-For": peer}, token=token))
        wait_until(
            lambda token=token, asked=asked: len([r for r in origin.open_requests("hub") if r.bearer == token]) > asked,
            message="the Hub is not asked",
        )
    return exchanges


def made_up(count, name="x"):
    return [f"hf_made_up_{name}_{number}" for number in range(count)]


@pytest.mark.parametrize("kind", ["xorb", "address"])
def test_a_token_that_nobody_checks_is_no_other_client(start_endpoint, origin, kind):
    """Addresses that the proxy signed need no token: a new one for each request would make each the first."""
    proxy = start_endpoint("--max-downloads-per-client", "2")
    if kind == "xorb":
        _, url, spans = spans_of(proxy, file_of(origin, "random.bin"))[0]
        target, headers = target_of(url), range_field(spans)
    else:
        location = f"{origin.mirror.public_url}/plain/x"
        origin.hub.script(faults.status(302, [("Location", location)]), when=lambda r: r.path.endswith("/raw/main/x"))
        target, headers = target_of(fetch(proxy.url, path_target(MODEL, "raw", "main", "x")).header("Location")), {}
    gate = threading.Event()
    for server in (origin.cdn, origin.mirror):
        server.script(faults.hold(gate, after=-1), times=None)
    first = [open_exchange(proxy.url, target, headers=headers, token=token) for token in made_up(2)]
    wait_until(lambda: len(origin.open_requests("cdn", "mirror")) == 2)
    for token in (None, "hf_another", origin.alice):
        refused = fetch(proxy.url, target, headers=headers, token=token)
        assert refused.status == 429 and int(refused.header("Retry-After")) > 0, refused
    gate.set()
    for exchange in first:
        assert exchange.finish().complete
        exchange.close()
    wait_until(lambda: fetch(proxy.url, target, headers=headers, token="hf_another").status != 429)


@pytest.mark.parametrize(
    "target", [path_target("download", MODEL, "single.bin"), path_target(MODEL, "resolve", "main", "single.bin")]
)
def test_tokens_that_the_hub_has_not_accepted_are_those_of_one_client(start_proxy, origin, target):
    proxy = start_proxy("--max-downloads-per-client", "2", "--trusted-proxy", "127.0.0.1")
    assert small(proxy, origin).status == 200, "the Hub accepts alice"
    gate = threading.Event()
    origin.hub.script(faults.hold(gate, after=-1), times=None, when=lambda r: "made_up" in (r.bearer or ""))
    first = held(proxy, origin, made_up(2), target, "192.0.2.1")
    near, far = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    for token in (*made_up(1, "next"), origin.bob):
        refused = fetch(proxy.url, target, headers=near, token=token)
        assert refused.status == 429, refused
    assert fetch(proxy.url, target, headers=near, token=origin.alice).status == 200, "she is known"
    assert fetch(proxy.url, target, headers=far, token=origin.bob).status == 200
    gate.set()
    for exchange in first:
        assert exchange.finish().status == 401
        exchange.close()
    got = fetch(proxy.url, target, headers=near, token="hf_made_up_later")
    assert got.status == 401, "a refusal makes room"


def test_made_up_tokens_do_not_keep_others_out(start_proxy, origin):
    """While the Hub is asked about them they hold places, but not all."""
    proxy = start_proxy("--max-downloads", "16", "--trusted-proxy", "127.0.0.1")
    target = path_target("download", MODEL, "single.bin")
    gate = threading.Event()
    origin.hub.script(faults.hold(gate, after=-1), times=None, when=lambda r: "made_up" in (r.bearer or ""))
    waiting = held(proxy, origin, made_up(4), target, "192.0.2.1")
    refused = fetch(proxy.url, target, headers={"X-Forwarded-For": "192.0.2.1"}, token="hf_made_up_next")
    assert refused.status == 429 and int(refused.header("Retry-After")) > 0
    for address in ("192.0.2.2", "2001:db8::1"):
        got = fetch(proxy.url, target, headers={"X-Forwarded-For": address}, token=origin.alice)
        assert_right(got, file_of(origin, "single.bin").content)
    metrics = fetch(proxy.url, "/metrics").body.decode()
    assert 'xet_rejected_requests_total{limit="unaccepted_downloads"} 1' in metrics
    gate.set()
    for exchange in waiting:
        assert exchange.finish().status == 401
        exchange.close()
    got = fetch(proxy.url, target, headers={"X-Forwarded-For": "192.0.2.1"}, token=origin.alice)
    assert_right(got, file_of(origin, "single.bin").content)


def test_a_token_counts_once_it_is_accepted(start_proxy, origin, big_content):
    """Two first requests of one owner: when the Hub has accepted both, one is too many."""
    proxy = start_proxy("--max-downloads-per-client", "1", "--trusted-proxy", "127.0.0.1")
    gate = threading.Event()
    origin.hub.script(faults.hold(gate, after=-1), times=None, when=lambda r: r.method == "HEAD")
    target = path_target("download", BIG_REPOSITORY, "big.bin")
    exchanges = [held(proxy, origin, [origin.alice], target, f"192.0.2.{n}")[0] for n in (1, 2)]
    gate.set()
    assert all(exchange.read_head() for exchange in exchanges)
    assert sorted(exchange.status for exchange in exchanges) == [200, 429]
    for exchange in exchanges:
        exchange.close()
    wait_until(lambda: small(proxy, origin).status == 200)


def test_a_finished_download_makes_room(start_proxy, origin):
    proxy = start_proxy("--max-downloads", "1")
    for _ in range(5):
        assert_right(small(proxy, origin), file_of(origin, "single.bin").content)
        missing = fetch(proxy.url, path_target("download", MODEL, "missing.bin"), token=origin.alice)
        assert missing.status == 404


@pytest.mark.parametrize(
    "request_line, headers",
    [("/health", {"X-Long": "x" * 5000}), ("/" + "x" * 5000, {}), ("/health", {f"X-{n}": "x" * 500 for n in range(10)})],
)
def test_a_head_that_is_too_long(start_proxy, request_line, headers):
    proxy = start_proxy("--max-header-size", "4KiB")
    refused = fetch_raw(proxy.url, request_bytes(request_line, headers={**headers, "Connection": "keep-alive"}))
    assert refused.status == 431
    assert refused.header("connection") == "close"
    assert fetch(proxy.url, "/health", headers={"X-Long": "x" * 3000}).status == 200


def test_a_body_that_is_too_long(start_endpoint, origin):
    proxy = start_endpoint("--allow-writes", "--max-body-size", "64KiB")
    target = "/api/repos/create"
    with open_exchange(proxy.url, target, "POST", {"Content-Length": "65537"}, origin.alice) as exchange:
        refused = exchange.finish()
        assert refused.status == 413
        assert refused.header("connection") == "close"
    assert not origin.log.all("hub", path=target)


def test_a_chunked_body_that_gets_too_long(start_endpoint, origin):
    proxy = start_endpoint("--allow-writes", "--max-body-size", "64KiB")
    head = request_bytes(
        "/api/validate-yaml", "POST", {"Transfer-Encoding": "chunked", "Authorization": f"Bearer {origin.alice}"}
    )
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    refused = fetch_raw(proxy.url, head + chunk * 8 + b"0\r\n\r\n")
    assert refused.status == 413, refused


def test_connections_without_a_request_are_closed(start_proxy):
    proxy = start_proxy("--idle-timeout", "1s")
    address = address_of(proxy.url)
    with socket.create_connection(address, timeout=20) as silent, socket.create_connection(address, timeout=20) as half:
        half.sendall(b"GET /health HTTP/1.1\r\nHost: proxy\r\n")
        with open_exchange(proxy.url, "/health", headers={"Connection": "keep-alive"}, timeout=20) as idle:
            assert idle.finish().complete
            for connection in (silent, half, idle.socket):
                assert connection.recv(1) == b""


def test_a_head_that_comes_byte_by_byte_does_not_hold_a_connection(start_proxy):
    proxy = start_proxy("--idle-timeout", "1s")
    with socket.create_connection(address_of(proxy.url), timeout=0.1) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nHost: proxy\r\nX-Slow: ")

        def is_closed():
            try:
                slow.sendall(b"x")
                return slow.recv(1) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        wait_until(is_closed)


def test_an_answer_takes_longer_than_the_idle_timeout(start_proxy, origin, big_content):
    """A client that reads, however slowly, is not idle."""
    proxy = start_proxy("--idle-timeout", "1s")
    with start(proxy, origin) as exchange:
        assert exchange.read_head()
        end = time.monotonic() + 2.5
        wait_until(lambda: time.monotonic() > end)
        assert_right(exchange.finish(), big_content)


def test_many_slow_clients_do_not_stop_a_fast_one(start_proxy, origin, big_content):
    """Slow in every way: silent ones, heads that stop, and answers that nobody reads."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3 * SLOW_COUNT:
        pytest.skip(f"this system allows {hard} open files")
    # The proxy inherits what is usual, which would not do, and has to raise it by itself.
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    proxy = start_proxy("--buffer-memory", "64MiB")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    address = address_of(proxy.url)
    slow, paused = [], []
    try:
        for number in range(SLOW_COUNT - PAUSED_COUNT):
            connection = socket.create_connection(address, timeout=20)
            slow.append(connection)
            if number % 2:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: proxy\r\nX-Slow: ")
        paused = [start(proxy, origin) for _ in range(PAUSED_COUNT)]
        assert all(exchange.read_head() and exchange.status == 200 for exchange in paused)
        begin = time.monotonic()
        got = fetch(proxy.url, path_target("download", MODEL, "random.bin"), token=origin.alice)
        took = time.monotonic() - begin
        assert_right(got, file_of(origin, "random.bin").content)
        assert took < FAST_LIMIT, f"the fast client needed {took:.1f} s"
        assert proxy.peak_memory is None or proxy.peak_memory < MEMORY_LIMIT, proxy.peak_memory
    finally:
        for connection in slow:
            connection.close()
        for exchange in paused:
            exchange.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: not origin.open_requests(), 30, "upstream requests still open")
