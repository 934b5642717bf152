"""Servers that are away in the middle of a download: whoever stays gets the whole file, and whoever leaves ends the waiting.

What is away comes back when it was asked often enough, or when somebody was told of it, never after a time.
"""

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import faults
from catalogue import LARGE_SIZE, MODEL, file_of
from command_line import assert_done, assert_failed
from contents import digest
from endpoint_calls import get_xorb, spans_of
from expectations import assert_right, assert_visible_failure
from http_peer import wait_until
from http_probe import open_exchange, path_target
from official_clients import call
from outages import ATTEMPTS, AWAY, One, held, is_later, lose, refuse
from proxy_calls import download
from proxy_observations import Growth
from terminal import Terminal

WAITING = {"XET_RETRY_FOR": None}
"""For as long as users get without a word."""
TIMEOUT = 100
PLAIN_FILES = {"readme.md": "hub", "lfs.bin": "cdn"}
"""Files that are not in XET, and who sends their bytes."""


@pytest.fixture
def waiting(start_proxy):
    """A proxy with the default, and an end of idle connections that a pause must not be taken for."""
    return start_proxy("--idle-timeout", "1", **WAITING)


def begin(server, origin, path="large.bin", count=100_000):
    """A download of which the first bytes have come."""
    exchange = open_exchange(server.url, path_target("download", MODEL, path), token=origin.alice, timeout=TIMEOUT)
    assert exchange.read_head() and exchange.status == 200
    assert len(exchange.read_some(count)) >= count
    return exchange


# Through the proxy


