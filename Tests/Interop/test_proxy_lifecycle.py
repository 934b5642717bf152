"""How a proxy stops: what runs is finished, what does not finish in time is cut off, and never ended as if it were whole."""

import signal
import socket
import threading
import time

import pytest

import faults
from catalogue import MODEL, file_of
from contents import noise
from expectations import assert_right
from http_peer import wait_until
from http_probe import address_of, open_exchange, path_target
from xet_process import XetServer, environment

BIG_REPOSITORY = "acme/drained"
BIG_SIZE = 48_000_000
STOP_LIMIT = 30
"""Seconds within which a proxy that has nothing left to do has ended."""


@pytest.fixture(scope="module")
def big_content(filled_origin):
    content = noise(BIG_SIZE, "drained")
    filled_origin.add_repository(BIG_REPOSITORY, {"big.bin": filled_origin.xet_file(content, compression="none")})
    return content


@pytest.fixture
def start_stoppable(xet_binary, origin, home):
    """Starts proxies that a test stops by itself."""
    running = []

    def start(*options):
        arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.url, *options]
        server = XetServer(xet_binary, arguments, environment(home))
        running.append(server)
        return server

    yield start
    for server in running:
        if server.is_running:
            server.process.kill()
        server.process.wait()


def start(server, origin, path="big.bin", repository=BIG_REPOSITORY, **options):
    return open_exchange(server.url, path_target("download", repository, path), token=origin.alice, **options)


def is_listening(server):
    try:
        socket.create_connection(address_of(server.url), timeout=5).close()
        return True
    except ConnectionError:
        return False


def test_a_running_download_ends_whole(start_stoppable, origin, big_content):
    server = start_stoppable()
    with start(server, origin, receive_buffer=65536) as exchange:
        assert exchange.read_head() and exchange.status == 200
        exchange.read_some(1_000_000)
        server.process.terminate()
        wait_until(lambda: not is_listening(server), message="the proxy still takes connections")
        assert server.is_running
        assert_right(exchange.finish(), big_content)
    assert server.process.wait(STOP_LIMIT) == 0


def test_no_finished_byte_is_lost_under_load(start_stoppable, origin, big_content):
    server = start_stoppable()
    exchanges = [start(server, origin, receive_buffer=65536) for _ in range(4)]
    large = [start(server, origin, "large.bin", MODEL) for _ in range(4)]
    outcomes = {}

    def read(exchange):
        outcomes[exchange] = exchange.finish()

    for exchange in [*exchanges, *large]:
        assert exchange.read_head() and exchange.status == 200
    readers = [threading.Thread(target=read, args=(exchange,)) for exchange in [*exchanges, *large]]
    for reader in readers:
        reader.start()
    server.process.terminate()
    for reader in readers:
        reader.join(120)
    for exchange in exchanges:
        assert_right(outcomes[exchange], big_content)
    for exchange in large:
        assert_right(outcomes[exchange], file_of(origin, "large.bin").content)
    assert server.process.wait(STOP_LIMIT) == 0


def test_an_answer_that_waits_for_its_reader_is_not_lost(start_stoppable, origin):
    """The proxy has written all of it and waits for the next request; much of it is still in its own buffers."""
    server = start_stoppable()
    file = file_of(origin, "random.bin")
    idle = open_exchange(server.url, "/health", headers={"Connection": "keep-alive"})
    with idle, start(server, origin, "random.bin", MODEL, headers={"Connection": "keep-alive"}) as exchange:
        assert exchange.read_head() and exchange.status == 200
        assert idle.finish().complete
        wait_until(lambda: not origin.open_requests())
        server.process.terminate()
        wait_until(lambda: not is_listening(server))
        assert idle.socket.recv(1) == b""
        assert_right(exchange.finish(), file.content)
        assert exchange.socket.recv(1) == b""
    assert server.process.wait(STOP_LIMIT) == 0


def test_a_late_head_says_that_the_connection_closes(start_stoppable, origin):
    server = start_stoppable()
    go_on = threading.Event()
    origin.hub.script(faults.hold(go_on, after=-1), when=lambda r: "/resolve/" in r.path)
    with start(server, origin, "tiny.bin", MODEL, headers={"Connection": "keep-alive"}) as exchange:
        wait_until(lambda: origin.log.all("hub", path="/resolve/"))
        server.process.terminate()
        wait_until(lambda: not is_listening(server))
        go_on.set()
        outcome = exchange.finish()
        assert_right(outcome, file_of(origin, "tiny.bin").content)
        assert outcome.header("connection") == "close"
        assert exchange.socket.recv(1) == b""
    assert server.process.wait(STOP_LIMIT) == 0


def test_what_does_not_finish_in_time_is_cut_off(start_stoppable, origin, big_content):
    server = start_stoppable("--drain-timeout", "1s")
    with start(server, origin, receive_buffer=65536) as exchange:
        assert exchange.read_head() and exchange.status == 200
        begin = time.monotonic()
        server.process.terminate()
        assert server.process.wait(STOP_LIMIT) == 0
        assert time.monotonic() - begin >= 1
        outcome = exchange.finish()
    assert not outcome.complete
    assert big_content.startswith(outcome.body)
    assert "cut off" in server.errors()


@pytest.mark.parametrize("second, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_at_once(start_stoppable, origin, big_content, second, status):
    server = start_stoppable()
    with start(server, origin, receive_buffer=65536) as exchange:
        assert exchange.read_head() and exchange.status == 200
        server.process.terminate()
        wait_until(lambda: not is_listening(server))
        server.process.send_signal(second)
        assert server.process.wait(STOP_LIMIT) == status
        assert not exchange.finish().complete


def test_ctrl_c_ends_at_once(start_stoppable, origin, big_content):
    server = start_stoppable()
    with start(server, origin, receive_buffer=65536) as exchange:
        assert exchange.read_head() and exchange.status == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(STOP_LIMIT) == 130
        assert not exchange.finish().complete
