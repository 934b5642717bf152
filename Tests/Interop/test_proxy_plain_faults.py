"""Faults while files that are not XET are passed through."""

import pytest

import faults
from catalogue import MODEL, file_of
from expectations import assert_right, assert_right_or_visible_failure, assert_visible_failure, is_visible_failure
from faults import TRANSIENT
from peer_repositories import PeerFile
from proxy_calls import assert_bounded, download

PLAIN_PATHS = ["lfs.bin", "readme.md"]


def plain_server(origin, path):
    """The server that has the bytes."""
    return origin.cdn if path == "lfs.bin" else origin.hub


def asks_for_bytes(request):
    return request.method == "GET" and "/xet-read-token/" not in request.path


@pytest.mark.parametrize("path", PLAIN_PATHS)
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_plain_files_that_end_early(proxy, origin, path, framing):
    """Their size is known from the resolve answer: an early end is no end, however cleanly it comes."""
    plain_server(origin, path).script(faults.truncated(100_000, framing), times=None, when=asks_for_bytes)
    assert_right_or_visible_failure(download(proxy, origin, path), file_of(origin, path).content)
    assert_bounded(origin)


@pytest.mark.parametrize("path", PLAIN_PATHS)
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_plain_files_of_nothing(proxy, origin, path, framing):
    plain_server(origin, path).script(faults.truncated(0, framing), times=None, when=asks_for_bytes)
    assert_visible_failure(download(proxy, origin, path), file_of(origin, path).content)
    assert_bounded(origin)


@pytest.mark.parametrize("path", PLAIN_PATHS)
@pytest.mark.parametrize("fault", ["503", "reset at once", "reset", "closed"])
def test_one_fault_of_a_plain_file(proxy, origin, path, fault):
    entry = plain_server(origin, path).script(TRANSIENT[fault], when=asks_for_bytes)
    got = download(proxy, origin, path)
    assert entry.uses == 1
    assert_right_or_visible_failure(got, file_of(origin, path).content)
    if fault == "503":
        assert_right(got, file_of(origin, path).content)
    assert_bounded(origin)


@pytest.mark.parametrize("path", PLAIN_PATHS)
@pytest.mark.parametrize("fault", ["503", "reset at once", "closed at once", "reset", "closed"])
def test_lasting_faults_of_a_plain_file(proxy, origin, path, fault):
    plain_server(origin, path).script(TRANSIENT[fault], times=None, when=asks_for_bytes)
    got = download(proxy, origin, path)
    assert_right_or_visible_failure(got, file_of(origin, path).content)
    if fault in ("503", "reset at once", "closed at once"):
        assert is_visible_failure(got)
    assert_bounded(origin)


@pytest.mark.parametrize("path", PLAIN_PATHS)
def test_plain_file_that_changes_between_two_attempts(proxy, origin, path):
    """The rest of the new version must not be joined to the beginning of the old one."""
    repository = origin.repositories[("model", MODEL)]
    before = repository.revisions["main"]
    old = file_of(origin, path)
    new = PeerFile(old.content[::-1], old.storage)

    def change(request, response):
        origin.add_repository(MODEL, {**repository.commits[before], path: new})
        origin.plain_url(new)
        return faults.close_after(60_000)(request, response)

    plain_server(origin, path).script(change, when=asks_for_bytes)
    try:
        got = download(proxy, origin, path)
    finally:
        repository.revisions["main"] = before
    is_new = got.header("ETag") == f'"{new.etag}"'
    assert_right_or_visible_failure(got, new.content if is_new else old.content)


@pytest.mark.parametrize("path", PLAIN_PATHS)
def test_plain_ranges_with_a_fault(proxy, origin, path):
    content = file_of(origin, path).content
    for fault in ("503", "reset", "closed at once"):
        plain_server(origin, path).script(TRANSIENT[fault], when=asks_for_bytes)
        got = download(proxy, origin, path, headers={"Range": "bytes=20000-139999"})
        if not is_visible_failure(got):
            assert_right(got, content[20_000:140_000], 206)
    assert_bounded(origin)


@pytest.mark.parametrize("path", PLAIN_PATHS)
def test_plain_files_that_are_too_long(proxy, origin, path):
    plain_server(origin, path).script(faults.body(lambda b: b + b"more"), times=None, when=asks_for_bytes)
    assert_right_or_visible_failure(download(proxy, origin, path), file_of(origin, path).content)


@pytest.mark.parametrize("path", PLAIN_PATHS)
def test_plain_ranges_answered_with_everything(proxy, origin, path):
    content = file_of(origin, path).content

    def whole(request, response):
        response.body = content
        return faults.header("Content-Range", None)(request, faults.as_status(200)(request, response))

    plain_server(origin, path).script(whole, times=None, when=asks_for_bytes)
    got = download(proxy, origin, path, headers={"Range": "bytes=10-19"})
    assert (got.status, got.body) in ((206, content[10:20]), (200, content)) or is_visible_failure(got), got
