"""Wrong bytes that only the file hash tells: no client completes them by resuming, and all is well after a repair."""

import shutil
import subprocess

import pytest

import faults
from catalogue import MODEL, file_of
from endpoint_calls import resolve_target
from expectations import assert_right, is_visible_failure
from http_peer import wait_until
from http_probe import fetch, open_exchange, path_target
from xet_process import environment

ROUTES = {
    "download": lambda file, path: path_target("download", MODEL, path),
    "hash": lambda file, path: f"/download-hash/{file.stored.hash}?repo={MODEL}",
    "resolve": lambda file, path: resolve_target(path),
}


def chunk_at(origin, file, part):
    """(xorb, layout of the chunk) that holds the byte at `part` of `file`, an uncompressed one."""
    wanted, at = int(file.size * part), 0
    for term in file.stored.terms:
        for chunk in origin.store.xorbs[term.xorb].layout.chunks[term.start : term.end]:
            at += chunk.unpacked_length
            if at > wanted:
                assert chunk.scheme == 0
                return term.xorb, chunk
    raise AssertionError("behind the end")


def damage(origin, file, part=0.0, times=None):
    """Flips a stored byte of the chunk at `part` of `file`; `origin.cdn.clear_script()` repairs it."""
    xorb, chunk = chunk_at(origin, file, part)
    at = chunk.payload_start + 100

    def change(request, response):
        if response.status != 206:
            return response
        first, last = (int(number) for number in request.range.removeprefix("bytes=").split("-"))
        return faults.flipped(at - first)(request, response) if first <= at <= last else response

    return origin.cdn.script(change, times=times, when=lambda request: xorb in request.path)


@pytest.fixture
def ask(proxy, origin):
    def ask(target, method="GET", value=None, **headers):
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        if value is not None:
            fields["Range"] = value
        return fetch(proxy.url, target, method, fields, origin.alice, timeout=100)

    return ask


