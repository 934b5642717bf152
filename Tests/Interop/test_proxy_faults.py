"""Faults of xorb data: the client gets the right bytes or a failure that it sees, with a bounded number of requests."""

import json
import time

import pytest

import faults
from catalogue import file_of
from expectations import assert_right, assert_right_or_visible_failure, assert_visible_failure, is_visible_failure
from faults import TRANSIENT
from http_peer import wait_until
from http_probe import fetch
from proxy_calls import assert_alive, assert_bounded, download


@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)
@pytest.mark.parametrize("path", ["random.bin", "prose.txt"])
def test_one_fault_of_the_cdn_is_mended(proxy, origin, fault, path):
    entry = origin.cdn.script(fault)
    assert_right(download(proxy, origin, path), file_of(origin, path).content)
    assert entry.uses == 1
    assert_bounded(origin)


@pytest.mark.parametrize("fault", ["503", "reset", "closed", "short with its length", "junk"])
def test_two_faults_in_a_row_are_mended(proxy, origin, fault):
    entry = origin.cdn.script(TRANSIENT[fault], times=2)
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert entry.uses == 2
    assert_bounded(origin)


@pytest.mark.parametrize("fault", ["503", "reset", "closed", "short, chunked", "junk"])
@pytest.mark.parametrize("path", ["large.bin", "scattered.bin"])
def test_faults_in_the_middle_are_mended(proxy, origin, fault, path):
    file = file_of(origin, path)
    download(proxy, origin, path)
    fetches = len(origin.log.all("cdn"))
    origin.log.clear()
    entry = origin.cdn.script(TRANSIENT[fault], times=2, skip=fetches // 2)
    assert_right(download(proxy, origin, path), file.content)
    assert entry.uses >= 1
    assert origin.sent_bytes("cdn") <= origin.needed_bytes(file) * 3
    assert_bounded(origin, 100)


@pytest.mark.parametrize("fault", ["503", "429", "reset", "short with its length", "length too large", "junk"])
def test_a_lasting_fault_of_the_cdn_is_seen(proxy, origin, fault):
    origin.cdn.script(TRANSIENT[fault], times=None)
    assert_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content, (429, 504))
    assert_bounded(origin)
    assert_alive(proxy, origin)


@pytest.mark.parametrize("fault", ["503", "unpacked length off by one"])
def test_a_lasting_fault_in_the_middle_is_seen(proxy, origin, fault):
    """The head is out by then: the connection must be cut short of Content-Length."""
    file = file_of(origin, "large.bin")
    last = max(span.bytes[0] for spans in plan_of(origin, file).values() for span in spans)
    origin.cdn.script(TRANSIENT[fault], times=None, when=lambda r: not r.range.startswith("bytes=0-"))
    got = download(proxy, origin, "large.bin")
    assert last >= 0 and is_visible_failure(got), got
    assert_visible_failure(got, file.content)
    wait_until(lambda: proxy.errors().count("\n") > 1, message="no cause in the log")
    assert_bounded(origin, 100)


def plan_of(origin, file):
    from peer_cas import plan

    return plan(origin.store, file.stored, 0, file.size)[2]


def test_corrupt_stored_chunk_is_caught_by_the_file_hash(proxy, origin):
    """Frames and lengths are fine, only the content is wrong: nothing but the file hash can tell."""
    for path in ("random.bin", "large.bin"):
        file = file_of(origin, path)
        term = file.stored.terms[0]
        chunk = origin.store.xorbs[term.xorb].layout.chunks[term.start]
        assert chunk.scheme == 0
        entry = origin.cdn.script(corrupt(chunk.payload_start + 1000), times=None)
        got = download(proxy, origin, path)
        assert entry.uses >= 1
        assert is_visible_failure(got), "wrong bytes were delivered as if they were right"
        assert len(got.body) < file.size
        origin.cdn.clear_script()
    assert_alive(proxy, origin)


def corrupt(at):
    """Flips a bit of the stored xorb byte at `at`, in whatever range it is sent."""

    def change(request, response):
        if response.status != 206:
            return response
        first, last = (int(part) for part in request.range.removeprefix("bytes=").split("-"))
        return faults.flipped(at - first)(request, response) if first <= at <= last else response

    return change


def test_corrupt_last_chunk_is_held_back(proxy, origin):
    file = file_of(origin, "random.bin")
    term = file.stored.terms[-1]
    chunk = origin.store.xorbs[term.xorb].layout.chunks[term.end - 1]
    origin.cdn.script(corrupt(chunk.end - 1), times=None)
    got = download(proxy, origin, "random.bin")
    assert is_visible_failure(got)
    assert file.content.startswith(got.body) and len(got.body) <= file.size - chunk.unpacked_length


@pytest.mark.parametrize("path", ["single.bin", "tiny.bin"])
def test_corrupt_only_chunk_lets_nothing_out(proxy, origin, path):
    origin.cdn.script(faults.flipped(-1), times=None)
    got = download(proxy, origin, path)
    assert is_visible_failure(got)
    assert got.body == b"" or got.status >= 500


