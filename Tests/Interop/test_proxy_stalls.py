"""A CDN that stops sending without closing: the range is fetched again on another connection, and the old one let go."""

import threading

import pytest

import faults
from catalogue import file_of
from expectations import assert_right
from http_peer import wait_until
from proxy_calls import download


@pytest.fixture
def quick_proxy(start_proxy):
    """A proxy that waits for a silent range no longer than a second."""
    return start_proxy("--stall-timeout", "1")


@pytest.mark.parametrize("after", [-1, 0, 1, 10_000], ids=["no head", "no byte", "one byte", "in the middle"])
@pytest.mark.parametrize("path", ["random.bin", "scattered.bin"])
def test_a_stalled_range_is_fetched_on_another_connection(quick_proxy, origin, path, after):
    file = file_of(origin, path)
    assert_right(download(quick_proxy, origin, path), file.content)
    usual = len(origin.log.all("cdn"))
    origin.log.clear()
    never = threading.Event()
    entry = origin.cdn.script(faults.hold(never, after=after))
    assert_right(download(quick_proxy, origin, path), file.content)
    assert entry.uses == 1
    assert len(origin.log.all("cdn")) == usual + 1
    wait_until(lambda: not origin.open_requests(), 5, "the stalled request was not let go")
    never.set()


def test_the_old_connection_may_still_win(quick_proxy, origin):
    """Two stalls in a row: the first request goes on while the second waits, and its bytes count."""
    file = file_of(origin, "random.bin")
    assert_right(download(quick_proxy, origin, "random.bin"), file.content)
    fetched = origin.log.all("cdn")[0]
    origin.log.clear()

    def is_first(request):
        return (request.path, request.range) == (fetched.path, fetched.range)

    first, second = threading.Event(), threading.Event()
    origin.cdn.script(faults.hold(first, after=100_000), when=is_first)
    origin.cdn.script(faults.hold(second, after=0), skip=1, when=is_first)

    def asked():
        return [request for request in origin.log.all("cdn") if is_first(request)]

    def release_first():
        wait_until(lambda: len(asked()) == 2, 30, "no second request")
        first.set()

    release = threading.Thread(target=release_first)
    release.start()
    assert_right(download(quick_proxy, origin, "random.bin"), file.content)
    release.join()
    assert len(asked()) == 2
    wait_until(lambda: not origin.open_requests(), 5, "the second request was not let go")
    second.set()

