"""`xet warm`: a repository is in a proxy's cache before anybody asks for it."""

import json
import signal
import threading

import pytest

import faults
from catalogue import DATA, GATED, MODEL, PRIVATE, file_of, files_of
from command_line import assert_done, assert_failed
from contents import digest, noise
from expectations import assert_right
from http_peer import wait_until
from official_clients import call
from proxy_calls import download


@pytest.fixture
def cached(start_proxy, tmp_path):
    """A proxy with a cache."""
    return start_proxy("--cache", tmp_path / "cache")


@pytest.fixture
def warm(xet, cached, origin):
    """Runs `xet warm` through the proxy, with a token that may read everything."""

    def run(*arguments, token=origin.alice):
        return xet("warm", *arguments, "--through", cached.url, token=token)

    return run


def events(finished):
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["file"] * (len(lines) - 1) + ["end"]
    return {line["path"]: line["state"] for line in lines[:-1]}, lines[-1]


def in_xet(origin, repository=MODEL, type="model"):
    return {path for path, file in files_of(origin, repository, type).items() if file.storage == "xet"}


def test_a_repository_is_fetched_once(warm, cached, origin, home):
    """Afterwards nobody who reads it costs a byte of the CDN, and a second run finds all of it."""
    origin.log.clear()
    finished = warm(MODEL, "--json")
    assert_done(finished)
    states, end = events(finished)
    files = files_of(origin)
    assert set(states) == set(files)
    kept = {path for path, state in states.items() if state in ("fetched", "kept")}
    assert kept == in_xet(origin)
    assert {states[path] for path in set(files) - kept} == {"plain"}
    assert (end["absentFiles"], end["plainFiles"]) == (0, len(files) - len(kept))
    assert not list(p for p in home.rglob("*") if p.is_file()), "something was written"
    # One question for reading a file, and as a rule one afterwards whether it is kept.
    heads = [request for request in origin.log.all("hub") if request.method == "HEAD" and "/resolve/" in request.path]
    assert len(heads) < 3 * len(files)

    origin.log.clear()
    for path in sorted(kept):
        assert_right(download(cached, origin, path), files[path].content)
    found = call(home, cached.url, "download", token=origin.alice, repo_id=MODEL, filename="large.bin")
    assert found == digest(files["large.bin"].content)
    assert not [request for request in origin.log.all("cdn") if request.path.startswith("/xorbs/")]

    finished = warm(MODEL, "--json")
    assert_done(finished)
    states, end = events(finished)
    assert {states[path] for path in kept} == {"kept"}
    assert end["fetchedFiles"] == 0


def test_several_at_revisions(warm, origin):
    finished = warm(f"datasets/{DATA}", f"{MODEL}@v1.0", f"hf://{MODEL}@refs/pr/1/config.json", "--json", "--exclude", "*.txt")
    assert_done(finished)
    names = {json.loads(line).get("path") for line in finished.stdout.splitlines()}
    expected = {
        *files_of(origin, DATA, "dataset"), *files_of(origin, revision="v1.0"), "config.json",
    }
    assert names - {None} == {name for name in expected if not name.endswith(".txt")}


def test_dry_run(warm, cached, origin):
    """The exit status says whether everything is there; nothing is fetched."""
    name = "random.bin"
    origin.log.clear()
    finished = warm(MODEL, "--include", name, "--dry-run")
    assert finished.returncode == 1
    assert finished.stdout.decode().split() == [str(file_of(origin, name).size), "missing", name]
    assert not origin.log.all("cdn") and not origin.log.all("cas")
    assert_done(warm(MODEL, "--include", name))
    finished = warm(MODEL, "--include", name, "--dry-run")
    assert_done(finished)
    assert finished.stdout.decode().split() == [str(file_of(origin, name).size), "kept", name]


def test_a_cache_that_is_too_small(xet, start_proxy, origin, tmp_path):
    """What cannot be kept is told."""
    server = start_proxy("--cache", tmp_path / "cache", "--cache-size", "64MiB")
    origin.add_repository("acme/huge", {"huge.bin": origin.xet_file(noise(90_000_000, "huge"), compression="none")})
    finished = xet("warm", "acme/huge", "--through", server.url, token=origin.alice)
    assert finished.returncode == 1
    assert b"huge.bin: the proxy did not keep all of it" in finished.stderr


def test_a_proxy_without_a_cache(xet, start_proxy, origin):
    server = start_proxy()
    finished = xet("warm", MODEL, "--include", "random.bin", "--through", server.url, token=origin.alice)
    assert_failed(finished, "is no xet proxy with a cache")


def test_the_hub_itself_is_no_proxy(xet, origin):
    finished = xet("warm", MODEL, "--include", "random.bin", "--through", origin.url, token=origin.alice)
    assert_failed(finished, "is no xet proxy with a cache")


@pytest.mark.parametrize(("repository", "status"), [(PRIVATE, 3), ("acme/nowhere", 3), (f"{MODEL}@nowhere", 3)])
def test_who_may_not_have_it(warm, origin, repository, status):
    finished = warm(repository, token=origin.bob)
    assert finished.returncode == status, finished.stderr


def test_one_file_fails(warm, origin):
    """The others are there all the same, and the exit status tells."""
    bad = file_of(origin, "random.bin").stored.hash
    origin.cas.script(faults.status(404), times=None, when=lambda request: bad in request.path)
    try:
        finished = warm(MODEL, "--include", "random.bin", "--include", "large.bin", "--json")
    finally:
        origin.cas.clear_script()
    assert finished.returncode == 3
    assert b"random.bin: " in finished.stderr
    states, end = events(finished)
    assert states == {"random.bin": "failed", "large.bin": "fetched"}
    assert end["absentFiles"] == 1


def test_interrupted(xet, cached, origin):
    release = threading.Event()
    origin.cdn.script(faults.hold(release, after=100_000), times=None)
    try:
        process = xet.start("warm", MODEL, "--include", "large.bin", "--through", cached.url, token=origin.alice)
        wait_until(lambda: origin.log.all("cdn"), message="the CDN is asked")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        release.set()
        origin.cdn.clear_script()
    assert process.returncode == 128 + signal.SIGINT
    assert b"interrupted" in errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing expected argument"),
        ([MODEL], "Say with '--through' which proxy"),
        ([MODEL, "--through", "here"], "is no http or https URL"),
        (["a/b/c/d", "--through", "http://127.0.0.1:1"], "is no repository"),
        ([MODEL, "--through", "http://127.0.0.1:1", "--jobs", "0"], "'--jobs' is a number"),
    ],
)
def test_usage(xet, arguments, words):
    finished = xet("warm", *arguments, HF_ENDPOINT=None)
    assert finished.returncode == 2
    assert words in finished.stderr.decode()


def test_nobody_is_there(xet):
    finished = xet("warm", MODEL, "--through", "http://127.0.0.1:1", XET_RETRY_FOR="1s")
    assert finished.returncode == 5