@pytest.mark.parametrize("fault", AWAY.values(), ids=AWAY)
def test_a_data_host_that_is_away(waiting, origin, fault):
    entry = refuse(origin.cdn, fault)
    growth = Growth(waiting, origin)
    assert_right(download(waiting, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert entry.uses == ATTEMPTS
    growth.wait(ATTEMPTS, "xet_fetch_retries_total")
    growth.wait(1, "xet_downloads_total", outcome="finished")


@pytest.mark.parametrize("after", [-1, 0, 50_000], ids=["no head", "no byte", "some bytes"])
def test_a_data_host_that_is_silent(start_proxy, origin, after):
    proxy = start_proxy(
        "--upstream-timeout", "1", "--upstream-idle-timeout", "1", "--stall-timeout", "1", **WAITING
    )
    never = threading.Event()
    entry = refuse(origin.cdn, faults.hold(never, after=after))
    assert_right(download(proxy, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert entry.uses == ATTEMPTS
    never.set()


@pytest.mark.parametrize("name", ["cdn", "cas", "hub"])
def test_a_server_that_refuses_connections(waiting, origin, name):
    """With connections to it that were open: they end, and nothing can be made anew."""
    # All but the start of the file, which is the start of its xorb.
    with held(origin.cdn, when=lambda request: not request.range.startswith("bytes=0-")):
        exchange = begin(waiting, origin)
        growth = Growth(waiting, origin)
        lose(origin, name)
    # A client that takes nothing is waited for, and nothing is asked for it meanwhile.
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(exchange.finish)
        wait_until(
            lambda: growth("xet_upstream_head_seconds_count", service=name, status="none") >= 2 * ATTEMPTS,
            TIMEOUT,
            "nobody asks for what is away",
        )
        assert growth("xet_downloads_total") == 0
        getattr(origin, name).come_back()
        assert_right(reading.result(), file_of(origin, "large.bin").content)
    assert growth("xet_fetch_retries_total") + growth("xet_upstream_retries_total") >= ATTEMPTS


@pytest.mark.parametrize("fault", [AWAY["statuses"], AWAY["closed"]], ids=["statuses", "closed"])
def test_a_cas_that_is_away_for_later_windows(waiting, origin, fault):
    entry = origin.cas.script(fault, times=ATTEMPTS, skip=1, when=lambda r: "/reconstructions/" in r.path)
    growth = Growth(waiting, origin)
    assert_right(download(waiting, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert entry.uses == ATTEMPTS
    growth.wait(ATTEMPTS, "xet_upstream_retries_total", service="cas")


def test_a_cas_that_is_away_when_addresses_have_ended(waiting, origin):
    """What was signed before is no longer good, and who could sign it anew is away."""
    expired = origin.cdn.script(
        lambda request, response: origin.cas_side.expire_urls() or faults.status(403)(request, response),
        when=One(is_later),
    )
    asks = origin.cas.script(
        faults.status(503), times=ATTEMPTS, when=lambda r: expired.uses > 0 and "/reconstructions/" in r.path
    )
    assert_right(download(waiting, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert expired.uses == 1 and asks.uses == ATTEMPTS


def test_a_token_that_ends_while_the_hub_is_away(waiting, origin):
    origin.cas_side.token_uses = 1
    entry = origin.hub.script(faults.status(502), times=ATTEMPTS, skip=1, when=lambda r: "xet-read-token" in r.path)
    assert_right(download(waiting, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert entry.uses == ATTEMPTS
    assert len(origin.cas_side.tokens) > 1


def asks_for_bytes(request):
    return request.method == "GET" and "xet-read-token" not in request.path


@pytest.mark.parametrize("path", PLAIN_FILES)
@pytest.mark.parametrize("fault", [AWAY["statuses"], AWAY["closed"]], ids=["statuses", "closed"])
def test_plain_files_go_on_where_they_stopped(waiting, origin, path, fault):
    server = getattr(origin, PLAIN_FILES[path])
    server.script(faults.close_after(60_000), when=asks_for_bytes)
    entry = server.script(fault, times=ATTEMPTS, skip=1, when=asks_for_bytes)
    growth = Growth(waiting, origin)
    content = file_of(origin, path).content
    assert_right(download(waiting, origin, path), content)
    assert entry.uses == ATTEMPTS
    asked = [request.range for request in origin.log.all(PLAIN_FILES[path]) if asks_for_bytes(request)]
    # What was on its way when the connection broke may be lost with it; what has left is not asked for again.
    rest = asked[1]
    assert asked == [None] + (ATTEMPTS + 1) * [rest]
    start, end = map(int, rest.removeprefix("bytes=").split("-"))
    assert 0 < start <= 60_000 and end == len(content) - 1
    growth.wait(ATTEMPTS + 1, "xet_upstream_retries_total")


def test_ranges_are_outlasting_too(waiting, origin):
    content = file_of(origin, "large.bin").content
    entry = refuse(origin.cdn, AWAY["reset"], when=One(skip=1))
    got = download(waiting, origin, "large.bin", headers={"Range": "bytes=3000000-19999999"})
    assert_right(got, content[3_000_000:20_000_000], 206)
    assert entry.uses == ATTEMPTS


def test_curl_sees_a_pause(waiting, origin, tmp_path):
    refuse(origin.cdn, AWAY["statuses"])
    out = tmp_path / "out"
    url = waiting.url + path_target("download", MODEL, "large.bin")
    command = ["curl", "-sSf", "-o", str(out), "-H", f"Authorization: Bearer {origin.alice}", url]
    finished = subprocess.run(command, capture_output=True, timeout=TIMEOUT)
    assert finished.returncode == 0, finished.stderr
    assert out.read_bytes() == file_of(origin, "large.bin").content


# How long


@pytest.mark.parametrize("fault", ["statuses", "reset"])
@pytest.mark.parametrize("how", ["flag", "variable"])
def test_a_time_that_is_over(start_proxy, origin, fault, how):
    proxy = start_proxy("--retry-for", "1", **WAITING) if how == "flag" else start_proxy(XET_RETRY_FOR="1000ms")
    entry = refuse(origin.cdn, AWAY[fault], times=None)
    got = download(proxy, origin, "large.bin")
    assert got.status == 200
    assert_visible_failure(got, file_of(origin, "large.bin").content)
    assert entry.uses > 1


def test_no_time_is_no_attempt(start_proxy, origin):
    proxy = start_proxy("--retry-for", "0")
    entry = refuse(origin.cdn, AWAY["statuses"], times=None)
    got = download(proxy, origin, "large.bin")
    assert got.status == 200
    assert_visible_failure(got, file_of(origin, "large.bin").content)
    assert entry.uses == 1
    origin.cdn.clear_script()
    # What is no outage has its attempts all the same.
    entry = refuse(origin.cdn, faults.body(lambda b: b"\x5a" * len(b)), times=2)
    assert_right(download(proxy, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert entry.uses == 2


def test_who_asks_for_more_time_than_there_is_ends_it_at_once(start_proxy, origin):
    proxy = start_proxy("--retry-for", "20s", **WAITING)
    entry = refuse(origin.cdn, faults.status(429, [("Retry-After", "21")]), times=None)
    got = download(proxy, origin, "large.bin")
    assert got.status == 200 and not got.complete
    assert entry.uses == 1


@pytest.mark.parametrize("fault", [faults.body(lambda b: b"\x5a" * len(b)), faults.flipped(0)], ids=["junk", "version"])
def test_wrong_bytes_are_no_outage(waiting, origin, fault):
    entry = refuse(origin.cdn, fault, times=None)
    got = download(waiting, origin, "large.bin")
    assert got.status == 200
    assert_visible_failure(got, file_of(origin, "large.bin").content)
    assert 1 < entry.uses <= 6


@pytest.mark.parametrize("status", [404, 416])
def test_a_refusal_is_final(waiting, origin, status):
    entry = refuse(origin.cdn, faults.status(status), times=None)
    got = download(waiting, origin, "large.bin")
    assert got.status == 200 and not got.complete
    assert entry.uses == 1


@pytest.mark.parametrize("path, server, part", [
    ("large.bin", "hub", "/resolve/"), ("large.bin", "cas", "/reconstructions/"), ("readme.md", "hub", "/resolve/")
])
def test_before_the_head_it_is_a_status_soon(waiting, origin, path, server, part):
    entry = getattr(origin, server).script(faults.status(503), times=None, when=lambda r: part in r.path)
    got = download(waiting, origin, path)
    assert got.status in (502, 503), got
    assert entry.uses <= 6


# Clients that leave


@pytest.mark.parametrize("name", ["cdn", "cas"])
def test_who_leaves_ends_the_waiting(waiting, origin, name):
    server = getattr(origin, name)
    entry = server.script(faults.status(503), times=None, when=is_later)
    exchange = begin(waiting, origin)
    growth = Growth(waiting, origin)
    wait_until(lambda: entry.uses >= 3, TIMEOUT)
    exchange.close()
    # All that works for a download is over when it is counted.
    growth.wait(1, "xet_downloads_total", outcome="cancelled")
    server.clear_script()
    asked = len(origin.log.all())
    assert_right(download(waiting, origin, "tiny.bin"), file_of(origin, "tiny.bin").content)
    (request,) = [request for request in origin.log.all()[asked:] if request.server == "cdn"]
    assert not origin.open_requests()


def test_who_leaves_a_plain_file_ends_the_waiting(waiting, origin):
    gets = lambda request: request.method == "GET"  # noqa: E731
    origin.cdn.script(faults.close_after(60_000), when=gets)
    entry = origin.cdn.script(faults.status(503), times=None, skip=1, when=gets)
    exchange = begin(waiting, origin, "lfs.bin", 50_000)
    growth = Growth(waiting, origin)
    wait_until(lambda: entry.uses >= 2, TIMEOUT)
    exchange.close()
    growth.wait(1, "xet_downloads_total", outcome="cancelled")


# Clients that rebuild files themselves


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "plain"])
@pytest.mark.parametrize("fault", [AWAY["statuses"], AWAY["closed"]], ids=["statuses", "closed"])
def test_official_client_through_the_endpoint(start_endpoint, origin, home, xet, fault):
    endpoint = start_endpoint(**WAITING)
    # The one that rebuilds files has five attempts of its own.
    attempts = 3 if xet else ATTEMPTS
    entry = refuse(origin.cdn, fault, attempts, when=One() if xet else None)
    got = call(home, endpoint.url, "download", xet=xet, repo_id=MODEL, filename="large.bin", interpreter=sys.executable)
    assert entry.uses == attempts
    assert got == digest(file_of(origin, "large.bin").content)


def test_xorbs_of_a_host_that_is_away_are_a_status(start_endpoint, origin):
    """Who rebuilds files has attempts of his own, and is told."""
    endpoint = start_endpoint(**WAITING)
    _, url, spans = spans_of(endpoint, file_of(origin, "random.bin"), token=origin.alice)[0]
    entry = origin.cdn.script(faults.status(503), times=None)
    got = get_xorb(endpoint, url, spans)
    assert got.status in (502, 503), got
    assert entry.uses <= 4


# The command line


def wait_for_words(process, *words):
    """Reads lines that the command writes until one has all the words; returns it."""
    for line in process.stderr:
        if all(word.encode() in line for word in words):
            return line.decode()
    raise AssertionError(f"no line with {words}, and the end is {process.wait()}")


@pytest.mark.parametrize("fault", ["statuses", "closed"])
def test_command_that_waits(xet, origin, fault):
    entry = refuse(origin.cdn, AWAY[fault])
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin", **WAITING))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert entry.uses == ATTEMPTS


NAMES = {"cdn": "127.0.0.1:", "cas": "the CAS", "hub": "the Hub"}


def start_and_lose(xet, origin, name, *options, **settings):
    """A download that has some bytes when a server goes away."""
    with held(origin.cdn, after=2_000_000):
        process = xet.start("download", MODEL, "large.bin", *options, **{**WAITING, **settings})
        wait_until(
            lambda: process.poll() is not None or any(part.stat().st_size for part in xet.folder.glob("*.partial")),
            message="no part was written",
        )
        assert process.poll() is None, process.stderr.read()
        lose(origin, name)
    return process


@pytest.mark.parametrize("name", NAMES)
def test_command_says_what_it_waits_for(xet, origin, name):
    with start_and_lose(xet, origin, name, "--output", "out.bin") as process:
        line = wait_for_words(process, "waiting for " + NAMES[name], "kept")
        assert "MB kept" in line and "refused" in line.lower(), line
        getattr(origin, name).come_back()
        rest = process.stderr.read()
        assert process.wait(TIMEOUT) == 0, rest
    assert b"going on after" in rest and rest.count(b"\n") == 1, rest
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content


def test_quiet_command_waits_without_a_word(xet, origin):
    entry = refuse(origin.cdn, faults.status(503, [("Retry-After", "1")]))
    finished = xet("download", MODEL, "large.bin", "--output", "out.bin", "--quiet", **WAITING)
    assert_done(finished)
    assert entry.uses == ATTEMPTS and finished.stderr == b""


def test_command_shows_what_it_waits_for_on_a_terminal(xet, origin):
    with held(origin.cdn, after=2_000_000):
        terminal = Terminal(xet, "download", MODEL, "large.bin", "--output", "out", columns=60, **WAITING)
        wait_until(lambda: "%" in terminal.shown, message="no progress was shown")
        origin.cdn.go_away()
    wait_until(lambda: "waiting for 127.0.0.1" in terminal.shown, TIMEOUT, "nobody is told")
    origin.cdn.come_back()
    assert terminal.wait() == 0
    for line in terminal.shown.split("\r\x1b[K")[1:-1]:
        assert len(line) < 60 and "\n" not in line
    assert "kept" in terminal.shown and "verified" in terminal.shown.splitlines()[-1]


@pytest.mark.parametrize("on_terminal", [False, True], ids=["plain", "terminal"])
def test_interrupted_while_it_waits(xet, origin, on_terminal):
    if on_terminal:
        with held(origin.cdn, after=2_000_000):
            terminal = Terminal(xet, "download", MODEL, "large.bin", "--output", "out.bin", **WAITING)
            wait_until(lambda: "%" in terminal.shown, message="no progress was shown")
            origin.cdn.go_away()
        wait_until(lambda: "waiting for" in terminal.shown, TIMEOUT)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.wait() == 130
        errors = terminal.shown.rsplit("\x1b[K", 1)[1]
        assert "interrupted" in errors.splitlines()[0] and "waiting" not in errors
    else:
        with start_and_lose(xet, origin, "cdn", "--output", "out.bin") as process:
            wait_for_words(process, "waiting for")
            process.send_signal(signal.SIGINT)
            errors = process.stderr.read().decode()
            assert process.wait(30) == 130, errors
    (part,) = xet.folder.glob("*.partial")
    kept = part.stat().st_size
    assert "are kept in" in errors and "again to go on" in errors and kept > 0
    origin.cdn.come_back()
    origin.log.clear()
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert origin.sent_bytes("cdn") < LARGE_SIZE - kept + 2_000_000


@pytest.mark.parametrize("time", ["0", "1s"])
def test_command_whose_time_is_over(xet, origin, time):
    entry = refuse(origin.cdn, faults.status(503), times=None)
    finished = xet("download", MODEL, "large.bin", "--output", "out.bin", "--retry-for", time, **WAITING)
    assert_failed(finished, "503", "again to go on")
    assert (entry.uses == 1) == (time == "0")


@pytest.mark.parametrize("time", ["-1", "soon", "1w", ""])
def test_command_takes_no_time_that_is_none(xet, origin, time):
    for options, variables in ((["--retry-for", time], {}), ([], {"XET_RETRY_FOR": time})):
        finished = xet("download", MODEL, "random.bin", *options, **variables)
        if time == "" and not options:
            assert_done(finished)
        else:
            assert finished.returncode == 2 and b"retry-for" in finished.stderr, finished
            assert not origin.log.all()


def test_command_into_a_pipe(xet, origin):
    """There the bytes go on too, and nothing is kept."""
    with held(origin.cdn, after=300_000):
        process = xet.start("download", MODEL, "large.bin", "--output", "-", **WAITING)
        received = process.stdout.read(100_000)
        origin.cdn.go_away()
    reader = threading.Thread(target=lambda: rest.append(process.stdout.read()), daemon=True)
    rest = []
    reader.start()
    line = wait_for_words(process, "waiting for")
    assert "written" in line and "kept" not in line
    origin.cdn.come_back()
    assert process.wait(TIMEOUT) == 0, process.stderr.read()
    reader.join()
    assert received + rest[0] == file_of(origin, "large.bin").content


@pytest.mark.parametrize("path", PLAIN_FILES)
def test_plain_files_of_the_command(xet, origin, path):
    server = getattr(origin, PLAIN_FILES[path])
    gets = lambda request: request.method == "GET"  # noqa: E731
    server.script(faults.close_after(60_000), when=gets)
    entry = server.script(AWAY["statuses"], times=ATTEMPTS, skip=1, when=gets)
    assert_done(xet("download", MODEL, path, "--output", "out.bin", **WAITING))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, path).content
    assert entry.uses == ATTEMPTS


def test_name_that_cannot_be_resolved_for_a_while(xet, origin, tmp_path):
    """In a file system of its own, whose names the test decides."""
    hosts, servers = tmp_path / "hosts", tmp_path / "resolv.conf"
    hosts.write_text("127.0.0.1 cdn.test\n")
    servers.write_text("nameserver 127.0.0.1\noptions attempts:1\n")
    script = f'mount --bind {hosts} /etc/hosts && mount --bind {servers} /etc/resolv.conf && exec "$@"'
    prefix = ["unshare", "-m", "sh", "-c", script, "sh"]
    probe = [*prefix, "getent", "ahosts", "cdn.test"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("no file system of its own here")
    origin.name_data_host("cdn.test")
    with held(origin.cdn, after=2_000_000):
        process = xet.start("download", MODEL, "large.bin", "--output", "out.bin", prefix=prefix, **WAITING)
        wait_until(
            lambda: process.poll() is not None or any(part.stat().st_size for part in xet.folder.glob("*.partial")),
            message="no part was written",
        )
        hosts.write_text("\n")
        origin.cdn.go_away()
    origin.cdn.come_back()
    line = wait_for_words(process, "waiting for cdn.test")
    assert "resolved" in line, line
    hosts.write_text("127.0.0.1 cdn.test\n")
    rest = process.stderr.read()
    assert process.wait(TIMEOUT) == 0, rest
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
