"""An HTTP/1.1 client on a plain socket that tells a whole answer from a broken one."""

import json
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

READ_SIZE = 256 * 1024


@dataclass
class Outcome:
    """An answer as far as it came.

    `complete` says whether the body ended as its framing promised; `error` is what ended it otherwise. Without a status
    line `status` is None.
    """

    status: int | None
    headers: list
    body: bytes
    complete: bool
    error: str | None = None

    def header(self, name):
        """The value of a header field; None if absent. A field that occurs twice is a failure."""
        values = [value for field, value in self.headers if field.lower() == name.lower()]
        assert len(values) <= 1, f"{name} occurs {len(values)} times: {values}"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {len(self.body)} bytes complete={self.complete} error={self.error} {self.body[:200]!r}>"


class Exchange:
    """One request and its answer, read step by step."""

    def __init__(self, address, request, timeout=60, receive_buffer=None):
        self.method = request.split(b" ", 1)[0].decode("latin-1")
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self._pending = b""
        self.status, self.headers, self.error = None, [], None
        try:
            self.socket.sendall(request)
        except ConnectionError as error:
            self.error = repr(error)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _receive(self):
        """More bytes into the buffer; False at the end of the connection, with the reason in `error`."""
        try:
            data = self.socket.recv(READ_SIZE)
        except (ConnectionError, TimeoutError) as error:
            self.error = repr(error)
            return False
        self._pending += data
        return bool(data)

    def read_head(self):
        """Reads status line and header fields; False if the connection ended first."""
        while b"\r\n\r\n" not in self._pending:
            if not self._receive():
                return False
        head, _, self._pending = self._pending.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.[01] (\d{3})(?: .*)?", lines[0])
        assert match, f"not a status line: {lines[0]!r}"
        self.status = int(match[1])
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and name == name.strip() and name, f"not a header field: {line!r}"
            self.headers.append((name, value.strip()))
        if 100 <= self.status < 200:
            self.headers.clear()
            return self.read_head()
        return True

    def _field(self, name):
        return next((value for field, value in self.headers if field.lower() == name), None)

    def read_some(self, count):
        """At least `count` bytes of what follows the head (fewer at the end of the connection), framing included."""
        while len(self._pending) < count and self._receive():
            pass
        return self._pending

    def pieces(self):
        """The body as it comes, up to its length or its end, of an answer that says its length; `error` says what cut it."""
        left = int(self._field("content-length"))
        while left and (self._pending or self._receive()):
            piece, self._pending = self._pending[:left], b""
            left -= len(piece)
            yield piece

    def finish(self):
        """Reads the rest and returns the outcome."""
        if self.status is None and not self.read_head():
            return Outcome(None, [], self._pending, False, self.error or "connection closed before a status line")
        if self.method == "HEAD" or self.status in (204, 304):
            return self._finish_without_body()
        if (self._field("transfer-encoding") or "").lower() == "chunked":
            return self._finish_chunked()
        if self._field("content-length") is None:
            parts = [self._pending]
            self._pending = b""
            while self._receive():
                parts.append(self._pending)
                self._pending = b""
            return self._outcome(b"".join(parts), self.error is None)
        length = int(self._field("content-length"))
        parts, received = [self._pending], len(self._pending)
        self._pending = b""
        while received < length and self._receive():
            parts.append(self._pending)
            received += len(self._pending)
            self._pending = b""
        return self._outcome(b"".join(parts), received == length)

    def _finish_without_body(self):
        """Nothing may follow such a head: a client would take it for the next answer."""
        if (self._field("connection") or "").lower() == "close":
            while self._receive():
                pass
        body, self._pending = self._pending, b""
        if body:
            self.error = f"a body of {len(body)} bytes where none may be"
        return self._outcome(body, not body)

    def _finish_chunked(self):
        body = bytearray()
        while True:
            while b"\r\n" not in self._pending:
                if not self._receive():
                    return self._outcome(bytes(body), False)
            line, _, self._pending = self._pending.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            while len(self._pending) < size + 2:
                if not self._receive():
                    return self._outcome(bytes(body) + self._pending[:size], False)
            body += self._pending[:size]
            self._pending = self._pending[size + 2 :]
            if size == 0:
                return self._outcome(bytes(body), True)

    def _outcome(self, body, complete):
        error = self.error if complete or self.error else "connection closed before the end of the body"
        return Outcome(self.status, self.headers, body, complete, error)


def address_of(url):
    parts = urlsplit(url)
    return (parts.hostname, parts.port)


def request_bytes(target, method="GET", headers=(), host="127.0.0.1", body=None):
    """The bytes of a request; `target` goes out as it is, `body` with its length."""
    fields = {"Host": host, "Connection": "close", **({} if body is None else {"Content-Length": len(body)})}
    fields |= dict(headers)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + (body or b"")


def open_exchange(url, target, method="GET", headers=(), token=None, body=None, **options):
    """Sends a request to the server at `url` and leaves the answer to be read."""
    fields = dict(headers)
    if token is not None:
        fields["Authorization"] = f"Bearer {token}"
    address = address_of(url)
    return Exchange(address, request_bytes(target, method, fields, f"{address[0]}:{address[1]}", body), **options)


def target_of(url):
    """What a request line names `url` by."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def fetch(url, target, method="GET", headers=(), token=None, **options):
    """The whole answer to a request to the server at `url`."""
    with open_exchange(url, target, method, headers, token, **options) as exchange:
        return exchange.finish()


def fetch_raw(url, request, **options):
    """The answer to the request bytes `request`."""
    with Exchange(address_of(url), request, **options) as exchange:
        return exchange.finish()


def path_target(*segments):
    """A target of the percent-encoded `segments`; slashes within a segment stay."""
    return "/" + "/".join(quote(segment, safe="/") for segment in segments)


def disposition_names(value):
    """The `filename` and `filename*` of a Content-Disposition by the grammar of RFC 6266; None where absent.

    Fails on anything that the grammar does not allow.
    """
    kind = re.match(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", value)
    assert kind, f"no disposition type: {value!r}"
    at = kind.end()
    names = {"filename": None, "filename*": None}
    parameter = re.compile(
        r"\s*;\s*(?P<name>[!#$&+\-.^_`|~0-9A-Za-z]+\*?)\s*=\s*"
        r"(?:\"(?P<quoted>(?:[^\"\\\x00-\x1f\x7f]|\\[\x20-\x7e\t])*)\"|(?P<token>[!#$%&'*+\-.^_`|~0-9A-Za-z]+))"
    )
    while at < len(value):
        match = parameter.match(value, at)
        assert match, f"not a parameter at {at}: {value!r}"
        name = match["name"].lower()
        assert name not in names or names[name] is None, f"{name} twice: {value!r}"
        if name == "filename*":
            extended = re.fullmatch(
                r"UTF-8'[A-Za-z\-]*'((?:[A-Za-z0-9!#$&+\-.^_`|~]|%[0-9A-Fa-f]{2})*)", match["token"] or "", re.I
            )
            assert extended, f"not an extended value: {value!r}"
            names[name] = unquote(extended[1], errors="strict")
        elif name == "filename":
            names[name] = match["token"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
        at = match.end()
    return kind[0].lower(), names["filename"], names["filename*"]
