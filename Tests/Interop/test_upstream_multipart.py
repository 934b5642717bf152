"""Several ranges at once: clients get right parts, whatever the data host can do."""

import pytest

import faults
from catalogue import file_of
from contents import noise
from endpoint_calls import get_xorb, parts_of, range_field, spans_of
from expectations import assert_right, is_visible_failure
from http_probe import fetch, target_of
from nginx_host import BINARY, NginxHost
from proxy_calls import download
from test_upstream_ranges import whole


def widest(server, origin):
    """The (xorb, address, ranges) with the most ranges."""
    found = max(spans_of(server, file_of(origin, "scattered.bin")), key=lambda span: len(span[2]))
    assert len(found[2]) > 2, "the file is not scattered enough"
    return found


def expected(origin, xorb, ranges):
    data = origin.store.xorbs[xorb].data
    return [(f"bytes {first}-{last}/{len(data)}", bytes(data[first : last + 1])) for first, last in ranges]


def for_lists(fault):
    """Applies `fault` to requests for several ranges only."""
    return lambda request, response: fault(request, response) if "," in (request.range or "") else response


def one_range(which):
    """Only one of the ranges, as a server may that coalesces or cannot do more."""

    def apply(request, response):
        first, last = request.range.removeprefix("bytes=").split(",")[which].split("-")
        return response.with_header("Content-Range", f"bytes {first}-{last}/*").with_header("Content-Type", "a/b")

    return apply


def part_left_out(request, response):
    boundary = response.headers[0][1].partition('"')[2].rstrip('"').encode()
    parts = bytes(response.body).split(b"--" + boundary)
    response.body = (b"--" + boundary).join(parts[:-2] + parts[-1:])
    return response


CANNOT = {
    "400": lambda origin: faults.status(400),
    "403": lambda origin: faults.status(403),
    "416": lambda origin: faults.status(416),
    "500": lambda origin: faults.status(500),
    "501": lambda origin: faults.status(501),
    "whole": lambda origin: whole(origin),
    "whole in chunks": lambda origin: whole(origin, "chunked"),
    "first": lambda origin: one_range(0),
    "last": lambda origin: one_range(-1),
    "no parts": lambda origin: faults.header("Content-Type", "multipart/byteranges"),
    "another kind of parts": lambda origin: faults.header("Content-Type", "multipart/mixed; boundary=x"),
    "page": lambda origin: faults.status(200, [("Content-Type", "text/html")], b"<html>"),
}


@pytest.mark.parametrize("name", CANNOT)
def test_hosts_that_cannot(endpoint, origin, name):
    xorb, url, ranges = widest(endpoint, origin)
    entry = origin.cdn.script(for_lists(CANNOT[name](origin)), times=None)
    for _ in range(2):
        got = get_xorb(endpoint, url, ranges)
        assert got.status == 206 and got.complete, got
        assert parts_of(got) == expected(origin, xorb, ranges)
        assert got.header("Content-Length") == str(len(got.body)) and got.header("Content-Range") is None
    assert entry.uses
    asked = [request.range for request in origin.log.all("cdn")]
    singles = [f"bytes={first}-{last}" for first, last in ranges]
    # It is asked for the list once, and never again.
    assert asked == [range_field(ranges)["Range"], *singles, *singles]
    head = fetch(endpoint.url, target_of(url), "HEAD", range_field(ranges))
    assert head.status == 206 and head.header("Content-Length") == str(len(got.body))


@pytest.mark.parametrize("name", [*CANNOT, "a part left out"])
def test_downloads_from_hosts_that_cannot(proxy, origin, name):
    fault = part_left_out if name == "a part left out" else CANNOT[name](origin)
    origin.cdn.script(for_lists(fault), times=None)
    content = file_of(origin, "scattered.bin").content
    for _ in range(2):
        assert_right(download(proxy, origin, "scattered.bin"), content)


CUT = "acme/cut"


