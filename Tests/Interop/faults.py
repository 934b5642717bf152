"""Scripted faults for `PeerServer.script`: each is a function (request, response) -> response."""

import json
from dataclasses import replace

from http_peer import Response


def status(code, headers=(), body=b'{"error": "scripted"}'):
    """Answers `code` instead."""
    return lambda request, response: Response(code, [("Content-Type", "application/json"), *headers], body)


def reset_after(count):
    """Resets the connection after `count` body bytes."""
    return _delivery(stop_after=count, stop_with_reset=True)


def close_after(count):
    """Declares the full length, closes the connection after `count` body bytes."""
    return _delivery(stop_after=count)


def hold(event, after=0):
    """Sends `after` body bytes, then waits for `event`. With a negative `after` not even the head is sent before."""
    return _delivery(hold=event, hold_after=after)


def declared_length(change):
    """Sends the whole body with a Content-Length of `change(true length)`."""
    return lambda request, response: replace(
        response, delivery=replace(response.delivery, declared_length=change(len(response.body)))
    )


def truncated(count, framing="length"):
    """Sends `count` bytes and ends as if that were all: with their length, as the last chunk, or by closing."""
    return lambda request, response: replace(
        response, body=response.body[:count], delivery=replace(response.delivery, framing=framing)
    )


def unframed(framing):
    """Sends the true body without Content-Length: "chunked" or "close"."""
    return _delivery(framing=framing)


def body(change):
    """Replaces the body by `change(body)`."""
    return lambda request, response: replace(response, body=change(bytes(response.body)))


def flipped(offset, mask=0x01):
    """Flips bits of the byte at `offset` (negative: from the end) of the body."""

    def change(data):
        data = bytearray(data)
        if data:
            data[offset] ^= mask
        return bytes(data)

    return body(change)


def json_body(change):
    """Replaces a JSON body by what `change(document)` returns or leaves of it; other answers stay as they are."""

    def apply(request, response):
        if response.status != 200:
            return response
        document = json.loads(response.body)
        changed = change(document)
        return replace(response, body=json.dumps(document if changed is None else changed).encode())

    return apply


def as_status(code):
    """Keeps the body, changes the status."""
    return lambda request, response: replace(response, status=code)


def header(name, value):
    """Sets a header field; None removes it."""

    def apply(request, response):
        kept = [(n, v) for n, v in response.headers if n.lower() != name.lower()]
        return replace(response, headers=kept if value is None else [*kept, (name, value)])

    return apply


def redirected(base, code=302):
    """Redirects to the same target on another server, `base` being its address ("" for a relative location)."""
    return lambda request, response: Response(code, [("Location", base + request.target)], b"moved")


def _delivery(**fields):
    return lambda request, response: replace(response, delivery=replace(response.delivery, **fields))


TRANSIENT = {
    "503": status(503),
    "500": status(500),
    "502": status(502),
    "408": status(408),
    "429": status(429, [("Retry-After", "1")]),
    "reset at once": reset_after(0),
    "reset": reset_after(100_000),
    "closed": close_after(100_001),
    "closed at once": close_after(0),
    "short with its length": truncated(100_002),
    "short, chunked": truncated(100_003, "chunked"),
    "short, until close": truncated(100_004, "close"),
    "nothing": truncated(0),
    "length too large": declared_length(lambda n: n + 100),
    "junk": body(lambda b: b"\x5a" * len(b)),
    "short junk": body(lambda b: b"<html>busy</html>"),
    "wrong chunk version": flipped(0),
    "wrong scheme": body(lambda b: b[:4] + b"\x63" + b[5:]),
    "packed length too large": body(lambda b: b[:1] + b"\xff\xff\xff" + b[4:]),
    "unpacked length too large": body(lambda b: b[:5] + b"\xff\xff\xff" + b[8:]),
    "unpacked length off by one": flipped(5),
    "footer in place of a chunk": body(lambda b: b"XETBLOB\x01" + b[8:]),
}
"""Faults of one answer with xorb bytes that show before its bytes are used: the answer can be asked for again."""
