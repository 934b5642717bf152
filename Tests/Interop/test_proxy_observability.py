"""What an operator sees: metrics, health routes, one line of the log for each request, ids and traces."""

import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import faults
from catalogue import MODEL, PRIVATE, file_of
from expectations import assert_right, is_visible_failure
from faults import TRANSIENT
from http_peer import wait_until
from http_probe import fetch, open_exchange, path_target
from proxy_calls import download
from proxy_observations import Growth, log_lines, metrics_of, request_lines, secrets_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACE_PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
PROBE_DEADLINE = 25
"""Seconds after which the proxy must have asked the Hub again: it does every ten."""


def start(server, origin, path):
    return open_exchange(server.url, path_target("download", MODEL, path), token=origin.alice)


def with_promtool():
    """Where promtool is; None if it is not installed."""
    beside = Path(sys.prefix) / "bin" / "promtool"
    return str(beside) if beside.exists() else shutil.which("promtool")


# Metrics


def various_requests(proxy, origin):
    download(proxy, origin, "random.bin")
    download(proxy, origin, "config.json")
    download(proxy, origin, "missing.bin")
    fetch(proxy.url, f"/api/models/{MODEL}", token=origin.alice)
    fetch(proxy.url, "/")
    fetch(proxy.url, "/readyz")
    fetch(proxy.url, "/health", method="POST")


def test_metrics_are_well_formed(proxy, origin):
    various_requests(proxy, origin)
    metrics = metrics_of(proxy, origin)
    for family in metrics.families:
        assert family.documentation, family
        assert family.type in ("counter", "gauge", "histogram"), family
        if family.type != "histogram":
            continue
        series = {}
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                labels = frozenset((n, v) for n, v in sample.labels.items() if n != "le")
                series.setdefault(labels, []).append((float(sample.labels["le"]), sample.value))
        assert series, family
        for labels, buckets in series.items():
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), family
            assert [value for _, value in buckets] == sorted(value for _, value in buckets), family
            assert buckets[-1][1] == metrics(f"{family.name}_count", **dict(labels))


