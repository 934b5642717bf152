"""Requests to a proxy in front of the peer origin, and what upstream may see of them."""

from urllib.parse import quote

from catalogue import MODEL, file_of
from expectations import assert_right
from http_probe import fetch, path_target

PREFIXES = {"model": (), "dataset": ("datasets",), "space": ("spaces",), "kernel": ("kernels",), "bucket": ("buckets",)}
REQUEST_LIMIT = 40
"""No download of a small file needs more upstream requests, failing or not."""
TIMEOUT = 100


def query_text(query):
    return "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items()) if query else ""


def download(server, origin, path, repository=MODEL, kind="model", token=None, method="GET", headers=(), **query):
    """`path` of a repository through the proxy at `server`, for alice if no other token is given."""
    target = path_target("download", *PREFIXES[kind], repository, path) + query_text(query)
    return fetch(server.url, target, method, headers, token or origin.alice, timeout=TIMEOUT)


def download_by_hash(server, origin, file, token=None, method="GET", headers=(), **query):
    """`file` by its XET hash."""
    target = f"/download-hash/{file.stored.hash}" + query_text(query)
    return fetch(server.url, target, method, headers, token or origin.alice, timeout=TIMEOUT)


def representation_headers(outcome):
    """The header fields that describe the file, not this connection."""
    skipped = {"date", "connection", "server", "keep-alive", "x-request-id", "x-cache"}
    return sorted((name.lower(), value) for name, value in outcome.headers if name.lower() not in skipped)


def assert_bounded(origin, limit=REQUEST_LIMIT):
    """The number of upstream requests so far."""
    requests = origin.log.all()
    assert len(requests) <= limit, f"{len(requests)} upstream requests"


def assert_alive(server, origin):
    """Without faults the next download works."""
    for peer in origin.servers:
        peer.clear_script()
    assert_right(download(server, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