def fail_once(ask, target, content):
    """A download of the whole that is found to be wrong."""
    got = ask(target)
    assert is_visible_failure(got), "wrong bytes were delivered as if they were right"
    assert len(got.body) < len(content)
    return got


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
@pytest.mark.parametrize("path, part", [("random.bin", 0.0), ("random.bin", 0.5), ("large.bin", 0.3), ("single.bin", 0)])
def test_no_part_of_a_wrong_file(ask, origin, route, path, part):
    file = file_of(origin, path)
    content, target = file.content, route(file, path)
    damage(origin, file, part)
    fail_once(ask, target, content)
    size = file.size
    for repaired in (False, True):
        if repaired:
            origin.cdn.clear_script()
        for value in (f"bytes={size // 2}-", f"bytes={size - 1}-", "bytes=-10", f"bytes=1-{size}", "bytes=0-99"):
            got = ask(target, value=value)
            assert got.status == 502 and got.complete, f"{value}: {got}"
            assert b"whole" in got.body
        head = ask(target, "HEAD")
        assert (head.status, head.header("Accept-Ranges")) == (200, "none")
        assert head.header("Content-Length") == str(size)
    got = ask(target)
    assert_right(got, content)
    assert ask(target, "HEAD").header("Accept-Ranges") == "bytes"
    assert_right(ask(target, value=f"bytes={size // 2}-"), content[size // 2 :], 206)


def test_every_route_knows_of_it(ask, origin):
    file = file_of(origin, "random.bin")
    targets = [route(file, "random.bin") for route in ROUTES.values()]
    damage(origin, file)
    fail_once(ask, targets[0], file.content)
    origin.cdn.clear_script()
    for target in targets:
        assert ask(target, value="bytes=1000000-").status == 502
    assert_right(ask(targets[1]), file.content)
    for target in targets:
        assert_right(ask(target, value="bytes=1000000-"), file.content[1_000_000:], 206)


@pytest.mark.parametrize("value", ["bytes=1000000-", "bytes=0-", "bytes=5-9"])
def test_who_asks_with_if_range_gets_the_whole(ask, origin, value):
    """Such a client knows what a 200 is."""
    file = file_of(origin, "random.bin")
    target = ROUTES["download"](file, "random.bin")
    tag = ask(target, "HEAD").header("ETag")
    damage(origin, file, 0.5)
    fail_once(ask, target, file.content)
    got = ask(target, value=value, If_Range=tag)
    assert got.status == 200 and is_visible_failure(got)
    origin.cdn.clear_script()
    got = ask(target, value=value, If_Range=tag)
    assert_right(got, file.content)
    assert got.header("Content-Range") is None


def test_the_whole_as_a_range(ask, origin):
    file = file_of(origin, "random.bin")
    target = ROUTES["download"](file, "random.bin")
    damage(origin, file)
    fail_once(ask, target, file.content)
    for value in ("bytes=0-", f"bytes=0-{file.size - 1}", f"bytes=-{file.size}"):
        assert is_visible_failure(ask(target, value=value))
    origin.cdn.clear_script()
    assert_right(ask(target, value="bytes=0-"), file.content)


# Programs that resume by themselves

PROGRAMS = {
    "wget": lambda url, out: ["wget", "-q", "--waitretry=0", "-t", "5", "-O", out, url],
    "wget, continued": lambda url, out: ["wget", "-q", "-c", "--waitretry=0", "-t", "5", "-O", out, url],
    "curl": lambda url, out: ["curl", "-sS", "-C", "-", "-o", out, url],
    "curl, fail": lambda url, out: ["curl", "-sSf", "-C", "-", "-o", out, url],
    "curl, retries": lambda url, out: (
        ["curl", "-sSf", "-C", "-", "--retry", "2", "--retry-all-errors", "--retry-delay", "1", "-o", out, url]
    ),
    "aria2": lambda url, out: (
        ["aria2c", "-q", "-c", "-x1", "-s1", "--file-allocation=none", "--async-dns=false", "--retry-wait=0", "-m", "3"]
        + ["--allow-overwrite=true", "--auto-file-renaming=false", "-d", out.parent, "-o", out.name, url]
    ),
}


def run(home, arguments):
    path = shutil.which(arguments[0])
    assert path, f"{arguments[0]} is not installed: scripts/setup.sh clients"
    command = [path, *map(str, arguments[1:])]
    return subprocess.run(command, env=environment(home), capture_output=True, timeout=100)


@pytest.mark.parametrize("command", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("path, part", [("random.bin", 0.0), ("large.bin", 0.6)])
def test_a_program_fails_until_the_repair_and_a_new_start(endpoint, origin, home, command, path, part):
    file = file_of(origin, path)
    out = home / "out"
    arguments = command(endpoint.url + resolve_target(path), out)
    damage(origin, file, part)
    for _ in range(3):
        assert run(home, arguments).returncode != 0, "a wrong file was taken for right"
    origin.cdn.clear_script()
    # It has a wrong part, which the repair does not mend.
    finished = run(home, arguments)
    assert finished.returncode != 0 or out.read_bytes() == file.content
    for left in home.glob("out*"):
        left.unlink()
    finished = run(home, arguments)
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert out.read_bytes() == file.content


@pytest.mark.parametrize("command", PROGRAMS.values(), ids=PROGRAMS)
def test_a_repair_in_the_middle_of_a_run(endpoint, origin, home, command):
    """Wrong once: what a program asks for again is right already, and does not fit what it has."""
    file = file_of(origin, "random.bin")
    out = home / "out"
    entry = damage(origin, file, times=1)
    finished = run(home, command(endpoint.url + resolve_target("random.bin"), out))
    assert entry.uses == 1
    assert finished.returncode != 0 or out.read_bytes() == file.content, "a wrong file was taken for right"


# One bad break-off and others' resumes


def break_off(server, origin, target, count):
    """Reads `count` bytes of the whole and leaves."""
    with open_exchange(server.url, target, token=origin.alice, receive_buffer=65536) as exchange:
        assert exchange.read_head()
        exchange.read_some(count)


@pytest.mark.parametrize("start", [2_000_000, 5_000_000, 6_000_000])
def test_one_bad_break_off_fails_nobody_else(proxy, origin, ask, start):
    file = file_of(origin, "large.bin")
    target = ROUTES["download"](file, "large.bin")
    damage(origin, file)
    break_off(proxy, origin, target, 8_000_000)
    wait_until(lambda: not origin.open_requests("cdn"), message="the download goes on")
    origin.cdn.clear_script()
    origin.log.clear()
    for _ in range(3):
        assert_right(ask(target, value=f"bytes={start}-"), file.content[start:], 206)
    starts = [request.range for request in origin.log.all("cas")]
    assert sum(value.startswith("bytes=0-") for value in starts) == 1, starts


def test_a_rest_that_stays_wrong_is_a_failure(proxy, origin, ask):
    file = file_of(origin, "large.bin")
    target = ROUTES["download"](file, "large.bin")
    damage(origin, file)
    break_off(proxy, origin, target, 8_000_000)
    wait_until(lambda: not origin.open_requests("cdn"), message="the download goes on")
    got = ask(target, value="bytes=6000000-")
    assert is_visible_failure(got)
    assert ask(target, value="bytes=6000000-").status == 502


# Files by several ranges


@pytest.mark.parametrize("pieces", [2, 5])
@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_the_range_that_completes_a_wrong_file_is_cut(ask, origin, pieces, part):
    file = file_of(origin, "random.bin")
    target = ROUTES["resolve"](file, "random.bin")
    damage(origin, file, part)
    borders = [file.size * number // pieces for number in range(pieces + 1)]
    ranges = [f"bytes={start}-{end - 1}" for start, end in zip(borders, borders[1:])]
    for value in ranges[1:]:
        assert ask(target, value=value).status == 206
    assert is_visible_failure(ask(target, value=ranges[0]))
    origin.cdn.clear_script()
    assert ask(target, value=ranges[0]).status == 502
    assert_right(ask(target), file.content)
    for value, start, end in zip(ranges, borders, borders[1:]):
        assert_right(ask(target, value=value), file.content[start:end], 206)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.97])
def test_aria2_with_many_connections_fails(endpoint, origin, home, part):
    file = file_of(origin, "large.bin")
    arguments = ["aria2c", "-q", "-x8", "-s8", "-k1M", "--min-split-size=1M", "--file-allocation=none"]
    arguments += ["--async-dns=false", "--max-tries=3", "--retry-wait=0", "-d", home, "-o", "out"]
    arguments.append(endpoint.url + resolve_target("large.bin"))
    damage(origin, file, part)
    assert run(home, arguments).returncode != 0, "a wrong file was taken for right"
    origin.cdn.clear_script()
    for left in home.glob("out*"):
        left.unlink()
    # Nothing but the whole is handed out, until it has been right.
    whole = ["curl", "-sSf", "-o", home / "whole", arguments[-1]]
    assert run(home, whole).returncode == 0
    assert run(home, arguments).returncode == 0
    assert (home / "out").read_bytes() == file.content
