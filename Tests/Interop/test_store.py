"""Replicas that share an object store: what one has fetched no other fetches, and no store can break a download."""

import contextlib
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalogue import MODEL, PRIVATE, file_of
from contents import digest, noise
from expectations import assert_right
from http_peer import wait_until
from http_probe import fetch
from official_clients import call
from outages import held
from proxy_calls import download
from proxy_observations import Growth, metrics_of
from s3_calls import S3Bucket
from store_calls import LINES, PREFIX, asks_for_xorbs, cdn_bytes, is_content, new_key, settled

CLIENTS = 30
SPLITS = 16
"""Connections of a client that fetches a file in pieces."""
FILES = ("large.bin", "random.bin", "scattered.bin", "prose.txt", "floats.bin")
BACK_DEADLINE = 120.0
"""Until a store that was away is asked again, and what is fetched then is in it."""


@pytest.fixture
def finish(origin, bucket):
    """Waits until replicas have written all they have."""
    return lambda *servers: settled(origin, lambda: bucket.names(PREFIX), *servers)


@pytest.fixture
def fill(start_replica, origin, bucket, finish):
    """A replica that has brought files into the store."""

    def fill(*paths, repository=MODEL):
        server = start_replica(bucket)
        for path in paths:
            assert_right(download(server, origin, path, repository), file_of(origin, path, repository).content)
        finish(server)
        origin.log.clear()
        return server

    return fill


def assert_costs_nothing(origin):
    assert not asks_for_xorbs(origin), f"{cdn_bytes(origin)} bytes were asked for"


@pytest.mark.parametrize("has_disk", [True, False], ids=["disk", "no disk"])
@pytest.mark.parametrize("path", FILES)
def test_another_replica_has_fetched_it(start_replica, origin, bucket, fill, tmp_path, path, has_disk):
    fill(path)
    other = start_replica(bucket, cache=tmp_path / "other" if has_disk else None)
    growth = Growth(other, origin)
    content = file_of(origin, path).content
    assert_right(download(other, origin, path), content)
    assert_costs_nothing(origin)
    assert growth("xet_store_read_bytes_total") > 0
    assert growth("xet_store_requests_total", operation="get", result="done") > 0
    # Who may have it the Hub says each time.
    assert origin.log.all("hub")
    assert_right(download(other, origin, path), content)
    assert_costs_nothing(origin)


def test_a_replica_with_a_disk_shares_what_it_keeps(start_replica, origin, bucket, finish, tmp_path):
    first = start_replica(bucket, cache=tmp_path / "first")
    content = file_of(origin, "large.bin").content
    assert_right(download(first, origin, "large.bin"), content)
    finish(first)
    stored = [entry for entry in bucket.list(PREFIX) if is_content(entry.name)]
    assert sum(entry.size for entry in stored) <= LINES * len(content)
    assert metrics_of(first, origin)("xet_store_written_bytes_total") >= 0.95 * len(content)
    origin.log.clear()
    other = start_replica(bucket, cache=tmp_path / "other")
    assert_right(download(other, origin, "large.bin"), content)
    assert_costs_nothing(origin)
    # Now it has it itself.
    growth = Growth(other, origin)
    assert_right(download(other, origin, "large.bin"), content)
    assert growth("xet_store_read_bytes_total") == 0


@pytest.mark.parametrize("has_disk", [True, False], ids=["disk", "no disk"])
def test_warm_fills_it(xet, start_replica, origin, bucket, finish, tmp_path, has_disk):
    """Through one replica, for all of them."""
    server = start_replica(bucket, cache=tmp_path / "first" if has_disk else None)
    done = xet("warm", MODEL, "--include", "large.bin", "--through", server.url, token=origin.alice)
    assert done.returncode == 0, done.stderr
    finish(server)
    origin.log.clear()
    assert_right(download(start_replica(bucket), origin, "large.bin"), file_of(origin, "large.bin").content)
    assert_costs_nothing(origin)


