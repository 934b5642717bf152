"""Range and If-Range through the proxy, by RFC 9110, for every kind of storage."""

import pytest

from catalogue import LARGE_SIZE, MODEL, file_of
from expectations import assert_right
from http_probe import fetch, path_target
from peer_hub import LAST_MODIFIED

PATHS = ("random.bin", "scattered.bin", "prose.txt", "lfs.bin", "readme.md", "tiny.bin")


def get(server, origin, path, value=None, method="GET", **headers):
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    if value is not None:
        fields["Range"] = value
    return fetch(server.url, path_target("download", MODEL, path), method, fields, origin.alice)


def assert_part(got, content, start, end):
    """206 with bytes [start, end)."""
    assert_right(got, content[start:end], 206)
    assert got.header("Content-Range") == f"bytes {start}-{end - 1}/{len(content)}"
    assert got.header("Content-Length") == str(end - start)
    assert got.header("Accept-Ranges") == "bytes"


@pytest.mark.parametrize("path", PATHS)
def test_single_ranges(proxy, origin, path):
    file = file_of(origin, path)
    size, content = file.size, file.content
    middle = size // 2
    for value, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, size),
        (f"bytes=0-{size - 1}", 0, size),
        (f"bytes=0-{size + 1000}", 0, size),
        (f"bytes={middle}-{middle}", middle, middle + 1),
        (f"bytes={middle}-", middle, size),
        (f"bytes={size // 3}-{size - size // 4}", size // 3, size - size // 4 + 1),
        (f"bytes={size - 1}-", size - 1, size),
        (f"bytes={size - 1}-{size - 1}", size - 1, size),
        ("bytes=-1", size - 1, size),
        (f"bytes=-{middle}", size - middle, size),
        (f"bytes=-{size}", 0, size),
        (f"bytes=-{size + 5}", 0, size),
        (f"bytes=1-{2**63}", 1, size),
    ):
        got = get(proxy, origin, path, value)
        assert got.status == 206, f"{value}: {got}"
        assert_part(got, content, start, end)
        assert got.header("ETag") == f'"{file.etag}"'


def test_ranges_around_every_chunk_limit(proxy, origin):
    file = file_of(origin, "scattered.bin")
    limits, at = [], 0
    for term in file.stored.terms:
        for chunk in origin.store.xorbs[term.xorb].layout.chunks[term.start : term.end]:
            at += chunk.unpacked_length
            limits.append(at)
    assert at == file.size
    for limit in limits[:-1:3]:
        for start, end in ((limit - 1, limit + 1), (limit, limit + 1), (limit - 1, limit)):
            assert_part(get(proxy, origin, "scattered.bin", f"bytes={start}-{end - 1}"), file.content, start, end)


@pytest.mark.parametrize(
    "start, end", [(0, 1), (7_000_000, 7_070_000), (LARGE_SIZE - 10, LARGE_SIZE), (123, 1_000_123)]
)
def test_only_the_needed_chunks_are_fetched(proxy, origin, start, end):
    file = file_of(origin, "large.bin")
    assert_part(get(proxy, origin, "large.bin", f"bytes={start}-{end - 1}"), file.content, start, end)
    assert origin.sent_bytes("cdn") == origin.needed_bytes(file, start, end)


def test_long_range(proxy, origin):
    file = file_of(origin, "large.bin")
    start, end = 1_000_001, LARGE_SIZE - 1_000_001
    assert_part(get(proxy, origin, "large.bin", f"bytes={start}-{end - 1}"), file.content, start, end)
    assert origin.sent_bytes("cdn") <= origin.needed_bytes(file, start, end) * 1.15


@pytest.mark.parametrize("path", PATHS)
def test_unsatisfiable_ranges(proxy, origin, path):
    file = file_of(origin, path)
    for value in (f"bytes={file.size}-", f"bytes={file.size}-{file.size + 5}", f"bytes={2**62}-", "bytes=-0"):
        got = get(proxy, origin, path, value)
        assert got.status == 416, f"{value}: {got}"
        assert got.header("Content-Range") == f"bytes */{file.size}"
        assert file.content not in got.body
    assert not origin.log.all("cdn", path="/xorbs/")


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin", "readme.md"])
def test_what_is_not_one_range_is_ignored(proxy, origin, path):
    content = file_of(origin, path).content
    for value in (
        "bytes=5-2",
        "bytes=0-1,5-6",
        "bytes=a-b",
        "bytes=",
        "bytes=-",
        "bytes",
        "bytes=--5",
        "bytes=1-2-3",
        "bytes=0x10-0x20",
        "bytes=+1-5",
        "bytes=1_0-20",
        "items=0-5",
        "bytes 0-5",
        "",
    ):
        got = get(proxy, origin, path, value)
        assert got.status == 200, f"{value!r}: {got}"
        assert_right(got, content)
        assert got.header("Content-Range") is None