def test_corrupt_content_once(proxy, origin):
    entry = origin.cdn.script(faults.flipped(2000))
    assert_right_or_wrong_and_cut(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert entry.uses == 1


def assert_right_or_wrong_and_cut(got, content):
    assert is_visible_failure(got) or got.body == content, "wrong bytes were delivered as if they were right"
    assert not got.complete or got.status != 200 or got.body == content


@pytest.mark.parametrize("path", ["prose.txt", "floats.bin"])
@pytest.mark.parametrize("at", [20, 5_000, -9])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "always"])
def test_corrupt_compressed_chunk(proxy, origin, path, at, lasting):
    origin.cdn.script(faults.flipped(at, 0x40), times=None if lasting else 1)
    got = download(proxy, origin, path)
    assert_right_or_wrong_and_cut(got, file_of(origin, path).content)
    if lasting:
        assert is_visible_failure(got)
    assert_bounded(origin)


def test_ranges_see_faults_too(proxy, origin):
    content = file_of(origin, "random.bin").content
    wanted = {"Range": "bytes=1000000-1999999"}
    for name in ("503", "reset", "junk", "short with its length", "wrong scheme"):
        origin.cdn.script(TRANSIENT[name])
        assert_right(download(proxy, origin, "random.bin", headers=wanted), content[1_000_000:2_000_000], 206)
    origin.cdn.script(TRANSIENT["wrong scheme"], times=None)
    assert_visible_failure(download(proxy, origin, "random.bin", headers=wanted), content[1_000_000:2_000_000])


@pytest.mark.parametrize("path, extra", [("random.bin", 1), ("prose.txt", 8), ("random.bin", 100_000)])
def test_bytes_after_the_range(proxy, origin, path, extra):
    origin.cdn.script(faults.body(lambda b: b + bytes(extra)), times=None)
    assert_right_or_visible_failure(download(proxy, origin, path), file_of(origin, path).content)
    assert_bounded(origin)


def test_chunks_after_the_range(proxy, origin):
    origin.cdn.script(faults.body(lambda b: b + b), times=None)
    assert_right_or_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)


def test_200_with_exactly_the_range(proxy, origin):
    origin.cdn.script(lambda q, r: faults.header("Content-Range", None)(q, faults.as_status(200)(q, r)), times=None)
    assert_right_or_visible_failure(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    assert_bounded(origin)


def test_200_with_the_whole_xorb(proxy, origin):
    def whole(request, response):
        xorb = request.path.rpartition("/")[2]
        response.body = origin.store.xorbs[xorb].data
        return faults.header("Content-Range", None)(request, faults.as_status(200)(request, response))

    origin.cdn.script(whole, times=None)
    assert_right_or_visible_failure(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    assert_bounded(origin)


def test_206_with_another_range(proxy, origin):
    origin.cdn.script(faults.header("Content-Range", "bytes 0-9/10"), times=None)
    assert_right_or_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_right_bytes_without_a_length(proxy, origin, framing):
    origin.cdn.script(faults.unframed(framing), times=None)
    assert_right(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)


def test_faults_of_one_download_leave_others_alone(proxy, origin):
    from concurrent.futures import ThreadPoolExecutor

    broken = file_of(origin, "prose.txt").stored.terms[0].xorb
    prose_bytes = {span.bytes for span in plan_of(origin, file_of(origin, "prose.txt"))[broken]}
    lines = {f"bytes={first}-{last}" for first, last in prose_bytes}
    origin.cdn.script(TRANSIENT["junk"], times=None, when=lambda r: r.range in lines)
    paths = ["prose.txt", "large.bin", "floats.bin", "prose.txt", "tiny.bin", "lfs.bin"]
    with ThreadPoolExecutor(6) as pool:
        outcomes = dict(enumerate(pool.map(lambda p: download(proxy, origin, p), paths)))
    for at, path in enumerate(paths):
        if path == "prose.txt":
            assert is_visible_failure(outcomes[at])
        else:
            assert_right(outcomes[at], file_of(origin, path).content)


def test_answers_that_are_not_json(proxy, origin):
    for text in (
        b"",
        b"{",
        b"<html></html>",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"terms":' * 50_000,
    ):
        origin.cas.script(faults.body(lambda b, text=text: text), times=None)
        start = time.monotonic()
        assert_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
        assert time.monotonic() - start < 90
        origin.cas.clear_script()
    assert_alive(proxy, origin)


def test_answer_without_end(proxy, origin):
    """A reconstruction of 300 MB of blanks must not be collected."""
    origin.cas.script(faults.body(lambda b: b" " * 300_000_000 + b), times=None)
    assert_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert origin.sent_bytes("cas") < 900_000_000
    assert json.loads(fetch(proxy.url, "/health").body)["status"] == "ok"
