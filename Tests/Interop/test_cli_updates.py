"""`xet download` over an earlier version of a file: what both have is not fetched again."""

import hashlib
import json
import os
import signal
import threading

import pytest

import faults
from command_line import assert_done
from contents import noise
from http_peer import wait_until
from official_clients import call

REPOSITORY = "acme/versions"
NAME = "weights.bin"
SIZE = 12_000_000
CHUNKS = 3 * 131072
"""Bytes beside a change that may have to be fetched with it: the chunks around it."""


def changed(content, *places, length=1000):
    """The content with other bytes at some places, as many as before."""
    content = bytearray(content)
    for place in places:
        content[place : place + length] = noise(length, f"change {place}")
    return bytes(content)


OLD = noise(SIZE, "version 1")
EDITS = [1_000_000, 3_500_000, 3_900_000, 7_000_000, 10_000_000]
CHANGES = {
    "the same length": (changed(OLD, 5_000_000), 1),
    "many places": (changed(OLD, *EDITS), len(EDITS)),
    "the start": (b"new header" + OLD, 1),
    "the end": (OLD + noise(300_000, "tail"), 3),
    "longer in the middle": (OLD[:6_000_000] + noise(200_000, "inserted") + OLD[6_000_000:], 3),
    "shorter in the middle": (OLD[:6_000_000] + OLD[6_500_000:], 1),
    "parts in another order": (OLD[6_000_000:] + OLD[:6_000_000], 2),
    "cut off": (OLD[:7_000_000], 1),
    "twice": (OLD + OLD, 1),
}


@pytest.fixture
def versions(origin):
    """Puts versions of a file into a repository, each as a commit of `main`."""

    def add(*contents, names=(NAME,)):
        for content in contents:
            file = origin.xet_file(content, compression="none")
            origin.add_repository(REPOSITORY, dict.fromkeys(names, file))
        return file

    return add


def received(finished):
    return json.loads(finished.stdout.splitlines()[-1])["receivedBytes"]


def update(xet, origin, *options):
    """Downloads what `main` is now; the bytes that came from the CDN."""
    origin.log.clear()
    finished = xet("download", REPOSITORY, "--json", *options)
    assert_done(finished)
    sent = origin.sent_bytes("cdn")
    # Bytes of the file, and of the xorbs that hold them: the latter have a few more for each chunk.
    assert received(finished) <= sent <= received(finished) * 1.01 + 1000
    return sent


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
def test_an_update_costs_what_is_new(xet, origin, versions, change, backwards):
    content, count = CHANGES[change]
    # The second is stored as chunks of the first, whichever is downloaded first.
    versions(OLD, content)
    earlier, later = (content, OLD) if backwards else (OLD, content)
    versions(earlier)
    assert_done(xet("download", REPOSITORY))
    versions(later)
    sent = update(xet, origin)
    assert (xet.folder / "versions" / NAME).read_bytes() == later
    most = count * CHUNKS
    if backwards and change == "cut off":
        most += SIZE - 7_000_000
    if backwards and change == "shorter in the middle":
        most += 500_000
    assert sent <= most


@pytest.mark.parametrize("place", ["no record", "named", "output", "cache"])
def test_wherever_the_earlier_version_is(xet, origin, versions, home, place):
    """Without a record the file is hashed; in the official cache it is the one of the commit before."""
    new = changed(OLD, 2_000_000)
    options = {"named": [NAME], "output": [NAME, "--output", "here.bin"], "cache": ["--hf-cache"]}.get(place, [])
    versions(OLD)
    assert_done(xet("download", REPOSITORY, *options))
    if place == "no record":
        (xet.folder / "versions" / ".cache" / "xet" / "files").unlink()
    versions(new)
    if place in ("output", "named"):
        origin.log.clear()
        assert_done(xet("download", REPOSITORY, *options))
        assert (xet.folder / ("here.bin" if place == "output" else NAME)).read_bytes() == new
        assert origin.sent_bytes("cdn") <= CHUNKS
        return
    assert update(xet, origin, *options) <= CHUNKS
    if place == "cache":
        found = call(home, origin.url, "snapshot", repo_id=REPOSITORY, variables={"HF_HUB_OFFLINE": "1"})
        assert found[NAME]["sha256"] == hashlib.sha256(new).hexdigest()
    else:
        assert (xet.folder / "versions" / NAME).read_bytes() == new


@pytest.mark.parametrize("what", ["one unknown to the CAS", "nothing in common", "a folder of records that lie"])
def test_what_is_there_is_of_no_use(xet, origin, versions, what):
    """It is downloaded as if nothing were there."""
    other = noise(3_000_000, "other")
    if what == "nothing in common":
        versions(other)
        assert_done(xet("download", REPOSITORY))
    else:
        (xet.folder / "versions").mkdir()
        (xet.folder / "versions" / NAME).write_bytes(other)
    if what == "a folder of records that lie":
        versions(OLD)
        assert_done(xet("download", REPOSITORY))
        (path,) = [path for path in (xet.folder / "versions").iterdir() if path.is_file()]
        status = path.stat()
        path.write_bytes(other + OLD[len(other) :])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    new = changed(OLD, 2_000_000)
    versions(new)
    assert_done(xet("download", REPOSITORY))
    assert (xet.folder / "versions" / NAME).read_bytes() == new