def test_what_it_began_with_is_enough(start_replica, origin, bucket, fill):
    """The first half through one replica, the whole through another: the second half is fetched."""
    content = noise(40_000_000, "half of it")
    origin.add_repository("acme/half", {"file.bin": origin.xet_file(content, compression="none")})
    first = start_replica(bucket)
    half = {"Range": f"bytes=0-{len(content) // 2 - 1}"}
    assert_right(download(first, origin, "file.bin", "acme/half", headers=half), content[: len(content) // 2], 206)
    settled(origin, lambda: bucket.names(PREFIX), first)
    origin.log.clear()
    other = start_replica(bucket)
    assert_right(download(other, origin, "file.bin", "acme/half"), content)
    # A half may end within a window of 8 MiB.
    assert cdn_bytes(origin) <= LINES * len(content) / 2 + (8 << 20)


@pytest.mark.parametrize("header", ["0-0", "1-", "-1", "1000000-9000000", "8388607-8388608", "23999999-"])
def test_ranges(start_replica, origin, bucket, fill, header):
    content = file_of(origin, "large.bin").content
    fill("large.bin")
    other = start_replica(bucket)
    first, _, last = header.partition("-")
    expected = content[-int(last) :] if not first else content[int(first) : int(last) + 1 if last else None]
    assert_right(download(other, origin, "large.bin", headers={"Range": f"bytes={header}"}), expected, 206)
    assert_costs_nothing(origin)


def test_a_file_in_pieces(start_replica, origin, bucket, fill):
    """As aria2 fetches it: many ranges at the same time."""
    content = file_of(origin, "large.bin").content
    fill("large.bin")
    other = start_replica(bucket)
    size = -(-len(content) // SPLITS)

    def piece(start):
        end = min(start + size, len(content))
        got = download(other, origin, "large.bin", headers={"Range": f"bytes={start}-{end - 1}"})
        assert_right(got, content[start:end], 206)

    with ThreadPoolExecutor(SPLITS) as clients:
        list(clients.map(piece, range(0, len(content), size)))
    assert_costs_nothing(origin)


@pytest.mark.parametrize("second", ["plain", "client"])
@pytest.mark.parametrize("first", ["plain", "client"])
def test_official_clients(start_replica, origin, bucket, finish, home, tmp_path, first, second):
    content = file_of(origin, "large.bin").content

    def read(kind, server, name):
        if kind == "plain":
            assert_right(download(server, origin, "large.bin"), content)
            return
        own = home / name
        own.mkdir()
        where = {"repo_id": MODEL, "repo_type": "model", "filename": "large.bin", "revision": None}
        assert call(own, server.url, "download", token=origin.alice, **where) == digest(content)

    one, other = start_replica(bucket), start_replica(bucket)
    read(first, one, "one")
    finish(one)
    origin.log.clear()
    read(second, other, "other")
    if first == second:
        assert_costs_nothing(origin)
    assert cdn_bytes(origin) <= (LINES - 1) * len(content) + (1 << 18)


def test_three_cold_replicas_at_once(start_proxy, start_replica, origin, bucket):
    """Thirty clients, ten at each: the CDN sends about what one of them takes."""
    content = noise(60_000_000, "thirty at once")
    origin.add_repository("acme/crowd", {"file.bin": origin.xet_file(content, compression="none")})
    origin.log.clear()
    assert_right(download(start_proxy(), origin, "file.bin", "acme/crowd"), content)
    alone = cdn_bytes(origin)
    origin.log.clear()
    # On a machine that is busy nothing comes for seconds, and what is asked for again for that is another matter.
    servers = [start_replica(bucket, "--stall-timeout", "60s") for _ in range(3)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        for got in clients.map(lambda n: download(servers[n % 3], origin, "file.bin", "acme/crowd"), range(CLIENTS)):
            assert_right(got, content)
    assert cdn_bytes(origin) <= 1.2 * alone


def test_they_write_each_object_once(start_replica, origin, bucket, finish):
    """Whatever two replicas write at the same time, the first one's stays, and no put is a failure."""
    servers = [start_replica(bucket) for _ in range(2)]
    growths = [Growth(server, origin) for server in servers]
    with ThreadPoolExecutor(len(FILES) * 2) as clients:
        wanted = [(server, path) for path in FILES for server in servers]
        for (_, path), got in zip(wanted, clients.map(lambda each: download(each[0], origin, each[1]), wanted), strict=True):
            assert_right(got, file_of(origin, path).content)
    finish(*servers)
    assert sum(growth("xet_store_requests_total", result="failed") for growth in growths) == 0
    origin.log.clear()
    other = start_replica(bucket)
    for path in FILES:
        assert_right(download(other, origin, path), file_of(origin, path).content)
    # Files of the catalogue share chunks, so that what was fetched at the same time may end anywhere.
    assert cdn_bytes(origin) <= (LINES - 1) * sum(file_of(origin, path).size for path in FILES)


def test_who_may_not_have_it_gets_nothing(start_replica, origin, bucket, fill):
    """What is in the store is no permission."""
    content = file_of(origin, "random.bin", PRIVATE).content
    fill("random.bin", repository=PRIVATE)
    other = start_replica(bucket)
    for token in (origin.bob, "hf_nobody"):
        got = download(other, origin, "random.bin", PRIVATE, token=token)
        assert got.status in (401, 403, 404), got
        assert content[:100] not in got.body
    assert_right(download(other, origin, "random.bin", PRIVATE), content)
    assert_costs_nothing(origin)


def test_another_signing_key(start_replica, origin, bucket, fill, tmp_path):
    """What replicas of another site have written is none of ours: neither is trusted with the other's."""
    first = fill("large.bin")
    before = {name: bucket.get(name).body for name in bucket.names(PREFIX)}
    stranger = start_replica(bucket, key=new_key(tmp_path, "another"))
    assert_right(download(stranger, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert asks_for_xorbs(origin)
    settled(origin, lambda: bucket.names(PREFIX), stranger)
    after = bucket.names(PREFIX)
    assert len(after) == 2 * len(before)
    assert {name: bucket.get(name).body for name in before} == before
    # Not if it stands where one's own would, either.
    theirs = next(name for name in after if name not in before).split("/")
    ours = next(iter(before)).split("/")
    area = next(at for at, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other)
    for name, body in before.items():
        place = name.split("/")
        place[area] = theirs[area]
        assert bucket.put("/".join(place), body).status == 200
    other = start_replica(bucket, key=tmp_path / "another")
    growth = Growth(other, origin)
    origin.log.clear()
    assert_right(download(other, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert asks_for_xorbs(origin)
    assert growth("xet_store_wrong_objects_total") > 0
    assert first.is_running


def read_everything(clients, servers, origin, count=CLIENTS):
    """Downloads that have begun: futures of (path, outcome)."""
    paths = [FILES[number % len(FILES)] for number in range(count)]
    return [
        clients.submit(lambda path=path, server=servers[n % len(servers)]: (path, download(server, origin, path)))
        for n, path in enumerate(paths)
    ]


def assert_all_right(origin, downloads):
    for future in downloads:
        path, got = future.result()
        assert_right(got, file_of(origin, path).content)


def assert_comes_back(origin, bucket, servers):
    """Waits until each replica asks the store again, and what is fetched is in it."""
    number = 0

    def is_written():
        nonlocal number
        number += 1
        before = set(bucket.names(PREFIX))
        # To each something else, or one would find what another has written.
        for server in servers:
            path = f"{number}-{server.port}.bin"
            content = noise(300_000, f"after the outage {path}")
            origin.add_repository(f"acme/after-{path}", {path: origin.xet_file(content)})
            assert_right(download(server, origin, path, f"acme/after-{path}"), content)
        settled(origin, lambda: [], *servers)
        written = [name for name in bucket.names(PREFIX) if is_content(name) and name not in before]
        return written and all(metrics_of(server, origin)("xet_store_available") == 1 for server in servers)

    wait_until(is_written, BACK_DEADLINE, "nothing is written")


@pytest.mark.parametrize("how", ["killed", "killed and restarted", "held", "held for a moment"])
@pytest.mark.parametrize("is_filled", [True, False], ids=["warm", "cold"])
def test_a_store_that_goes_away(start_replica, origin, s3_store, bucket, finish, how, is_filled):
    """In the middle of thirty downloads over three replicas."""
    servers = [start_replica(bucket) for _ in range(3)]
    if is_filled:
        for path in FILES:
            assert_right(download(servers[0], origin, path), file_of(origin, path).content)
        finish(servers[0])
        origin.log.clear()
        servers = [start_replica(bucket) for _ in range(3)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        with held(origin.cdn) if not is_filled else contextlib.nullcontext():
            downloads = read_everything(clients, servers, origin)
            wait_until(
                lambda: any(metrics_of(server, origin)("xet_store_requests_total") for server in servers),
                message="the store is not asked",
            )
            if how.startswith("killed"):
                s3_store.kill()
            else:
                s3_store.hold()
        if how == "killed and restarted":
            s3_store.start()
        elif how == "held for a moment":
            s3_store.release()
        assert_all_right(origin, downloads)
        # Nor does it break any that begin now.
        assert_all_right(origin, read_everything(clients, servers, origin, len(FILES)))
    if how == "killed":
        s3_store.start()
    elif how == "held":
        s3_store.release()
    assert_comes_back(origin, bucket, servers)


def test_a_store_that_is_not_there_at_the_start(start_replica, origin, s3_store, bucket):
    s3_store.kill()
    server = start_replica(bucket)
    for path in FILES:
        assert_right(download(server, origin, path), file_of(origin, path).content)
    assert fetch(server.url, "/readyz").status == 200
    assert metrics_of(server, origin)("xet_store_available") == 0
    s3_store.start()
    assert_comes_back(origin, bucket, [server])


def test_a_bucket_that_may_only_be_read(start_replica, origin, s3_store, bucket, fill):
    fill("large.bin")
    before = bucket.names()
    reader = start_replica(S3Bucket(bucket.endpoint, bucket.name, s3_store.reader, bucket.region))
    growth = Growth(reader, origin)
    assert_right(download(reader, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert_costs_nothing(origin)
    assert_right(download(reader, origin, "random.bin"), file_of(origin, "random.bin").content)
    settled(origin, lambda: [], reader)
    assert bucket.names() == before
    assert growth("xet_store_requests_total", operation="put", result="failed") > 0
    # It does not try again and again.
    assert growth("xet_store_requests_total", operation="put", result="failed") <= 5


def test_a_bucket_that_may_not_be_used(start_replica, origin, s3_store, bucket, fill):
    fill("large.bin")
    denied = start_replica(S3Bucket(bucket.endpoint, bucket.name, s3_store.nobody, bucket.region))
    for path in FILES:
        assert_right(download(denied, origin, path), file_of(origin, path).content)
    assert metrics_of(denied, origin)("xet_store_available") == 0
    told = [line for line in denied.errors().splitlines() if "store" in line]
    assert 1 <= len(told) <= 5, denied.errors()


def test_a_replica_that_is_killed_while_it_fetches(start_replica, origin, bucket):
    """What it claimed is fetched by another after a while."""
    content = file_of(origin, "large.bin").content
    first, other = start_replica(bucket), start_replica(bucket)
    with ThreadPoolExecutor(1) as client:
        with held(origin.cdn):
            client.submit(download, first, origin, "large.bin")
            wait_until(lambda: asks_for_xorbs(origin), message="the CDN is not asked")
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
        start_replica.forget(first)
    assert_right(download(other, origin, "large.bin"), content)
    settled(origin, lambda: [], other)


def test_wrong_objects_are_replaced(start_replica, origin, bucket, fill, finish):
    fill("large.bin")
    content = file_of(origin, "large.bin").content
    names = [name for name in bucket.names(PREFIX) if is_content(name)]
    right = {name: bucket.get(name).body for name in names}
    for number, (name, body) in enumerate(right.items()):
        at = len(body) * (number % 5) // 5
        assert bucket.put(name, body[:at] + bytes([body[at] ^ 4]) + body[at + 1 :]).status == 200
    other = start_replica(bucket)
    growth = Growth(other, origin)
    assert_right(download(other, origin, "large.bin"), content)
    assert growth("xet_store_wrong_objects_total") >= 1
    finish(other)
    origin.log.clear()
    last = start_replica(bucket)
    assert_right(download(last, origin, "large.bin"), content)
    assert_costs_nothing(origin)
    assert metrics_of(last, origin)("xet_store_wrong_objects_total") == 0


def test_prune(xet, start_replica, origin, bucket, fill):
    """What is young stays; what is not goes, and is fetched anew."""
    fill("large.bin")
    before = bucket.names(PREFIX)
    assert bucket.put("elsewhere/a", b"not ours").status == 200
    assert bucket.put(f"{PREFIX}-other/a", b"not ours").status == 200
    place = f"s3://{bucket.name}/{PREFIX}"
    where = ("--s3-endpoint", bucket.endpoint, "--s3-region", bucket.region)
    done = xet("cache", "prune", place, "--older-than", "1d", *where, **bucket.credentials.variables)
    assert done.returncode == 0, done.stderr
    assert bucket.names(PREFIX + "/") == before
    wait_until(lambda: not bucket.list(PREFIX + "/") or _age(bucket) >= 2, message="nothing grows older")
    done = xet("cache", "prune", place, "--older-than", "1s", *where, **bucket.credentials.variables)
    assert done.returncode == 0, done.stderr
    assert bucket.names() == ["elsewhere/a", f"{PREFIX}-other/a"]
    assert bucket.credentials.secret.encode() not in done.stdout + done.stderr
    other = start_replica(bucket)
    assert_right(download(other, origin, "large.bin"), file_of(origin, "large.bin").content)


def _age(bucket):
    """Seconds since the youngest object was put, by this machine's clock, which is the store's."""
    return time.time() - max(entry.time for entry in bucket.list(PREFIX + "/"))


def test_no_secret_is_told(start_replica, origin, bucket, fill, signing_key):
    """Not in metrics, not on the page, not by `--print-config`; those of the log `start_proxy` looks for."""
    server = fill("large.bin")
    hidden = [bucket.credentials.secret, signing_key.read_text()]
    for target in ("/metrics", "/", "/openapi.json", "/health", "/readyz"):
        text = fetch(server.url, target).body.decode()
        assert not [secret for secret in hidden if secret in text], target
    for name in bucket.names(PREFIX):
        assert not [secret for secret in (*hidden, origin.alice, MODEL, "large") if secret in name]
        body = bucket.get(name).body
        assert not [secret for secret in (*hidden, origin.alice) if secret.encode() in body]


@pytest.mark.parametrize(
    "options",
    [
        ("--cache-store", "file:///tmp/x"),
        ("--cache-store", "s3://"),
        ("--cache-store", "s3://Bad_Bucket!/x"),
        ("--cache-store", "s3://bucket/x", "--s3-endpoint", "ftp://127.0.0.1"),
        ("--cache-store", "s3://bucket/x", "--s3-addressing", "sideways"),
    ],
)
def test_what_cannot_be_meant(xet, signing_key, options):
    done = xet("proxy", "--port", "0", "--signing-key-file", signing_key, *options, AWS_ACCESS_KEY_ID="k", AWS_SECRET_ACCESS_KEY="s")
    assert done.returncode not in (0, None)
    assert b"s3" in done.stderr or b"cache-store" in done.stderr, done.stderr