def test_numbers_beyond_any_integer(proxy, origin):
    content = file_of(origin, "random.bin").content
    huge = "9" * 40
    got = get(proxy, origin, "random.bin", f"bytes=5-{huge}")
    assert got.body == (content[5:] if got.status == 206 else content) and got.status in (200, 206)
    got = get(proxy, origin, "random.bin", f"bytes={huge}-")
    assert got.status == 416 or (got.status == 200 and got.body == content)
    got = get(proxy, origin, "random.bin", f"bytes=-{huge}")
    assert got.body == content and got.status in (200, 206)


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin", "readme.md"])
def test_head_ignores_ranges(proxy, origin, path):
    got = get(proxy, origin, path, "bytes=0-9", method="HEAD")
    assert got.status == 200 and got.header("Content-Length") == str(file_of(origin, path).size)
    assert got.header("Content-Range") is None


@pytest.mark.parametrize("path", ["empty-xet.bin", "empty.txt"])
def test_ranges_of_nothing(proxy, origin, path):
    for value in ("bytes=0-", "bytes=0-0", "bytes=5-"):
        got = get(proxy, origin, path, value)
        assert got.status == 416 and got.header("Content-Range") == "bytes */0", f"{value}: {got}"
    assert get(proxy, origin, path, "bytes=-5").status in (200, 416)


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin", "readme.md"])
def test_if_range(proxy, origin, path):
    file = file_of(origin, path)
    same = get(proxy, origin, path, method="HEAD").header("ETag")
    assert_part(get(proxy, origin, path, "bytes=10-19", If_Range=same), file.content, 10, 20)
    for other in ('"other"', f"W/{same}", same.strip('"'), "Tue, 01 Jan 2019 00:00:00 GMT", '""', "junk"):
        got = get(proxy, origin, path, "bytes=10-19", If_Range=other)
        assert got.status == 200, f"If-Range {other}: {got}"
        assert_right(got, file.content)
    got = get(proxy, origin, path, If_Range=same)
    assert_right(got, file.content)
    unsatisfiable = get(proxy, origin, path, f"bytes={file.size}-", If_Range='"other"')
    assert_right(unsatisfiable, file.content)


def test_if_range_with_a_date(proxy, origin):
    content = file_of(origin, "readme.md").content
    got = get(proxy, origin, "readme.md", "bytes=10-19", If_Range=LAST_MODIFIED)
    assert (got.status, got.body) in ((206, content[10:20]), (200, content))


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin"])
def test_resumed_download(proxy, origin, path):
    content = file_of(origin, path).content
    parts, at = [], 0
    while at < len(content):
        got = get(proxy, origin, path, f"bytes={at}-{at + 299_999}")
        assert_part(got, content, at, min(at + 300_000, len(content)))
        parts.append(got.body)
        at += len(got.body)
    assert b"".join(parts) == content
    assert get(proxy, origin, path, f"bytes={at}-").status == 416


def test_ranges_by_hash(proxy, origin):
    file = file_of(origin, "scattered.bin")
    target = f"/download-hash/{file.stored.hash}?repo={MODEL}"
    for start, end in ((0, 10), (1_000_000, 1_200_000), (file.size - 5, file.size)):
        got = fetch(proxy.url, target, headers={"Range": f"bytes={start}-{end - 1}"}, token=origin.alice)
        assert_right(got, file.content[start:end], 206)
        assert got.header("Content-Range") in (f"bytes {start}-{end - 1}/{file.size}", f"bytes {start}-{end - 1}/*")
    past = fetch(proxy.url, target, headers={"Range": f"bytes={file.size}-"}, token=origin.alice)
    assert past.status == 416
