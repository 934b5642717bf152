"""A server of bare bytes: what it sends need not be HTTP."""

import itertools
import socket
import threading

TIMEOUT = 60


class RawPeer:
    """Listens on a free port of 127.0.0.1 until `stop()`; `url` is its address.

    Each connection gets the pieces of `answer(target)`, one after the other until they end or the client leaves, after the
    head of its request for `target`, or at once if `is_early`; then it is closed. `targets` are those that were asked for.
    """

    def __init__(self, answer, is_early=False):
        self.answer, self.is_early = answer, is_early
        self.targets = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

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
        with client:
            client.settimeout(TIMEOUT)
            try:
                head = b""
                while not self.is_early and b"\r\n\r\n" not in head:
                    part = client.recv(65536)
                    if not part:
                        return
                    head += part
                target = "" if self.is_early else head.split(b" ", 2)[1].decode("latin-1")
                self.targets.append(target)
                for piece in self.answer(target):
                    client.sendall(piece)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except OSError:
                # A client that leaves is ordinary.
                return


def once(data):
    """An answer of these bytes."""
    return lambda: [data]


def bytewise(data):
    """An answer whose bytes come one by one."""
    return lambda: (data[at : at + 1] for at in range(len(data)))


def endless(start, piece):
    """An answer that does not end."""
    return lambda: itertools.chain([start], itertools.repeat(piece))
