"""Servers that are away in the middle of a download, and come back once they were asked often enough."""

import contextlib
import itertools
import threading

import faults

ATTEMPTS = 6
"""Refusals of one request that a client outlasts which waits for time. One that counts to six gives up."""


def in_turn(*codes):
    """Another status each time."""
    turns = itertools.cycle(codes)
    return lambda request, response: faults.status(next(turns))(request, response)


AWAY = {
    "statuses": in_turn(500, 502, 503, 504, 429, 408),
    "429 with a time": faults.status(429, [("Retry-After", "1")]),
    "503 with a date": faults.status(
        503, [("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), ("Date", "Fri, 31 Dec 1999 23:59:58 GMT")]
    ),
    "reset": faults.reset_after(0),
    "closed": faults.close_after(0),
}
"""What a server that is there but away does to each request."""


class One:
    """True for the requests for one range of one target: the first that `matches` after `skip` others."""

    def __init__(self, matches=lambda request: True, skip=0):
        self._matches, self._skip = matches, skip
        self._lock, self._seen = threading.Lock(), []

    def __call__(self, request):
        key = (request.path, request.range)
        with self._lock:
            if self._matches(request) and key not in self._seen and len(self._seen) <= self._skip:
                self._seen.append(key)
            return len(self._seen) > self._skip and key == self._seen[self._skip]


def is_later(request):
    """Whether a request is for xorb bytes that are not the first ones of a file at the start of a xorb."""
    return request.range is not None and not request.range.startswith("bytes=0-")


def refuse(server, fault, times=ATTEMPTS, when=None):
    """The server does `fault` to one request in the middle, `times` times (None: for good)."""
    return server.script(fault, times=times, when=when or One(is_later))


@contextlib.contextmanager
def held(server, after=300_000, when=None):
    """The server sends so much of each answer, until the block ends."""
    event = threading.Event()
    server.script(faults.hold(event, after=after), times=None, when=when)
    try:
        yield
    finally:
        server.clear_script()
        event.set()


def lose(origin, name):
    """A server goes away, and what it gave out before is good no longer."""
    if name != "cdn":
        # What is on its way breaks off too: it has to be asked for again.
        origin.cdn.go_away()
        origin.cas_side.expire_urls()
        if name == "hub":
            origin.cas_side.revoke_tokens()
    getattr(origin, name).go_away()
    if name != "cdn":
        origin.cdn.come_back()
