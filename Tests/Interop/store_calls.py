"""Proxies that share a store, and what tests know of its objects."""

import os
import re
from pathlib import Path

from http_peer import wait_until
from http_probe import fetch
from proxy_observations import metrics_of

PREFIX = "site/xet"
IDLE_DEADLINE = 60.0
LINES = 1.05
"""What is fetched twice at the borders of windows and objects, as a share."""


def is_claim(name):
    """Whether an object only says that somebody fetches, or waits."""
    return re.search(r"/(claims|waits)/", name) is not None


def is_content(name):
    return re.search(r"/chunks/", name) is not None


def new_key(folder, name="signing-key", content=None):
    """A file with a signing key; a new one if none is given."""
    path = Path(folder) / name
    path.write_text(content or os.urandom(24).hex())
    return path


def cdn_bytes(origin):
    """Bytes that the data host was asked for since the log was cleared."""
    ranges = [request.range.removeprefix("bytes=").split("-") for request in origin.log.all("cdn") if request.range]
    return sum(int(last) - int(first) + 1 for first, last in ranges)


def asks_for_xorbs(origin):
    return [request for request in origin.log.all("cdn") if request.range]


def is_idle(server, origin):
    """Whether a proxy has written all that it has to write, or given it up."""
    return metrics_of(server, origin)("xet_store_queued") == 0


def settled(origin, names, *servers):
    """Waits until proxies have nothing to write any more and claim nothing; `names` lists what is in the store."""
    wait_until(lambda: not origin.open_requests("cdn"), IDLE_DEADLINE, "a download goes on")
    wait_until(lambda: all(is_idle(server, origin) for server in servers), IDLE_DEADLINE, "something is still to be written")
    wait_until(lambda: not [name for name in names() if is_claim(name)], IDLE_DEADLINE, "something is still claimed")


def health_of(server):
    return fetch(server.url, "/livez").status
