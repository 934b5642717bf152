"""No bytes of a server end the process or are taken for an answer, wherever they come from."""

import itertools
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

import faults
from catalogue import MODEL, file_of
from expectations import is_visible_failure
from http_peer import Response
from http_probe import fetch, path_target
from proxy_calls import assert_alive, download
from raw_peer import RawPeer, bytewise, endless, once

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def answer(status, rest=b"Content-Length: 2\r\n\r\nok"):
    return once(b"HTTP/1.1 " + status + b" X\r\n" + rest)


ANSWERS = {
    **{f"status {status}": answer(status.encode()) for status in ("000", "001", "020", "042", "099")},
    **{f"no body, {status}": answer(status.encode(), b"Content-Length: 0\r\n\r\n") for status in ("000", "099", "101")},
    "000 in pieces": bytewise(b"HTTP/1.1 000 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "000 without length": once(b"HTTP/1.1 000 X\r\n\r\nok"),
    "000 behind 100": once(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n"),
    "1000": answer(b"1000"),
    "999999999999": answer(b"999999999999"),
    "600": answer(b"600"),
    "999": answer(b"999"),
    "-200": answer(b"-200"),
    "20": answer(b"20"),
    "no status": once(b"HTTP/1.1\r\n\r\n"),
    "101": answer(b"101", b"Connection: upgrade\r\nUpgrade: x\r\n\r\nbytes of x"),
    "only 100": once(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "informational flood": endless(b"", b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n" * 64),
    "header flood": endless(OK, b"X-Name: value\r\n" * 64),
    "header of one megabyte": once(OK + b"X: " + b"x" * (1 << 20) + b"\r\n\r\n"),
    "endless header": endless(OK + b"X: ", b"x" * 4096),
    "endless name": endless(OK, b"x" * 4096),
    "endless reason": endless(b"HTTP/1.1 200 ", b"x" * 4096),
    "trailer flood": endless(CHUNKED + b"0\r\n", b"X-Name: value\r\n" * 64),
    "extension flood": endless(CHUNKED + b"2;", b"x" * 4096),
    "blank lines": endless(b"", b"\r\n" * 2048),
    "no header name": once(OK + b": value\r\nContent-Length: 0\r\n\r\n"),
    "header without colon": once(OK + b"value\r\n\r\n"),
    "null in a header": once(OK + b"X: \x00\r\nContent-Length: 0\r\n\r\n"),
    "negative length": once(OK + b"Content-Length: -1\r\n\r\n"),
    "huge length": once(OK + b"Content-Length: 99999999999999999999999\r\n\r\nok"),
    "largest length": once(OK + b"Content-Length: 18446744073709551615\r\n\r\nok"),
    "two lengths": once(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    "length and chunks": once(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "coded chunks": once(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "huge chunk": once(CHUNKED + b"ffffffffffffffff\r\nok"),
    "overflowing chunk": once(CHUNKED + b"fffffffffffffffff\r\nok"),
    "negative chunk": once(CHUNKED + b"-1\r\nok\r\n"),
    "no chunk": once(CHUNKED + b"zz\r\nok\r\n"),
    "chunk without end": once(CHUNKED + b"2\r\nok0\r\n\r\n"),
    "HTTP/0.9": once(b"<html>hello</html>"),
    "version 0.9": once(b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "version 2.0": once(b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "version 9.9": once(b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "HTTP/2": once(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    "TLS alert": once(b"\x15\x03\x01\x00\x02\x02\x28"),
    "other protocols": once(b"ICY 200 OK\r\n\r\nok"),
    "SSH": once(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "two answers": once((OK + b"Content-Length: 2\r\n\r\nok") * 2),
    "two answers, the second 000": once(OK + b"Content-Length: 0\r\n\r\nHTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n"),
    "body of 204": answer(b"204", b"Content-Length: 5\r\n\r\nhello"),
    "body of 304": answer(b"304", b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "nothing": once(b""),
    "half a status line": once(b"HTTP/1."),
    "half a head": once(OK + b"Content-Le"),
    "half a body": once(OK + b"Content-Length: 10\r\n\r\nhello"),
    "half a chunk": once(CHUNKED + b"5\r\nhe"),
    "zeros": once(bytes(4096)),
    "high bytes": once(bytes(range(128, 256)) * 32),
}


NAMES = list(ANSWERS)
AT_ONCE = 12


def number_of(target):
    match = re.search(r"answer-(\d+)", target)
    return match and int(match[1])


@pytest.fixture
def raw():
    """A server whose answer is chosen by a number in the request's target, `answer-7`: those of `NAMES`, in their order."""

    def answer(target):
        return ANSWERS[NAMES[number_of(target) or 0]]()

    with RawPeer(answer) as peer:
        yield peer


def each_answer(ask):
    """Calls `ask(number)` for every answer, some at a time; what it returns is a failure that a client must notice."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(ask, range(len(NAMES))))
    for name, got in zip(NAMES, outcomes, strict=True):
        assert is_visible_failure(got), (name, got)
        if got.status is not None and got.status >= 400:
            assert got.complete and got.json()["error"], (name, got)
    return outcomes


def assert_all_asked(raw):
    numbers = {number_of(target) for target in raw.targets} - {None}
    assert numbers == set(range(len(NAMES))), [name for n, name in enumerate(NAMES) if n not in numbers]


def assert_unharmed(server):
    """It runs, and answers; `start_proxy` looks at its end."""
    assert server.is_running, server.errors()
    assert fetch(server.url, "/health").status == 200


def test_hub(start_proxy, origin, raw):
    server = start_proxy("--max-downloads-per-client", "0", hub=raw.url)
    each_answer(lambda n: download(server, origin, f"answer-{n}"))
    assert_all_asked(raw)
    assert_unharmed(server)


def test_hub_as_an_endpoint(start_proxy, origin, raw):
    """What passes on may be an answer with a status of its own, but is whole or visibly cut."""
    server = start_proxy("--max-downloads-per-client", "0", hub=raw.url)

    def ask(n):
        fetch(server.url, f"/api/models/{MODEL}/tree/main/answer-{n}", token=origin.alice)
        fetch(server.url, path_target(MODEL, "resolve", "main", f"answer-{n}"), "HEAD", token=origin.alice)
        return fetch(server.url, path_target(MODEL, "resolve", "main", f"answer-{n}"), token=origin.alice)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, got in zip(NAMES, pool.map(ask, range(len(NAMES))), strict=True):
            assert is_visible_failure(got) or got.status in (204, 304), (name, got)
    assert_all_asked(raw)
    assert_unharmed(server)


def callers(origin):
    """A token of a user of its own for each answer, and the number of the answer by it."""
    tokens = [origin.add_user("alice") for _ in NAMES]
    return tokens, {token: number for number, token in enumerate(tokens)}


def test_token_route(proxy, origin, raw):
    """A Hub that is one but for its token route."""
    tokens, numbers = callers(origin)

    def elsewhere(request, response):
        return Response(307, [("Location", f"{raw.url}/answer-{numbers[request.bearer]}")])

    origin.hub.script(elsewhere, times=None, when=lambda r: "/xet-read-token/" in r.path)
    each_answer(lambda n: download(proxy, origin, "random.bin", token=tokens[n]))
    assert_all_asked(raw)
    assert_alive(proxy, origin)


def test_cas(proxy, origin, raw):
    tokens, numbers = callers(origin)

    def elsewhere(request, response):
        def change(document):
            document["casUrl"] = f"{raw.url}/answer-{numbers[request.bearer]}"

        return faults.json_body(change)(request, response)

    origin.hub.script(elsewhere, times=None, when=lambda r: "/xet-read-token/" in r.path)
    each_answer(lambda n: download(proxy, origin, "random.bin", token=tokens[n]))
    assert_all_asked(raw)
    assert_alive(proxy, origin)


def test_data_of_xorbs(proxy, origin, raw):
    tokens, numbers = callers(origin)
    cas_numbers = {}

    def remember(request, response):
        cas_numbers[json.loads(response.body)["accessToken"]] = numbers[request.bearer]
        return response

    def elsewhere(request, response):
        def change(document):
            for entries in document["xorbs"].values():
                for entry in entries:
                    path = entry["url"].removeprefix(origin.cdn.url)
                    entry["url"] = f"{raw.url}/answer-{cas_numbers[request.bearer]}{path}"

        return faults.json_body(change)(request, response)

    origin.hub.script(remember, times=None, when=lambda r: "/xet-read-token/" in r.path)
    origin.cas.script(elsewhere, times=None)
    content = file_of(origin, "random.bin").content
    for got in each_answer(lambda n: download(proxy, origin, "random.bin", token=tokens[n])):
        assert got.status is None or got.status >= 400 or content.startswith(got.body)
    assert_all_asked(raw)
    assert_alive(proxy, origin)


def test_data_of_regular_files(proxy, origin, raw):
    """A resume asks again, so the redirect is chosen by the caller."""
    tokens, numbers = callers(origin)

    def elsewhere(request, response):
        return response.with_header("Location", f"{raw.url}/answer-{numbers[request.bearer]}")

    origin.hub.script(elsewhere, times=None, when=lambda r: "/resolve/" in r.path)
    each_answer(lambda n: download(proxy, origin, "lfs.bin", token=tokens[n]))
    assert_all_asked(raw)
    assert_alive(proxy, origin)


def test_forward_proxy(start_proxy, origin, raw):
    server = start_proxy("--max-downloads-per-client", "0", hub="http://hub.invalid", HTTP_PROXY=raw.url)
    each_answer(lambda n: download(server, origin, f"answer-{n}"))
    assert_all_asked(raw)
    assert_unharmed(server)


def test_tunnel(start_proxy, origin, raw):
    """What a forward proxy says to a request for a tunnel, which names the host only."""
    server = start_proxy("--connect-timeout", "2", hub="https://hub.invalid", HTTPS_PROXY=raw.url)
    counter = itertools.count()
    choose = raw.answer
    raw.answer = lambda target: choose(f"answer-{next(counter) % len(NAMES)}")
    each_answer(lambda n: download(server, origin, f"answer-{n}"))
    assert next(counter) >= len(NAMES)
    assert_unharmed(server)


@pytest.mark.parametrize("name", ["status 000", "status 042", "two answers", "high bytes", "informational flood"])
def test_bytes_before_the_request(start_proxy, origin, name):
    with RawPeer(lambda _: ANSWERS[name](), is_early=True) as raw:
        server = start_proxy(hub=raw.url)
        assert is_visible_failure(download(server, origin, "config.json"))
        assert raw.targets
        assert_unharmed(server)
