"""Data hosts that send more than the range: the range is taken from it, or the failure is plain to see."""

import re

import pytest

import faults
from catalogue import file_of
from endpoint_calls import get_xorb, spans_of
from expectations import assert_right, is_visible_failure
from proxy_calls import assert_bounded, download


def whole(origin, framing="length"):
    """The whole xorb with 200, whatever was asked for."""

    def apply(request, response):
        response = faults.unframed(framing)(request, response) if framing != "length" else response
        response.body = origin.store.xorbs[request.path.rpartition("/")[2]].data
        return faults.header("Content-Range", None)(request, faults.as_status(200)(request, response))

    return apply


def larger(origin, before, after):
    """A range that begins `before` bytes earlier and ends `after` bytes later, as far as there are some; of several, one that
    holds them all."""

    def apply(request, response):
        data = origin.store.xorbs[request.path.rpartition("/")[2]].data
        places = [int(text) for text in re.findall(r"\d+", request.range)]
        first, last = max(0, min(places) - before), min(len(data) - 1, max(places) + after)
        response.body = data[first : last + 1]
        return response.with_header("Content-Range", f"bytes {first}-{last}/{len(data)}")

    return apply


ANSWERS = {
    "whole": lambda origin: whole(origin),
    "whole in chunks": lambda origin: whole(origin, "chunked"),
    "whole until the end": lambda origin: whole(origin, "close"),
    "one before": lambda origin: larger(origin, 1, 0),
    "one behind": lambda origin: larger(origin, 0, 1),
    "around": lambda origin: larger(origin, 70_000, 70_000),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("path", ["scattered.bin", "random.bin", "tiny.bin"])
def test_downloads(proxy, origin, path, name):
    entry = origin.cdn.script(ANSWERS[name](origin), times=None)
    content = file_of(origin, path).content
    assert_right(download(proxy, origin, path), content)
    wanted = {"Range": f"bytes={len(content) // 3}-{len(content) // 2}"}
    assert_right(download(proxy, origin, path, headers=wanted), content[len(content) // 3 : len(content) // 2 + 1], 206)
    assert entry.uses
    assert_bounded(origin)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("path", ["scattered.bin", "random.bin", "tiny.bin"])
def test_clients_that_rebuild_files_themselves(endpoint, origin, path, name):
    """They take for the range what comes, so nothing else may."""
    spans = spans_of(endpoint, file_of(origin, path))
    origin.cdn.script(ANSWERS[name](origin), times=None)
    for xorb, url, ranges in spans:
        data = origin.store.xorbs[xorb].data
        for first, last in ranges[:3]:
            got = get_xorb(endpoint, url, [(first, last)])
            assert got.status == 206 and got.complete and got.body == data[first : last + 1]
            assert got.header("Content-Length") == str(last - first + 1)
            total = "*" if name in ("whole in chunks", "whole until the end") else len(data)
            assert got.header("Content-Range") == f"bytes {first}-{last}/{total}"


@pytest.mark.parametrize(
    "fault",
    [
        lambda origin: lambda q, r: faults.truncated(9, "chunked")(q, whole(origin)(q, r)),
        lambda origin: lambda q, r: faults.truncated(9)(q, whole(origin)(q, r)),
        lambda origin: faults.header("Content-Type", "multipart/byteranges; boundary=x"),
        lambda origin: lambda q, r: faults.reset_after(40_000)(q, whole(origin)(q, r)),
    ],
    ids=["short in chunks", "short", "parts", "reset"],
)
def test_ranges_that_are_not_in_it(proxy, endpoint, origin, fault):
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    origin.cdn.script(fault(origin), times=None)
    assert is_visible_failure(get_xorb(endpoint, url, [ranges[-1]]))
    assert is_visible_failure(download(proxy, origin, "random.bin"))
