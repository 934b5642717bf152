"""What goes wrong upstream in a soak: faults drawn from a seed.

What becomes of a request follows from the seed, from what is asked for, and from how often that was asked for before: not
from when it comes. The same seed gives the same range of the same xorb the same fate in every run.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import replace

import faults
from http_peer import Response

RATES = {"hub": 0.02, "cas": 0.03, "cdn": 0.06}
"""The part of answers that a fault changes, by server."""
FLIP_RATE = 0.02
"""The part of answers with bytes of files that may be wrong in which a byte is."""
STALL = (0.2, 6.0)
"""Seconds that a stall lasts, at least and at most: on both sides of what the proxy waits for patiently."""
MOST_COUNTED = 100_000
"""Requests whose count is kept; then counting begins anew."""


class Pause:
    """Waits like an event that somebody sets after `seconds`, counted from the first wait."""

    def __init__(self, seconds):
        self.seconds, self._end = seconds, None

    def wait(self, timeout):
        now = time.monotonic()
        if self._end is None:
            self._end = now + self.seconds
        if now < self._end:
            time.sleep(min(timeout, self._end - now))
        return time.monotonic() >= self._end


class FaultPlan:
    """Faults for the answers of the peer origin. `flippable` names the xorbs whose bytes may be wrong, and `gentle` those,
    with the hashes of their files, whose faults a client sees that checks nothing: it gets all bytes, or an error."""

    def __init__(self, seed, cas, flippable, gentle):
        self.seed, self.cas = seed, cas
        self.flippable, self.gentle = frozenset(flippable), frozenset(gentle)
        self.is_active = True
        self._lock = threading.Lock()
        self._asked = Counter()
        self._uses = Counter()

    def uses(self):
        """How often each fault was used."""
        with self._lock:
            return dict(self._uses)

    def apply(self, request, response):
        """The answer as it goes out: a fault for `PeerServer.script`."""
        if not self.is_active or response.status >= 400:
            return response
        draw = self._draw(request)
        name = request.path.rpartition("/")[2]
        is_flipped = request.path.startswith("/xorbs/") and name in self.flippable and draw.random() < FLIP_RATE
        if is_flipped and len(response.body) > 200:
            return self._used("flipped", faults.flipped(draw.randrange(8, len(response.body)))(request, response))
        if draw.random() >= RATES[request.server]:
            return response
        fault = draw.choice(self._choices(request, name))
        return self._used(f"{request.server} {fault.__name__.strip('_')}", fault(draw, request, response))

    def _draw(self, request):
        key = (request.server, request.method, request.path, request.range)
        with self._lock:
            if len(self._asked) > MOST_COUNTED:
                self._asked.clear()
            self._asked[key] += 1
            return random.Random(f"{self.seed} {key} {self._asked[key]}")

    def _used(self, fault, response):
        with self._lock:
            self._uses[fault] += 1
        return response

    def _choices(self, request, name):
        seen = [self._busy, self._reset, self._stall]
        if request.server == "hub":
            return [*seen, self._too_many] if request.method == "HEAD" else seen
        if request.server == "cas":
            return seen if name in self.gentle else [*seen, self._too_many, self._refused_token, self._closed]
        if not request.path.startswith("/xorbs/"):
            return seen
        seen += [self._expired, self._closed]
        return seen if name in self.gentle else [*seen, self._too_many, self._short, self._junk, self._wrong_range]

    # Faults: (draw, request, response) -> response

    def _busy(self, draw, request, response):
        return faults.status(draw.choice([500, 502, 503, 503, 503]))(request, response)

    def _too_many(self, draw, request, response):
        return faults.status(429, [("Retry-After", "1")])(request, response)

    def _reset(self, draw, request, response):
        return faults.reset_after(self._place(draw, response))(request, response)

    def _closed(self, draw, request, response):
        return faults.close_after(self._place(draw, response))(request, response)

    def _stall(self, draw, request, response):
        after = draw.choice([-1, self._place(draw, response)])
        return faults.hold(Pause(draw.uniform(*STALL)), after)(request, response)

    def _short(self, draw, request, response):
        framing = draw.choice(["length", "chunked", "close"])
        return faults.truncated(self._place(draw, response), framing)(request, response)

    def _junk(self, draw, request, response):
        return faults.body(lambda data: b"\x5a" * len(data))(request, response)

    def _refused_token(self, draw, request, response):
        return faults.status(401)(request, response)

    def _expired(self, draw, request, response):
        """The URL is good no more, neither now nor for others who have it."""
        with self.cas.lock:
            url = self.cas.urls.get(request.query["X-Peer-Id"][0])
            if url is not None:
                url.expired = True
        return faults.status(403)(request, response)

    def _wrong_range(self, draw, request, response):
        """Other bytes than those that were asked for, and an answer that says so."""
        if response.status != 206 or "," in request.range:
            return self._busy(draw, request, response)
        data = self.cas.store.xorbs[request.path.rpartition("/")[2]].data
        first, last = map(int, request.range.removeprefix("bytes=").split("-"))
        kind = draw.choice(["whole", "late", "early"])
        if kind == "whole" and len(data) != last - first + 1:
            return Response(200, [("Content-Type", "application/octet-stream")], data)
        if kind == "early" and first > 0:
            first -= 1
        elif last > first:
            first += 1
        else:
            return self._busy(draw, request, response)
        changed = faults.header("Content-Range", f"bytes {first}-{last}/{len(data)}")(request, response)
        return replace(changed, body=data[first : last + 1])

    @staticmethod
    def _place(draw, response):
        return draw.randrange(len(response.body) + 1) if draw.random() < 0.8 else 0
