"""Xorb bytes through the proxy: ranges passed on as they are, faults never a clean end, nothing fetched for nobody."""

import threading

import pytest

import faults
from catalogue import file_of
from endpoint_calls import XET_CLIENT, cas_token, get_xorb, parts_of, range_field, spans_of
from expectations import is_visible_failure
from http_peer import wait_until
from http_probe import fetch, open_exchange, target_of


def widest(spans):
    """The (xorb, address, ranges) with the most ranges, which must be several."""
    found = max(spans, key=lambda span: len(span[2]))
    assert len(found[2]) > 2, "the file is not scattered enough"
    return found


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_single_ranges(endpoint, origin, version):
    for path in ("scattered.bin", "prose.txt", "tiny.bin"):
        for xorb, url, ranges in spans_of(endpoint, file_of(origin, path), version):
            data = origin.store.xorbs[xorb].data
            for first, last in ranges:
                origin.log.clear()
                got = get_xorb(endpoint, url, [(first, last)])
                assert got.status == 206 and got.complete and got.body == data[first : last + 1]
                assert got.header("Content-Range") == f"bytes {first}-{last}/{len(data)}"
                assert got.header("Content-Length") == str(last - first + 1)
                (request,) = origin.log.all()
                assert (request.server, request.range) == ("cdn", f"bytes={first}-{last}")


def test_several_ranges(endpoint, origin):
    xorb, url, ranges = widest(spans_of(endpoint, file_of(origin, "scattered.bin")))
    data = origin.store.xorbs[xorb].data
    got = get_xorb(endpoint, url, ranges)
    assert got.status == 206 and got.complete
    assert parts_of(got) == [(f"bytes {a}-{b}/{len(data)}", bytes(data[a : b + 1])) for a, b in ranges]
    (request,) = origin.log.all("cdn")
    assert request.headers["range"] == range_field(ranges)["Range"]


def test_what_is_sent_upstream(endpoint, origin):
    headers = {
        **XET_CLIENT,
        "X-Xet-Session-Id": "5f3e2c1a-0000-4000-8000-000000000001",
        "Authorization": "Bearer cas-anything",
        "Cookie": "a=b",
        "Referer": "http://client.example/",
        "X-Forwarded-For": "10.0.0.1",
        "X-Secret": "1",
    }
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    assert get_xorb(endpoint, url, ranges[:1], headers).status == 206
    (request,) = origin.log.all("cdn")
    assert request.headers["user-agent"] == XET_CLIENT["User-Agent"]
    assert request.headers["x-xet-session-id"] == headers["X-Xet-Session-Id"]
    for name in ("authorization", "cookie", "referer", "x-forwarded-for", "x-secret"):
        assert name not in request.headers, name


@pytest.mark.parametrize(
    "change",
    [
        lambda r: None,
        lambda r: [(r[0][0], r[0][1] - 1)],
        lambda r: [(r[0][0], r[0][1] + 1)],
        lambda r: [(r[0][0] + 1, r[0][1])],
        lambda r: [(r[0][0], r[1][1])],
        lambda r: r[:2],
        lambda r: r[::-1],
        lambda r: [r[0], r[0]],
        lambda r: [*r, (0, 0)],
        lambda r: [(0, 7)],
    ],
    ids=[
        "no range",
        "shorter",
        "longer",
        "later",
        "merged",
        "some of the list",
        "other order",
        "twice",
        "one more",
        "another",
    ],
)
def test_other_ranges_are_refused(endpoint, origin, change):
    _, url, ranges = widest(spans_of(endpoint, file_of(origin, "scattered.bin")))
    wanted = change(ranges)
    headers = {} if wanted is None else range_field(wanted)
    got = fetch(endpoint.url, target_of(url), headers=headers)
    assert got.status == 403, got
    assert not origin.log.all("cdn"), "a refused range is not asked for"


@pytest.mark.parametrize("text", ["bytes={0}-", "bytes=-{1}", "bytes={0}-{1},", "bytes= {0}-{1}", "items={0}-{1}"])
def test_other_spellings_are_refused(endpoint, origin, text):
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    got = fetch(endpoint.url, target_of(url), headers={"Range": text.format(*ranges[0])})
    assert got.status == 403, got
    assert not origin.log.all("cdn")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused(endpoint, origin, method):
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    got = fetch(endpoint.url, target_of(url), method, range_field(ranges[:1]), body=b"")
    assert got.status in (403, 405), got
    assert not origin.log.all("cdn")


@pytest.mark.parametrize("status", [401, 403, 410])
def test_an_expired_address_is_a_403(endpoint, origin, status):
    """What clients take for "ask again", whatever the data host calls it."""
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    if status == 403:
        origin.cas_side.expire_urls()
    else:
        origin.cdn.script(faults.status(status))
    got = get_xorb(endpoint, url, ranges[:1])
    assert got.status == 403 and got.complete, got


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_redirects_are_followed(endpoint, origin, version):
    origin.cdn.script(faults.redirected(origin.mirror.public_url), times=None)
    xorb, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"), version)[0]
    got = get_xorb(endpoint, url, ranges[:1])
    first, last = ranges[0]
    assert got.status == 206 and got.body == origin.store.xorbs[xorb].data[first : last + 1]
    assert [r.range for r in origin.log.all("mirror")] == [f"bytes={first}-{last}"]