def test_the_earlier_version_changes_while_it_is_read(xet, origin, versions):
    """Its other chunks come from the CDN then."""
    new = changed(OLD, 100_000)
    versions(OLD)
    assert_done(xet("download", REPOSITORY))
    versions(new)
    path = xet.folder / "versions" / NAME
    release = threading.Event()
    origin.cdn.script(faults.hold(release, after=0), times=None)
    try:
        origin.log.clear()
        process = xet.start("download", REPOSITORY)
        wait_until(lambda: origin.log.all("cdn"), message="the new chunks are asked for")
        with path.open("r+b") as file:
            for place in range(200_000, SIZE, 20_000):
                file.seek(place)
                file.write(b"other bytes")
        release.set()
        _, errors = process.communicate(timeout=60)
    finally:
        release.set()
        origin.cdn.clear_script()
    assert process.returncode == 0, errors
    assert path.read_bytes() == new


def test_an_interrupted_update_goes_on(xet, origin, versions):
    """What was written is kept, and what is here is used for the rest too."""
    # Chunks that nothing else has, so that they come into one xorb.
    new = changed(OLD, 123_000, 8_123_000)
    versions(OLD)
    assert_done(xet("download", REPOSITORY))
    versions(new)
    folder, release = xet.folder / "versions", threading.Event()
    # The second change stands behind the first in their xorb, and comes late.
    late = lambda request: not request.range.startswith("bytes=0-")
    origin.cdn.script(faults.hold(release, after=0), times=None, when=late)
    try:
        origin.log.clear()
        process = xet.start("download", REPOSITORY)
        wait_until(
            lambda: any(part.stat().st_size > 4_000_000 for part in folder.glob("*.partial")), message="no part was written"
        )
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        release.set()
        origin.cdn.clear_script()
    assert any(not request.range.startswith("bytes=0-") for request in origin.log.all("cdn"))
    assert process.returncode == 128 + signal.SIGINT
    assert (folder / NAME).read_bytes() == OLD
    assert update(xet, origin) <= CHUNKS
    assert (folder / NAME).read_bytes() == new


@pytest.mark.parametrize(
    "lie",
    [
        lambda document: {**document, "terms": document["terms"][::-1]},
        lambda document: {**document, "offset_into_first_range": 7},
        lambda document: {
            **document,
            "terms": [{**term, "unpacked_length": term["unpacked_length"] - 1} for term in document["terms"]],
        },
    ],
    ids=["other order", "an offset", "other lengths"],
)
def test_a_cas_that_lies_of_the_earlier_version(xet, origin, versions, lie):
    """No wrong byte is taken for right, whatever the CAS says of what is here."""
    new = changed(OLD, *EDITS)
    first, _ = origin.xet_file(OLD + noise(10, "x"), compression="none"), versions(OLD, new)
    content = OLD + noise(10, "x")
    origin.add_repository(REPOSITORY, {NAME: first})
    assert_done(xet("download", REPOSITORY))
    assert (xet.folder / "versions" / NAME).read_bytes() == content
    versions(new)
    origin.cas.script(faults.json_body(lie), times=None, when=lambda request: first.stored.hash in request.path)
    try:
        finished = xet("download", REPOSITORY)
    finally:
        origin.cas.clear_script()
    assert_done(finished)
    assert (xet.folder / "versions" / NAME).read_bytes() == new


def test_a_cas_that_is_busy_is_asked_again(xet, origin, versions):
    """A refusal for now is no reason to fetch everything."""
    first = versions(OLD)
    assert_done(xet("download", REPOSITORY))
    versions(changed(OLD, 4_321_000))
    busy = faults.status(503)
    entry = origin.cas.script(busy, times=3, when=lambda request: first.stored.hash in request.path)
    assert update(xet, origin) <= CHUNKS
    assert entry.uses == 3


def test_a_cas_that_refuses_the_earlier_version_for_good(xet, origin, versions):
    """The new one is had without it, and the reason is told."""
    first = versions(OLD)
    assert_done(xet("download", REPOSITORY))
    new = changed(OLD, 5_432_000)
    versions(new)
    origin.cas.script(faults.status(403), times=None, when=lambda request: first.stored.hash in request.path)
    try:
        finished = xet("download", REPOSITORY, "--output", "versions/" + NAME, NAME)
    finally:
        origin.cas.clear_script()
    assert_done(finished)
    assert b"is of no use" in finished.stderr
    assert (xet.folder / "versions" / NAME).read_bytes() == new
