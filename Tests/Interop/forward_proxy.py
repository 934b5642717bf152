"""A forward proxy: absolute-form requests and CONNECT, to names that only it can resolve."""

import base64
import contextlib
import socket
import threading
from dataclasses import dataclass

READ_SIZE = 256 * 1024
HEAD_LIMIT = 256 * 1024
TIMEOUT = 120


@dataclass
class ForwardedRequest:
    """A request as it reached the proxy, and the status that the proxy itself gave (None if it went on)."""

    method: str
    target: str
    headers: dict
    status: int | None = None

    @property
    def host(self):
        """The name of the target's host, without its port."""
        authority = self.target if self.method == "CONNECT" else self.target.partition("://")[2].partition("/")[0]
        return authority.rpartition(":")[0] if authority.rpartition(":")[2].isdigit() else authority


class ForwardProxy:
    """Listens on a free port of 127.0.0.1 until `stop()`; `url` is its address.

    `names` maps host names to ports of 127.0.0.1, whatever port is asked for; all other hosts are refused with 502.
    `require_auth` is the `user:password` that every request must bring. `requests` lists all requests.
    """

    def __init__(self, names, require_auth=None):
        self._names = {name.lower(): port for name, port in names.items()}
        self._credentials = None
        if require_auth is not None:
            self._credentials = "Basic " + base64.b64encode(require_auth.encode()).decode()
        self._lock = threading.Lock()
        self._requests = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def requests(self):
        with self._lock:
            return list(self._requests)

    def url_with(self, credentials):
        """The address with `user:password`, which the caller has percent-encoded."""
        return f"http://{credentials}@127.0.0.1:{self.port}"

    def stop(self):
        # Closing alone does not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        """One request; the connection ends with it."""
        with client:
            client.settimeout(TIMEOUT)
            try:
                self._forward(client)
            except OSError:
                # A peer that leaves is ordinary.
                return

    def _forward(self, client):
        head, rest = read_head(client)
        if head is None:
            return
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, version = line.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        request = ForwardedRequest(method, target, headers)
        with self._lock:
            self._requests.append(request)
        port = self._names.get(request.host.lower())
        if self._credentials is not None and headers.get("proxy-authorization") != self._credentials:
            refuse(client, request, 407, "Proxy-Authenticate: Basic realm=\"test\"\r\n")
        elif method != "CONNECT" and not target.startswith("http://"):
            refuse(client, request, 400)
        elif port is None:
            refuse(client, request, 502)
        else:
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as upstream:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    upstream.sendall(rest)
                    relay(client, upstream)
                else:
                    path = "/" + target.partition("://")[2].partition("/")[2]
                    kept = [f for f in fields if not f.lower().startswith(("proxy-", "connection:"))]
                    lines = [f"{method} {path} {version}", *kept, "Connection: close", "", ""]
                    upstream.sendall("\r\n".join(lines).encode("latin-1") + rest)
                    relay(client, upstream, answers_close=True)


def read_head(peer, data=b""):
    """(head without its last blank line, bytes after it); (None, b"") if the peer closed first. `data` came before."""
    while b"\r\n\r\n" not in data:
        part = peer.recv(READ_SIZE)
        if not part or len(data) > HEAD_LIMIT:
            return None, b""
        data += part
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def refuse(client, request, status, fields=""):
    request.status = status
    answer = f"HTTP/1.1 {status} Refused by the forward proxy\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n"
    client.sendall(answer.encode())


def relay(client, upstream, answers_close=False):
    """Passes bytes both ways until the upstream ends; `answers_close` tells the client that the connection will end."""
    sending = threading.Thread(target=pump, args=(client, upstream), daemon=True)
    sending.start()
    rest = b""
    while answers_close:
        head, rest = read_head(upstream, rest)
        if head is None:
            break
        if head.split(b" ", 2)[1].startswith(b"1"):
            client.sendall(head + b"\r\n\r\n")
        else:
            client.sendall(head + b"\r\nConnection: close\r\n\r\n" + rest)
            answers_close = False
    pump(upstream, client)
    client.shutdown(socket.SHUT_RDWR)
    sending.join()


def pump(source, sink):
    """Everything from one socket to another; both ways of failing end it."""
    try:
        while data := source.recv(READ_SIZE):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # Whoever waits for the other way would wait for nobody.
        for peer in (source, sink):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