@pytest.mark.skipif(with_promtool() is None, reason="promtool is not installed (scripts/setup.sh clients)")
def test_promtool_accepts_the_metrics(proxy, origin):
    various_requests(proxy, origin)
    text = metrics_of(proxy, origin).text
    result = subprocess.run([with_promtool(), "check", "metrics"], input=text.encode(), capture_output=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_a_download_that_is_whole(proxy, origin):
    file = file_of(origin, "large.bin")
    growth = Growth(proxy, origin)
    assert_right(download(proxy, origin, "large.bin"), file.content)
    growth.wait(1, "xet_downloads_total", outcome="finished")
    assert growth("xet_downloads_total") == 1
    assert growth("xet_requests_total", route="download", status="200") == 1
    assert growth("xet_request_duration_seconds_count", route="download") == 1
    assert growth("xet_time_to_first_byte_seconds_count", route="download") == 1
    assert growth("xet_decoded_bytes_total") == file.size
    assert growth("xet_decode_seconds_total") > 0
    assert growth("xet_hash_seconds_total") > 0
    assert growth("xet_upstream_received_bytes_total", service="cdn") == origin.sent_bytes("cdn")
    assert growth("xet_upstream_received_bytes_total", service="cas") > 0
    for name in ("hub", "cas", "cdn"):
        answered = growth("xet_upstream_head_seconds_count", service=name)
        assert answered == len(origin.log.all(name)), name
        assert growth("xet_upstream_head_seconds_count", service=name, status="none") == 0
    assert growth("xet_upstream_head_seconds_count", service="cdn", status="206") == len(origin.log.all("cdn"))
    for quiet in ("fetch_retries", "upstream_retries", "url_renewals", "verification_failures"):
        assert growth(f"xet_{quiet}_total") == 0, quiet
    now = metrics_of(proxy, origin)
    assert now("xet_in_flight_streams") == now("xet_buffered_bytes") == 0
    assert now("xet_in_flight_requests") == 1, "the one that asks"
    # The answers of /metrics count too.
    assert growth("xet_sent_bytes_total") > file.size
    assert now("process_resident_memory_bytes") > 1 << 20
    assert now("process_open_fds") > 3
    assert now("process_cpu_seconds_total") > 0
    assert 1_700_000_000 < now("process_start_time_seconds") < 5_000_000_000
    assert now("xet_build_info") == 1


def test_a_client_that_leaves(proxy, origin):
    go_on = threading.Event()
    origin.cdn.script(faults.hold(go_on, after=300_000), times=None)
    growth = Growth(proxy, origin)
    exchange = start(proxy, origin, "large.bin")
    assert exchange.read_head()
    wait_until(lambda: metrics_of(proxy, origin)("xet_in_flight_streams") == 1)
    wait_until(lambda: metrics_of(proxy, origin)("xet_buffered_bytes") > 0)
    exchange.close()
    growth.wait(1, "xet_downloads_total", outcome="cancelled")
    assert growth("xet_downloads_total") == 1
    now = metrics_of(proxy, origin)
    assert now("xet_in_flight_streams") == 0
    wait_until(lambda: metrics_of(proxy, origin)("xet_buffered_bytes") == 0)
    (line,) = request_lines(proxy, route="download")
    assert (line["outcome"], line["cause"], line["status"]) == ("cancelled", "the client left", "200")
    assert int(line["bytes"]) < file_of(origin, "large.bin").size
    go_on.set()


def test_a_client_that_leaves_before_the_head(proxy, origin):
    go_on = threading.Event()
    origin.hub.script(faults.hold(go_on, after=-1), times=None, when=lambda r: "/resolve/" in r.path)
    growth = Growth(proxy, origin)
    exchange = start(proxy, origin, "large.bin")
    wait_until(lambda: origin.log.all("hub", path="/resolve/"))
    exchange.close()
    growth.wait(1, "xet_requests_total", route="download", status="499")
    assert growth("xet_downloads_total") == 0
    (line,) = request_lines(proxy, route="download")
    assert (line["outcome"], line["status"], line["bytes"]) == ("cancelled", "499", "0")
    assert "ttfb_ms" not in line
    go_on.set()


def test_a_download_that_fails_in_the_middle(proxy, origin):
    origin.cdn.script(TRANSIENT["503"], times=None, when=lambda r: not r.range.startswith("bytes=0-"))
    growth = Growth(proxy, origin)
    got = download(proxy, origin, "large.bin")
    assert got.status == 200 and not got.complete
    growth.wait(1, "xet_downloads_total", outcome="aborted")
    assert growth("xet_downloads_total") == 1
    assert growth("xet_fetch_retries_total") > 0
    assert growth("xet_upstream_head_seconds_count", service="cdn", status="503") > 0
    (line,) = request_lines(proxy, route="download")
    assert (line["level"], line["outcome"], line["status"]) == ("error", "aborted", "200")
    assert "unavailable" in line["cause"]
    assert int(line["bytes"]) == len(got.body)


def test_wrong_bytes_of_a_file(proxy, origin):
    file = file_of(origin, "large.bin")
    term = file.stored.terms[0]
    chunk = origin.store.xorbs[term.xorb].layout.chunks[term.start]
    at = chunk.payload_start + 1000

    def corrupt(request, response):
        if response.status != 206:
            return response
        first, last = (int(part) for part in request.range.removeprefix("bytes=").split("-"))
        return faults.flipped(at - first)(request, response) if first <= at <= last else response

    origin.cdn.script(corrupt, times=None)
    growth = Growth(proxy, origin)
    assert is_visible_failure(download(proxy, origin, "large.bin"))
    growth.wait(1, "xet_verification_failures_total", part="file")
    growth.wait(1, "xet_downloads_total", outcome="aborted")
    (line,) = request_lines(proxy, route="download")
    assert "corrupt" in line["cause"]


def test_wrong_bytes_of_a_xorb_that_are_mended(proxy, origin):
    origin.cdn.script(TRANSIENT["junk"])
    growth = Growth(proxy, origin)
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    growth.wait(1, "xet_verification_failures_total", part="xorb")
    assert growth("xet_fetch_retries_total") == 1
    assert growth("xet_verification_failures_total", part="file") == 0


def test_addresses_that_are_renewed(proxy, origin):
    origin.cas_side.url_uses = 0

    def usable_from_now_on(request, response):
        origin.cas_side.url_uses = None
        return response

    origin.cdn.script(usable_from_now_on)
    growth = Growth(proxy, origin)
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    wait_until(lambda: growth("xet_downloads_total", outcome="finished") == 1)
    assert growth("xet_url_renewals_total") >= 1
    assert growth("xet_upstream_head_seconds_count", service="cdn", status="403") >= 1


@pytest.mark.parametrize("name", ["hub", "cas"])
def test_requests_that_are_repeated(proxy, origin, name):
    part = "/resolve/" if name == "hub" else "/reconstructions/"
    getattr(origin, name).script(TRANSIENT["503"], times=2, when=lambda r: part in r.path)
    growth = Growth(proxy, origin)
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    growth.wait(2, "xet_upstream_retries_total", service=name)
    assert growth("xet_upstream_retries_total") == 2
    assert growth("xet_upstream_head_seconds_count", service=name, status="503") == 2


def test_clients_make_no_labels(proxy, origin):
    """Routes, statuses and services are few, whatever is asked for."""
    for at in range(20):
        fetch(proxy.url, f"/api/nothing-{at}", token=origin.alice)
        fetch(proxy.url, f"/download/{at}/{at}/{at}", token=origin.alice)
        origin.hub.script(faults.status(430 + at))
        fetch(proxy.url, f"/api/models/{MODEL}", token=origin.alice)
    metrics = metrics_of(proxy, origin)
    assert metrics.labels("route") <= {"download", "hub", "metrics", "other"}
    assert metrics.labels("status") <= {"200", "400", "404", "405", "431", "4xx", "302", "none"}
    assert metrics.labels("service") == {"hub", "cas", "cdn", "store"}


# Health


def test_the_probe_of_the_hub(proxy, origin):
    assert fetch(proxy.url, "/livez").json() == {"status": "ok"}
    for _ in range(10):
        got = fetch(proxy.url, "/readyz")
        assert (got.status, got.json()) == (200, {"status": "ready"})
    probes = [request for request in origin.log.all("hub") if request.path == "/"]
    assert [probe.method for probe in probes] == ["HEAD"]
    assert probes[0].authorization is None
    assert metrics_of(proxy, origin)("xet_hub_up") == 1
    head = fetch(proxy.url, "/readyz", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert fetch(proxy.url, "/livez", method="POST").status == 405


def test_a_hub_that_is_away_and_comes_back(proxy, origin):
    entry = origin.hub.script(TRANSIENT["503"], times=None)
    got = fetch(proxy.url, "/readyz")
    assert (got.status, got.json()) == (503, {"status": "not ready", "reason": "the Hub does not answer"})
    assert fetch(proxy.url, "/livez").status == 200
    assert fetch(proxy.url, "/health").status == 200
    assert metrics_of(proxy, origin)("xet_hub_up") == 0
    asked = entry.uses
    origin.hub.clear_script()
    wait_until(lambda: fetch(proxy.url, "/readyz").status == 200, PROBE_DEADLINE, "not ready again")
    assert asked == 1
    assert metrics_of(proxy, origin)("xet_hub_up") == 1


def test_a_hub_that_is_not_there(start_proxy):
    proxy = start_proxy(hub="http://127.0.0.1:1")
    assert fetch(proxy.url, "/readyz").status == 503
    assert fetch(proxy.url, "/livez").status == 200


# Ids and traces


def test_a_request_id_goes_everywhere(proxy, origin):
    got = download(proxy, origin, "random.bin", headers={"X-Request-Id": "my-id/7"})
    assert got.header("X-Request-Id") == "my-id/7"
    for name in ("hub", "cas", "cdn"):
        seen = origin.log.all(name)
        assert seen and {request.headers.get("x-request-id") for request in seen} == {"my-id/7"}, name
    (line,) = request_lines(proxy, route="download")
    assert line["id"] == "my-id/7"


@pytest.mark.parametrize("bad", [None, "two words", "x" * 129, ""])
def test_a_request_id_is_made(proxy, origin, bad):
    headers = {} if bad is None else {"X-Request-Id": bad}
    got = download(proxy, origin, "random.bin", headers=headers)
    made = got.header("X-Request-Id")
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert {request.headers.get("x-request-id") for request in origin.log.all()} == {made}
    assert download(proxy, origin, "random.bin").header("X-Request-Id") != made


@pytest.mark.parametrize("target", ["/", "/health", "/metrics", "/nothing/at/all", "/download/x", "/api/whoami-v2"])
def test_every_answer_has_an_id(proxy, origin, target):
    for method in ("GET", "HEAD", "PUT"):
        got = fetch(proxy.url, target, method=method, headers={"X-Request-Id": "one"}, token=origin.alice)
        assert got.header("X-Request-Id") == "one", (method, got)


def test_the_id_that_the_hub_gives(proxy, origin):
    origin.hub.script(faults.header("X-Request-Id", "Root=1-2-3"), times=None)
    target = f"/api/models/{MODEL}"
    assert fetch(proxy.url, target, token=origin.alice).header("X-Request-Id") == "Root=1-2-3"
    got = fetch(proxy.url, target, headers={"X-Request-Id": "mine"}, token=origin.alice)
    assert got.header("X-Request-Id") == "mine"
    made, mine = request_lines(proxy, 2)
    assert {made["upstream_id"], mine["upstream_id"]} == {"Root=1-2-3"}
    assert (len(made["id"]), mine["id"]) == (32, "mine")


def test_a_trace_goes_everywhere(proxy, origin):
    download(proxy, origin, "random.bin", headers={"traceparent": TRACE_PARENT, "tracestate": "a=1,b=2"})
    for name in ("hub", "cas", "cdn"):
        for request in origin.log.all(name):
            assert request.headers.get("traceparent") == TRACE_PARENT
            assert request.headers.get("tracestate") == "a=1,b=2"
    (line,) = request_lines(proxy, route="download")
    assert line["trace"] == TRACE


@pytest.mark.parametrize("bad", ["00-x-y-01", TRACE_PARENT.upper(), TRACE_PARENT + "-more", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
def test_a_trace_that_is_none_goes_nowhere(proxy, origin, bad):
    assert download(proxy, origin, "random.bin", headers={"traceparent": bad, "tracestate": "a=1"}).status == 200
    for request in origin.log.all():
        assert "traceparent" not in request.headers and "tracestate" not in request.headers
    (line,) = request_lines(proxy, route="download")
    assert "trace" not in line


# The line that says that it is ready


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("cached", [False, True])
def test_ready_line(start_proxy, origin, tmp_path, host, cached):
    cache = ("--cache", tmp_path / "kept", "--cache-size", "1GiB") if cached else ()
    proxy = start_proxy("--host", host, "--allow-anonymous", *cache, XET_CACHE="")
    (line,) = [line for line in proxy.errors().splitlines() if " ready on " in line]
    kept = f"cache {tmp_path / 'kept'}, at most 1.1 GB" if cached else "no cache"
    assert line == f"xet proxy ready on http://{host}:{proxy.port} (hub {origin.url}/, anonymous yes, writes no, {kept})"


def test_ready_line_as_json(start_proxy, origin, tmp_path):
    proxy = start_proxy("--log-format", "json", "--allow-writes", "--cache", tmp_path / "kept")
    line = json.loads(proxy.errors().splitlines()[0])
    assert line["msg"] == f"xet proxy ready on {proxy.url}" and line["address"] == proxy.url
    assert (line["hub"], line["anonymous"], line["writes"]) == (f"{origin.url}/", False, True)
    assert line["cache"] == str(tmp_path / "kept") and line["cache_limit_bytes"] > 1 << 26


# The log


@pytest.mark.parametrize("format", ["logfmt", "json"])
def test_one_line_for_each_request(start_proxy, origin, format):
    proxy = start_proxy("--log-format", format)
    file = file_of(origin, "random.bin")
    for at in range(3):
        headers = {"X-Request-Id": f"id-{at}", "User-Agent": 'odd "agent"\tx=1'}
        assert_right(download(proxy, origin, "random.bin", headers=headers), file.content)
    assert download(proxy, origin, "missing.bin").status == 404
    assert fetch(proxy.url, f"/{MODEL}/resolve/main/config.json", method="HEAD", token=origin.alice).status == 200
    fetch(proxy.url, f"/api/models/{MODEL}", token=origin.alice)
    fetch(proxy.url, f"/api/models/{MODEL}", method="DELETE", token=origin.alice)
    lines = request_lines(proxy, 7, format)
    assert len(log_lines(proxy, format)) == 7

    def line(**fields):
        """The one line with these fields: lines come when an answer has left, perhaps after the next request has come."""
        (found,) = [line for line in lines if fields.items() <= line.items()]
        return found

    whole = line(id="id-0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", whole["ts"])
    number = int if format == "json" else str
    expected = {
        "level": "notice", "id": "id-0", "method": "GET", "route": "download", "repo": MODEL, "file": "random.bin",
        "status": number(200), "bytes": number(file.size), "outcome": "finished", "client": "127.0.0.1",
        "agent": 'odd "agent"\tx=1',
    }  # fmt: skip
    assert {name: whole.get(name) for name in expected} == expected
    assert 0 <= int(whole["ttfb_ms"]) <= int(whole["duration_ms"]) < 60_000
    assert {"id-0", "id-1", "id-2"} <= {line["id"] for line in lines}
    missing, head, hub, refused = line(file="missing.bin"), line(method="HEAD"), line(route="hub", method="GET"), line(method="DELETE")
    assert (missing["status"], missing["file"]) == (number(404), "missing.bin")
    assert "not found" in missing["cause"]
    assert (head["route"], head["bytes"], head["method"]) == ("resolve", number(0), "HEAD")
    assert (hub["route"], hub["path"], hub["repo"]) == ("hub", f"/api/models/{MODEL}", MODEL)
    assert (refused["status"], refused["method"]) == (number(405), "DELETE")


@pytest.mark.parametrize("format", ["logfmt", "json"])
def test_nothing_in_a_path_ends_a_line(start_proxy, origin, format):
    proxy = start_proxy("--log-format", format)
    target = f"/download/{MODEL}/a%0Alevel=error%20msg=request%E2%80%A8%22.bin"
    fetch(proxy.url, target, token=origin.alice)
    fetch(proxy.url, f"/download/{MODEL}/tiny.bin", token=origin.alice)
    lines = request_lines(proxy, 2, format)
    assert len(log_lines(proxy, format)) == 2
    assert lines[1]["file"] == "tiny.bin"


def test_what_only_machines_ask_for_is_not_logged(proxy, origin):
    for target in ("/", "/health", "/livez", "/readyz", "/metrics", "/openapi.json"):
        fetch(proxy.url, target)
    download(proxy, origin, "tiny.bin")
    request_lines(proxy, 1)
    assert len(log_lines(proxy)) == 1


def test_every_request_is_logged_for_those_who_look_closer(start_proxy, origin):
    proxy = start_proxy("--log-level", "debug")
    for target in ("/", "/health", "/livez", "/metrics"):
        fetch(proxy.url, target)
    lines = request_lines(proxy, 4)
    assert [line["route"] for line in lines] == ["page", "health", "livez", "metrics"]
    assert {line["level"] for line in lines} == {"debug"}


@pytest.mark.parametrize("format", ["logfmt", "json"])
def test_no_secret_in_the_log_or_the_metrics(start_proxy, origin, format):
    """Through every way that a download can go wrong; the fixture looks once more at the end."""
    proxy = start_proxy("--log-format", format, "--log-level", "trace")
    broken = [
        ("cdn", TRANSIENT["503"]), ("cdn", TRANSIENT["junk"]), ("cdn", TRANSIENT["reset"]), ("cdn", faults.status(403)),
        ("cdn", faults.status(404)), ("cdn", faults.redirected("", 302)), ("cdn", faults.redirected("http://127.0.0.1:1")),
        ("cas", faults.status(401)), ("cas", faults.status(500)), ("cas", faults.body(lambda b: b[: len(b) // 2])),
        ("hub", faults.status(401)), ("hub", faults.status(403)), ("hub", TRANSIENT["closed at once"]),
    ]  # fmt: skip
    for server, fault in broken:
        for path in ("random.bin", "lfs.bin"):
            getattr(origin, server).script(fault, times=None)
            download(proxy, origin, path)
            getattr(origin, server).clear_script()
    assert download(proxy, origin, "random.bin", repository=PRIVATE, token=origin.bob).status in (401, 403, 404)
    download(proxy, origin, "random.bin", repository=PRIVATE)
    secret = origin.alice
    for target in (f"/download/{MODEL}/tiny.bin?token={secret}", f"/api/models/{MODEL}?x={secret}", f"/xorbs/{'a' * 64}/{secret}",
                   f"/addresses/{secret}"):  # fmt: skip
        fetch(proxy.url, target, token=secret)
    metrics_of(proxy, origin)
    request_lines(proxy, 2 * len(broken) + 2 + 4 + 1, format)
    logged = proxy.errors()
    assert not [secret for secret in secrets_of(origin) if secret in logged]
    assert "Bearer" not in logged and "X-Peer" not in logged and "Signature" not in logged
