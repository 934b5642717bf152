"""Answers that the proxy holds as a whole: they count in its memory until they have left, and all of them leave."""

import json
from concurrent.futures import ThreadPoolExecutor

import faults
from catalogue import file_of
from endpoint_calls import cas_token
from http_peer import wait_until
from http_probe import fetch, open_exchange

READERS = 24
LENGTH = 12 << 20
MEMORY_LIMIT = 210 << 20


def enlarge(document):
    """A reconstruction as long as one of a very large file."""
    document["padding"] = ["x" * 1000] * (LENGTH // 1003)


def ask(server, file, token):
    """Asks for a reconstruction and reads none of it."""
    return open_exchange(
        server.url, f"/v2/reconstructions/{file.stored.hash}", token=token, receive_buffer=16384, timeout=100
    )


def check(exchange, file):
    with exchange:
        assert exchange.read_head()
        got = exchange.finish()
    assert got.status == 200 and got.complete, got
    document = json.loads(got.body)
    assert len(document["padding"]) == LENGTH // 1003
    assert sum(term["unpacked_length"] for term in document["terms"]) == file.size


def test_slow_readers_of_long_answers(start_endpoint, origin):
    server = start_endpoint("--buffer-memory", "64")
    file = file_of(origin, "random.bin")
    token = cas_token(server)["accessToken"]
    origin.cas.script(faults.json_body(enlarge), times=None, when=lambda request: "/reconstructions/" in request.path)
    readers = [ask(server, file, token) for _ in range(READERS)]
    wait_until(lambda: len(origin.log.all("cas")) == READERS, message="not all were asked for")
    # Nobody reads, and short answers are given all the same.
    assert cas_token(server)["accessToken"]
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(lambda exchange: check(exchange, file), readers))
    assert server.peak_memory < MEMORY_LIMIT, f"{server.peak_memory >> 20} MiB"


def test_readers_that_leave_give_room_to_others(start_endpoint, origin):
    server = start_endpoint("--buffer-memory", "64")
    file = file_of(origin, "random.bin")
    token = cas_token(server)["accessToken"]
    origin.cas.script(faults.json_body(enlarge), times=None, when=lambda request: "/reconstructions/" in request.path)
    readers = [ask(server, file, token) for _ in range(8)]
    wait_until(lambda: len(origin.log.all("cas")) == 8, message="not all were asked for")
    for exchange in readers:
        exchange.close()
    check(ask(server, file, token), file)


def test_a_long_answer_and_a_download_at_once(start_endpoint, origin):
    server = start_endpoint("--buffer-memory", "64")
    file = file_of(origin, "large.bin")
    token = cas_token(server)["accessToken"]
    origin.cas.script(faults.json_body(enlarge), when=lambda request: "bytes" not in (request.range or ""))
    held = ask(server, file, token)
    assert held.read_head()
    got = fetch(server.url, f"/download-hash/{file.stored.hash}?repo=acme/model", token=origin.alice, timeout=100)
    assert got.status == 200 and got.complete and got.body == file.content
    check_after_head(held, file)


def check_after_head(exchange, file):
    with exchange:
        got = exchange.finish()
    assert got.complete
    assert sum(term["unpacked_length"] for term in json.loads(got.body)["terms"]) == file.size


def test_a_reconstruction_too_long_for_its_window(proxy, origin):
    """It is bounded by what was asked for, and a whole by what a file can have."""
    entry = origin.cas.script(faults.json_body(enlarge), times=None)
    got = fetch(
        proxy.url, "/download/acme/model/random.bin", headers={"Range": "bytes=0-99"}, token=origin.alice, timeout=100
    )
    assert got.status == 502 and b"more than" in got.body, got
    assert entry.uses >= 1
