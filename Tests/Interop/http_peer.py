"""A small threaded HTTP/1.1 server that records every request and can break its answers on demand.

`PeerServer` answers with what its `route` function returns. Scripted faults (`faults.py`) change an answer before it is
sent; `Delivery` says how its bytes go out: cut, reset, held until an event is set, with a false length.
"""

import base64
import contextlib
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SLICE = 32 * 1024
READ_SIZE = 256 * 1024
SEND_BUFFER = 128 * 1024
HOLD_LIMIT = 120.0
"""Seconds after which a held answer gives up, so that a failing test cannot leave a thread behind."""


@dataclass
class RecordedRequest:
    """A request as it arrived, and what became of its answer.

    `state` is "open" until the answer is out: "sent" when all of it was handed to the socket, "closed" when the peer
    closed the connection first, "cut" when a fault ended it. A request is recorded once its head is there;
    `body_received` counts what came of its body.
    """

    server: str
    port: int
    method: str
    target: str
    headers: dict
    connection: tuple
    body: bytes = b""
    body_received: int = 0
    status: int | None = None
    answer_size: int = 0
    bytes_sent: int = 0
    state: str = "open"

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return parse_qs(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def authorization(self):
        return self.headers.get("authorization")

    @property
    def bearer(self):
        scheme, _, value = (self.authorization or "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else None

    @property
    def password(self):
        """The password of Basic credentials."""
        scheme, _, value = (self.authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        return base64.b64decode(value).decode().partition(":")[2]

    @property
    def range(self):
        return self.headers.get("range")


@dataclass
class Delivery:
    """How an answer's bytes are sent.

    After `stop_after` body bytes the connection is ended, with a reset or a plain close. After `hold_after` body bytes
    sending waits for `hold` (a value below 0 holds the head back as well). `framing` is "length" (`declared_length`
    if given), "chunked" or "close".
    """

    framing: str = "length"
    declared_length: int | None = None
    stop_after: int | None = None
    stop_with_reset: bool = False
    hold: threading.Event | None = None
    hold_after: int = 0


@dataclass
class Response:
    """An answer: status, header pairs (without length), body, delivery."""

    status: int
    headers: list = field(default_factory=list)
    body: bytes = b""
    delivery: Delivery = field(default_factory=Delivery)

    def with_header(self, name, value):
        """This answer with `name` set to `value`, replacing earlier fields of that name."""
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()] + [(name, value)]
        return self


class RequestLog:
    """All requests of a group of servers, in order of arrival."""

    def __init__(self):
        self._lock = threading.Lock()
        self._requests = []

    def add(self, request):
        with self._lock:
            self._requests.append(request)

    def all(self, server=None, method=None, path=None):
        """The requests so far, of one server, one method, or whose path contains `path`."""
        with self._lock:
            requests = list(self._requests)
        return [
            request
            for request in requests
            if (server is None or request.server == server)
            and (method is None or request.method == method)
            and (path is None or path in request.path)
        ]

    def clear(self):
        with self._lock:
            self._requests.clear()

    def take_done(self):
        """The requests whose answers are out, which the log forgets."""
        with self._lock:
            done = [request for request in self._requests if request.state != "open"]
            self._requests = [request for request in self._requests if request.state == "open"]
            return done


def wait_until(condition, deadline=20.0, message="condition not met"):
    """Polls `condition` until it is true; fails after `deadline` seconds. Returns what it gave."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{message} after {deadline:g} s")
        time.sleep(0.02)


class PeerServer(ThreadingHTTPServer):
    """An HTTP/1.1 server on a free port of 127.0.0.1 that answers through `route` and `script`.

    `url` is where it listens, `public_url` what the addresses that it hands out name it by.
    """

    daemon_threads = True
    request_queue_size = 256
    block_on_close = False

    def __init__(self, name, route, log):
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.name, self.route, self.log = name, route, log
        self.stopping = threading.Event()
        self._script = []
        self._script_lock = threading.Lock()
        self._connections = set()
        self._connections_lock = threading.Lock()
        self._placeholder = None
        self._listen()
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.public_url = self.url
        self._serve()

    def _listen(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.server_bind()
        self.server_activate()

    def _serve(self):
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def server_bind(self):
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request, client_address):
        """A peer that leaves is ordinary; anything else is a fault of this server and is printed."""
        import sys

        if not isinstance(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def script(self, fault, times=1, skip=0, when=None):
        """Applies `fault` to the next `times` answers (None: to all) after `skip` that satisfy `when(request)`."""
        entry = _ScriptEntry(fault, times, skip, when)
        with self._script_lock:
            self._script.append(entry)
        return entry

    def clear_script(self):
        with self._script_lock:
            self._script.clear()

    def scripted(self, request, response):
        """`response` after every fault whose turn it is."""
        with self._script_lock:
            due = [entry for entry in self._script if entry.take(request)]
        for entry in due:
            response = entry.fault(request, response)
        return response

    @property
    def is_away(self):
        return self._placeholder is not None

    def go_away(self):
        """Ends all connections, and refuses new ones until `come_back()`."""
        self.shutdown()
        self._thread.join()
        self.socket.close()
        # Nobody else gets the port meanwhile.
        self._placeholder = socket.socket()
        self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._placeholder.bind(self.server_address)
        with self._connections_lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def come_back(self):
        """Listens at the same address again."""
        self.socket = socket.socket()
        self._listen()
        self._placeholder.close()
        self._placeholder = None
        self._serve()

    def note_connection(self, connection, is_open):
        """A handler has this connection from now on, or no longer."""
        with self._connections_lock:
            (self._connections.add if is_open else self._connections.discard)(connection)

    @property
    def connection_count(self):
        with self._connections_lock:
            return len(self._connections)

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join()


class _ScriptEntry:
    """A fault with the count of answers it still changes. `uses` says how many it has changed."""

    def __init__(self, fault, times, skip, when):
        self.fault, self.when = fault, when
        self.uses = 0
        self._times, self._skip = times, skip

    def take(self, request):
        if self.when is not None and not self.when(request):
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        if self._times is not None and self.uses >= self._times:
            return False
        self.uses += 1
        return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0
    timeout = HOLD_LIMIT

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.note_connection(self.connection, True)

    def finish(self):
        self.server.note_connection(self.connection, False)
        super().finish()

    def log_message(self, format, *args):
        """Nothing: the request log holds it all."""

    def handle_one_request(self):
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        request = RecordedRequest(
            server=self.server.name,
            port=self.server.port,
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            connection=self.client_address,
        )
        self.server.log.add(request)
        try:
            self._read_body(request)
            response = self.server.scripted(request, self.server.route(request))
            request.status = response.status
            self._send(request, response)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            if request.state == "open":
                request.state = "closed"
        except BaseException:
            request.state = "failed"
            raise

    def _read_body(self, request):
        """The whole body into `request`; fails if the peer leaves before its end."""
        body = bytearray()

        def read(count):
            while count:
                part = self.rfile.read1(min(count, READ_SIZE))
                if not part:
                    raise ConnectionResetError("closed by the peer within the body")
                body.extend(part)
                count -= len(part)
                request.body_received = len(body)

        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            while line := self.rfile.readline(1024):
                if (size := int(line.split(b";")[0], 16)) == 0:
                    break
                read(size)
                self.rfile.readline(2)
            if not line:
                raise ConnectionResetError("closed by the peer within the body")
            while self.rfile.readline(8192).strip():
                pass
        else:
            read(int(self.headers.get("Content-Length") or 0))
        request.body = bytes(body)

    def _send(self, request, response):
        delivery = response.delivery
        body = b"" if self.command == "HEAD" else memoryview(response.body)
        request.answer_size = len(body)
        if delivery.hold is not None and delivery.hold_after < 0:
            self._wait(request, delivery.hold)
        self._send_all(request, self._head(response), counted=False)
        if self.command == "HEAD":
            request.state = "sent"
            return
        sent = 0
        held = delivery.hold is None or delivery.hold_after < 0
        while True:
            if not held and sent >= delivery.hold_after:
                held = True
                self._wait(request, delivery.hold)
            if delivery.stop_after is not None and sent >= delivery.stop_after:
                self._stop(request, delivery.stop_with_reset)
                return
            if sent == len(body):
                break
            end = min(sent + SLICE, len(body))
            if not held:
                end = min(end, max(delivery.hold_after, sent + 1))
            if delivery.stop_after is not None:
                end = min(end, delivery.stop_after)
            part = body[sent:end]
            if delivery.framing == "chunked":
                self._send_all(request, b"%x\r\n" % len(part), counted=False)
            self._send_all(request, part)
            if delivery.framing == "chunked":
                self._send_all(request, b"\r\n", counted=False)
            sent = end
        if delivery.framing == "chunked":
            self._send_all(request, b"0\r\n\r\n", counted=False)
        request.state = "sent"
        declared = delivery.declared_length
        if delivery.framing == "close" or (declared is not None and declared != len(body)):
            self.close_connection = True

    def _head(self, response):
        lines = [f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('Status',))[0]}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        framing = response.delivery.framing
        if framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
        elif framing == "close":
            lines.append("Connection: close")
        elif response.status not in (204, 304):
            declared = response.delivery.declared_length
            lines.append(f"Content-Length: {len(response.body) if declared is None else declared}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")

    def _send_all(self, request, data, counted=True):
        data = memoryview(data)
        while data:
            count = self.connection.send(data)
            if counted:
                request.bytes_sent += count
            data = data[count:]

    def _wait(self, request, event):
        """Waits for `event`, and notices when the peer closes the connection meanwhile."""
        end = time.monotonic() + HOLD_LIMIT
        while not event.wait(0.02):
            if self.server.stopping.is_set() or time.monotonic() > end:
                raise ConnectionAbortedError("held answer given up")
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError("closed by the peer")

    def _stop(self, request, with_reset):
        request.state = "cut"
        self.close_connection = True
        if with_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