def test_endless_redirects_end(endpoint, origin):
    origin.cdn.script(faults.redirected(""), times=None)
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    got = get_xorb(endpoint, url, ranges[:1])
    assert got.status == 502, got
    assert len(origin.log.all("cdn")) < 30


FAULTS = {
    "503": faults.status(503),
    "500": faults.status(500),
    "404": faults.status(404),
    "reset at once": faults.reset_after(0),
    "reset": faults.reset_after(100_000),
    "closed": faults.close_after(100_001),
    "closed at once": faults.close_after(0),
    "short with its length": faults.truncated(100_002),
    "short, chunked": faults.truncated(100_003, "chunked"),
    "short, until close": faults.truncated(100_004, "close"),
    "nothing": faults.truncated(0),
    "length too large": faults.declared_length(lambda n: n + 100),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_never_a_clean_end(endpoint, origin, name):
    entry = origin.cdn.script(FAULTS[name], times=None)
    xorb, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    got = get_xorb(endpoint, url, ranges[:1])
    assert entry.uses >= 1
    assert is_visible_failure(got), got
    # 403 would make the client ask for the same address again and again.
    assert got.status is None or got.status != 403
    if got.status == 206:
        first, last = ranges[0]
        data = bytes(origin.store.xorbs[xorb].data[first : last + 1])
        assert data.startswith(got.body)
    origin.cdn.clear_script()
    assert get_xorb(endpoint, url, ranges[:1]).complete


def test_too_many_bytes_are_not_passed_on(endpoint, origin):
    origin.cdn.script(faults.body(lambda b: b + b"more"), times=None)
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    got = get_xorb(endpoint, url, ranges[:1])
    first, last = ranges[0]
    assert is_visible_failure(got) or len(got.body) == last - first + 1


@pytest.mark.parametrize("after", [-1, 300_000])
def test_a_client_that_leaves(endpoint, origin, after):
    go_on = threading.Event()
    origin.cdn.script(faults.hold(go_on, after=after), times=None)
    _, url, ranges = spans_of(endpoint, file_of(origin, "random.bin"))[0]
    exchange = open_exchange(endpoint.url, target_of(url), headers=range_field(ranges[:1]))
    wait_until(lambda: origin.open_requests("cdn"))
    if after > 0:
        assert exchange.read_head()
    exchange.close()
    wait_until(lambda: not origin.open_requests("cdn"), message="the data host still sends")
    assert [r.state for r in origin.log.all("cdn")] == ["closed"]
    go_on.set()


def test_a_slow_reader_is_waited_for(start_proxy, origin):
    """The bytes of a client that does not read stay where they are. No forward proxy here: it would keep some."""
    server = start_proxy()
    _, url, ranges = max(spans_of(server, file_of(origin, "large.bin")), key=lambda s: s[2][0][1] - s[2][0][0])
    exchange = open_exchange(server.url, target_of(url), headers=range_field(ranges[:1]), receive_buffer=65_536)
    assert exchange.read_head()
    (request,) = origin.log.all("cdn")
    size = ranges[0][1] - ranges[0][0] + 1
    seen = []

    def is_still():
        seen.append(request.bytes_sent)
        return len(seen) > 25 and seen[-1] == seen[-25]

    wait_until(is_still, message="the data host sends on and on")
    assert request.state == "open" and request.bytes_sent < size - 5_000_000, (request.bytes_sent, size)
    got = exchange.finish()
    exchange.close()
    assert got.complete and len(got.body) == size


def test_many_at_once(endpoint, origin):
    spans = spans_of(endpoint, file_of(origin, "scattered.bin"))
    wanted = [(xorb, url, pair) for xorb, url, ranges in spans for pair in ranges]
    results = {}

    def get(at):
        xorb, url, (first, last) = wanted[at % len(wanted)]
        got = get_xorb(endpoint, url, [(first, last)])
        results[at] = got.complete and got.body == origin.store.xorbs[xorb].data[first : last + 1]

    threads = [threading.Thread(target=get, args=(at,)) for at in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {at: True for at in range(24)}


def test_other_routes_of_the_cas(endpoint, origin):
    """What a download does not need: dedup queries and telemetry."""

    token = cas_token(endpoint)["accessToken"]
    for target in (f"/v1/chunks/default/{'ab' * 32}", f"/chunks/default-merkledb/{'ab' * 32}"):
        assert fetch(endpoint.url, target, token=token).status == 404
    origin.log.clear()
    for length in (100, 100_000):
        got = fetch(endpoint.url, "/v1/telemetry", "POST", {"Content-Type": "application/json"}, body=b"x" * length)
        assert got.status == 200 and got.body == b""
    assert not origin.log.all(), "telemetry ends here"