@pytest.fixture(scope="session")
def cut_file(filled_origin):
    """A file that has been cut out of another: parts of its xorb, in their order."""
    base = noise(12_000_000, "cut")
    filled_origin.xet_file(base, compression="none")
    parts = [base[start : start + 600_000] for start in range(1_000_000, 11_000_000, 1_500_000)]
    file = filled_origin.xet_file(b"".join(parts))
    filled_origin.add_repository(CUT, {"cut.bin": file})
    return file


def test_downloads_ask_for_all_ranges_of_an_address_at_once(proxy, origin, cut_file):
    assert_right(download(proxy, origin, "cut.bin", CUT), cut_file.content)
    asked = [request.range for request in origin.log.all("cdn")]
    lists = [ranges.removeprefix("bytes=").split(",") for ranges in asked if "," in ranges]
    assert lists, asked
    # What a list brought is not asked for again.
    assert not {part for ranges in lists for part in ranges} & {ranges.removeprefix("bytes=") for ranges in asked}


@pytest.mark.parametrize("after", [0, 1, 5000, 300_000])
def test_downloads_whose_parts_break_off(proxy, origin, cut_file, after):
    entry = origin.cdn.script(for_lists(faults.reset_after(after)), times=None)
    assert_right(download(proxy, origin, "cut.bin", CUT), cut_file.content)
    assert any("," in request.range for request in origin.log.all("cdn")) and entry.uses


def test_an_expired_address_is_a_403_for_a_list_too(endpoint, origin):
    _, url, ranges = widest(endpoint, origin)
    origin.cas_side.expire_urls()
    got = get_xorb(endpoint, url, ranges)
    assert got.status == 403 and got.complete, got
    # Nothing was learnt about the host.
    xorb, url, ranges = widest(endpoint, origin)
    origin.log.clear()
    assert parts_of(get_xorb(endpoint, url, ranges)) == expected(origin, xorb, ranges)
    assert [request.range for request in origin.log.all("cdn")] == [range_field(ranges)["Range"]]


@pytest.mark.parametrize(("status", "told"), [(429, 429), (503, 502)])
def test_a_busy_host_is_not_asked_range_by_range(endpoint, origin, status, told):
    xorb, url, ranges = widest(endpoint, origin)
    origin.cdn.script(for_lists(faults.status(status)), times=None)
    got = get_xorb(endpoint, url, ranges)
    assert is_visible_failure(got) and got.status == told, got
    assert {request.range for request in origin.log.all("cdn")} == {range_field(ranges)["Range"]}
    origin.cdn.clear_script()
    assert parts_of(get_xorb(endpoint, url, ranges)) == expected(origin, xorb, ranges)


@pytest.mark.parametrize(
    "fault",
    [faults.reset_after(50), faults.close_after(51), faults.truncated(52, "chunked"), faults.status(503)],
    ids=["reset", "closed", "short", "busy"],
)
def test_faults_within_the_parts_are_never_a_clean_end(endpoint, origin, fault):
    _, url, ranges = widest(endpoint, origin)
    last = f"bytes={ranges[-1][0]}-{ranges[-1][1]}"
    origin.cdn.script(
        lambda request, response: fault(request, response)
        if request.range == last
        else for_lists(faults.status(501))(request, response),
        times=None,
    )
    assert is_visible_failure(get_xorb(endpoint, url, ranges))


@pytest.fixture
def nginx(tmp_path, origin):
    if BINARY is None:
        pytest.skip("needs nginx: scripts/setup.sh bench")
    host = NginxHost(tmp_path, {f"xorbs/default/{hash}": bytes(xorb.data) for hash, xorb in origin.store.xorbs.items()})
    origin.cas_side.data_url = host.url
    yield host
    host.stop()


def test_nginx(proxy, origin, nginx):
    xorb, url, ranges = widest(proxy, origin)
    got = get_xorb(proxy, url, ranges)
    assert got.status == 206 and got.complete, got
    assert parts_of(got) == expected(origin, xorb, ranges)
    assert_right(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    assert (206, range_field(ranges)["Range"]) in nginx.requests
    assert {status for status, _ in nginx.requests} == {206}
