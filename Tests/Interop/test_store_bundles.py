"""Bundles in a store that proxies share, where no Hub can be reached."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalogue import MODEL, PRIVATE, file_of, files_of
from command_line import assert_done
from contents import digest, noise
from expectations import assert_right
from http_peer import wait_until
from official_clients import call, call_all
from peer_store import FAILURES, LIES, only
from proxy_calls import download
from proxy_observations import metrics_of
from store_calls import PREFIX, asks_for_xorbs, new_key, settled

REPOSITORY = "acme/versions"
NAME = "weights.bin"
SIZE = 40_000_000
NOTICED_DEADLINE = 90.0
"""Until proxies that run have noticed a bundle."""


@pytest.fixture
def bundle(xet, origin):
    """Makes a bundle of the model repository, or of others."""

    def make(*arguments, repository=MODEL, name="repository.bundle"):
        finished = xet("bundle", "create", repository, "-o", name, "--json", *arguments, token=origin.alice)
        assert_done(finished)
        return xet.folder / name, json.loads(finished.stdout)

    return make


def import_arguments(bucket, key, *arguments):
    place = ["--cache-store", f"s3://{bucket.name}/{PREFIX}", "--s3-endpoint", bucket.endpoint, "--s3-region", bucket.region]
    return ["bundle", "import", *place, "--signing-key-file", key, "--json", *arguments]


@pytest.fixture
def imported(xet, signing_key, tmp_path):
    """Puts a bundle into a store; `TMPDIR` is a folder of its own, which is empty again afterwards."""
    room = tmp_path / "room"
    room.mkdir()

    def run(bucket, path, *arguments, key=signing_key, **variables):
        return xet(
            *import_arguments(bucket, key, path, *arguments), TMPDIR=room, **bucket.credentials.variables, **variables
        )

    yield run
    assert not list(room.iterdir())


@pytest.fixture
def inside(start_replica, origin):
    """Starts proxies over a store where nobody else can be reached."""

    def start(bucket, *options, **more):
        if not origin.hub.is_away:
            origin.hub.go_away()
        origin.log.clear()
        return start_replica(bucket, "--offline", *options, **more)

    yield start
    assert not origin.log.all()
    if origin.hub.is_away:
        origin.hub.come_back()


def summary_of(finished):
    assert_done(finished)
    return json.loads(finished.stdout)


def test_a_repository_inside(bundle, imported, inside, origin, bucket, home, tmp_path):
    """Three proxies, one of them with a disk: every client has every file, and nobody is asked."""
    path, made = bundle()
    files = files_of(origin)
    found = summary_of(imported(bucket, path))
    assert found["hidden"] == []
    assert made["chunkBytes"] <= found["storeWrittenBytes"] <= made["bundleBytes"] * 1.1 + 200_000
    assert (found["storeKeptBytes"], found.get("cacheBytes")) == (0, None)
    before = set(bucket.names(PREFIX))
    servers = [inside(bucket, cache=tmp_path / "cache"), inside(bucket), inside(bucket)]
    for server in servers:
        for name, file in files.items():
            assert_right(download(server, origin, name), file.content)
    content = file_of(origin, "large.bin").content
    for header, expected in {"0-0": content[:1], "-1": content[-1:], "8388000-9000000": content[8388000:9000001]}.items():
        got = download(servers[1], origin, "large.bin", headers={"Range": f"bytes={header}"})
        assert_right(got, expected, 206)
    expected = {name: digest(file.content) for name, file in files.items()}
    calls = [
        ("info", {"repo_id": MODEL}),
        ("tree", {"repo_id": MODEL}),
        ("refs", {"repo_id": MODEL}),
        ("paths_info", {"repo_id": MODEL, "paths": ["config.json", "random.bin", "nowhere"]}),
        ("listing", {"path": MODEL}),
    ]
    for server, with_xet in zip(servers, (True, False, True), strict=True):
        assert call(home / server.url[-5:], server.url, "snapshot", repo_id=MODEL, xet=with_xet) == expected
        told = call_all(home / f"{server.url[-5:]}-told", server.url, calls, xet=with_xet)
        assert not [one for one in told if "error" in one], told
    # Who is offline writes nothing.
    assert set(bucket.names(PREFIX)) == before


def test_a_proxy_that_runs_notices_it(bundle, imported, inside, origin, bucket):
    server = inside(bucket)
    assert download(server, origin, "random.bin").status == 504
    origin.hub.come_back()
    path, _ = bundle("--include", "random.bin")
    origin.hub.go_away()
    origin.log.clear()
    summary_of(imported(bucket, path))
    wait_until(lambda: download(server, origin, "random.bin").status == 200, NOTICED_DEADLINE, "it is not noticed")
    assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert download(server, origin, "large.bin").status == 504


def test_a_version_after_another(xet, bundle, imported, inside, origin, bucket):
    """The second bundle costs its new chunks; it is refused where the first one is missing."""
    old = noise(SIZE, "version 1")
    new = old[:20_000_000] + noise(1000, "change") + old[20_001_000:]
    origin.add_repository(REPOSITORY, {NAME: origin.xet_file(old, compression="none")})
    first, _ = bundle(repository=REPOSITORY, name="v1")
    origin.add_repository(REPOSITORY, {NAME: origin.xet_file(new, compression="none")})
    second, made = bundle("--since", first, repository=REPOSITORY, name="v2")
    assert made["chunkBytes"] <= 3 * 131072
    refused = imported(bucket, second)
    assert refused.returncode == 1
    assert b"earlier bundle" in refused.stderr
    assert not list(bucket.names(PREFIX))
    summary_of(imported(bucket, first))
    found = summary_of(imported(bucket, second))
    assert made["chunkBytes"] <= found["storeWrittenBytes"] <= made["chunkBytes"] + 200_000
    assert found["storeKeptBytes"] >= 0.9 * SIZE
    for server in (inside(bucket), inside(bucket)):
        assert_right(download(server, origin, NAME, repository=REPOSITORY), new)


def test_whoever_is_online_reads_it_too(bundle, imported, start_replica, origin, bucket, tmp_path):
    """Who may have it the Hub says; the bytes are there."""
    path, _ = bundle("--include", "large.bin")
    summary_of(imported(bucket, path))
    before = set(bucket.names(PREFIX))
    origin.log.clear()
    for server in (start_replica(bucket), start_replica(bucket, cache=tmp_path / "cache")):
        wait_until(lambda: metrics_of(server, origin)("xet_store_bundles") == 1, message="it is not noticed")
        assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)
        assert download(server, origin, "large.bin", token="hf_nobody").status in (401, 403, 404)
        settled(origin, lambda: bucket.names(PREFIX), server)
    assert origin.log.all("hub") and not asks_for_xorbs(origin)
    # Nor is it written a second time.
    assert set(bucket.names(PREFIX)) == before


def test_what_replicas_wrote_serves_offline(xet, inside, start_replica, origin, bucket, tmp_path):
    """Who knows a file and has dropped its chunks reads those that replicas have written while they were online."""
    online = start_replica(bucket, cache=tmp_path / "cache")
    assert_right(download(online, origin, "large.bin"), file_of(origin, "large.bin").content)
    settled(origin, lambda: bucket.names(PREFIX), online)
    online.stop()
    start_replica.forget(online)
    assert_done(xet("cache", "prune", tmp_path / "cache", "--size", "0"))
    server = inside(bucket, cache=tmp_path / "cache")
    assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)


def test_by_way_of_a_cache(bundle, imported, inside, start_proxy, origin, bucket, tmp_path):
    """With `--cache` both have it."""
    path, _ = bundle()
    found = summary_of(imported(bucket, path, "--cache", tmp_path / "cache"))
    assert found["cacheBytes"] > 0
    content = file_of(origin, "large.bin").content
    assert_right(download(inside(bucket), origin, "large.bin"), content)
    assert_right(download(start_proxy("--cache", tmp_path / "cache", "--offline"), origin, "large.bin"), content)


def test_it_goes_on_where_it_ended(xet, bundle, imported, inside, origin, peer_store, signing_key, tmp_path):
    """Killed while it writes: nothing can be seen, and what is there is not written again."""
    origin.add_repository("acme/large", {NAME: origin.xet_file(noise(SIZE, "large"), compression="none")})
    path, made = bundle(repository="acme/large")
    bucket = peer_store.bucket()
    cache = tmp_path / "cache"
    process = xet.start(
        *import_arguments(bucket, signing_key, path, "--cache", cache), **bucket.credentials.variables
    )
    wait_until(lambda: len(peer_store.objects) >= 2, message="nothing is written")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not [name for name in peer_store.objects if "/bundles/" in name]
    server = inside(bucket)
    assert download(server, origin, NAME, repository="acme/large").status == 504
    written = sum(len(content) for content in peer_store.objects.values())
    found = summary_of(imported(bucket, path, "--cache", cache))
    assert found["storeWrittenBytes"] <= made["chunkBytes"] * 1.01 + 200_000 - written
    # Again, it is all there.
    found = summary_of(imported(bucket, path))
    assert (found["storeWrittenBytes"], found["storeKeptBytes"]) == (0, made["chunkBytes"])
    other = inside(bucket)
    content = next(iter(files_of(origin, "acme/large").values())).content
    assert_right(download(other, origin, NAME, repository="acme/large"), content)


def test_nothing_of_a_damaged_bundle_is_seen(xet, bundle, imported, bucket):
    path, _ = bundle("--include", "random.bin", "--include", "config.json")
    content = path.read_bytes()
    for place in [20, len(content) // 2, len(content) - 10]:
        damaged = bytearray(content)
        damaged[place] ^= 1
        (xet.folder / "damaged").write_bytes(damaged)
        assert imported(bucket, "damaged").returncode == 6
    assert_done(xet("bundle", "keygen", "-o", "key"))
    assert imported(bucket, path, "--trust-key", "key.pub").returncode == 4
    assert not list(bucket.names(PREFIX))


@pytest.mark.parametrize("is_for_all", [False, True])
def test_a_private_repository_is_hidden(bundle, imported, inside, origin, bucket, is_for_all):
    path, _ = bundle("--include", "random.bin", repository=PRIVATE)
    found = summary_of(imported(bucket, path, *(["--for-all"] if is_for_all else [])))
    assert found["hidden"] == ([] if is_for_all else [f"models/{PRIVATE}"])
    got = download(inside(bucket), origin, "random.bin", repository=PRIVATE)
    assert got.status == (200 if is_for_all else 504), got


def test_another_signing_key(bundle, imported, inside, origin, bucket, tmp_path):
    """Who has not the key of the site sees nothing, and what is there is none of its own."""
    path, _ = bundle("--include", "random.bin")
    summary_of(imported(bucket, path))
    stranger, own = inside(bucket, key=new_key(tmp_path, "another")), inside(bucket)
    assert download(stranger, origin, "random.bin").status == 504
    assert_right(download(own, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert "no bundle yet" in stranger.errors() and "no bundle yet" not in own.errors()


def test_what_is_imported_is_never_pruned(xet, bundle, imported, inside, origin, bucket):
    path, _ = bundle("--include", "random.bin")
    summary_of(imported(bucket, path))
    before = set(bucket.names(PREFIX))
    place = ["--s3-endpoint", bucket.endpoint, "--s3-region", bucket.region]
    pruned = xet(
        "cache", "prune", f"s3://{bucket.name}/{PREFIX}", "--older-than", "0s", "--json", *place, **bucket.credentials.variables
    )
    assert_done(pruned)
    assert set(bucket.names(PREFIX)) == before
    assert_right(download(inside(bucket), origin, "random.bin"), file_of(origin, "random.bin").content)


# A store that fails or lies.


@pytest.fixture(scope="module")
def written():
    """What one import wrote, once one has, and the bundle."""
    return {}


@pytest.fixture
def filled(bundle, imported, peer_store, written, tmp_path):
    """A store into which a bundle was imported, which is `peer_store.bundle`."""
    peer_store.bundle = tmp_path / "filled.bundle"
    if written:
        peer_store.bundle.write_bytes(written["bundle"])
        for name, body in written["objects"].items():
            peer_store.put(name, body)
    else:
        path, _ = bundle("--include", "large.bin", "--include", "random.bin", "--include", "scattered.bin")
        path.rename(peer_store.bundle)
        summary_of(imported(peer_store.bucket(), peer_store.bundle))
        written.update(bundle=peer_store.bundle.read_bytes(), objects=peer_store.objects)
    peer_store.log.clear()
    return peer_store


@pytest.mark.parametrize("lie", [name for name in LIES if "exabyte" not in name])
def test_no_byte_is_wrong(filled, inside, imported, origin, lie):
    """What lies costs an answer, never a byte; and is over when it is over."""
    server = inside(filled.bucket())
    with filled.broken(only(LIES[lie], "GET")):
        for path in ("large.bin", "scattered.bin"):
            got = download(server, origin, path)
            content = file_of(origin, path).content
            assert content.startswith(got.body) or got.status in (502, 504), got
    wait_until(lambda: download(server, origin, "large.bin").status == 200, NOTICED_DEADLINE, "it stays away")
    assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)


@pytest.mark.parametrize("fault", ["500", "503 SlowDown", "reset"])
def test_a_store_that_is_away_for_a_while(filled, inside, origin, fault):
    server = inside(filled.bucket())
    with filled.broken(only(FAILURES[fault], "GET")):
        got = download(server, origin, "random.bin")
        assert got.status == 502 and b"store" in got.body

        def is_away():
            download(server, origin, "random.bin")
            return metrics_of(server, origin)("xet_store_available") == 0

        wait_until(is_away, message="it counts as available")
    wait_until(lambda: metrics_of(server, origin)("xet_store_available") == 1, NOTICED_DEADLINE, "it is not back")
    assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)


@pytest.mark.parametrize("fault", ["500", "503 SlowDown", "reset"])
def test_a_download_that_has_begun_waits(filled, inside, origin, fault):
    """For a store that is away for some requests in its middle, as long as users are waited for."""
    server = inside(filled.bucket(), XET_RETRY_FOR=None)
    turn = iter(range(1000))

    def is_in_the_middle(request):
        return "/imports/" in request.target and 4 <= next(turn) < 12

    with filled.broken(only(FAILURES[fault], "GET"), when=is_in_the_middle):
        assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert next(turn) > 12


def test_what_rotted_is_mended_by_another_import(filled, inside, imported, origin):
    bucket = filled.bucket()
    names = sorted(name for name in filled.objects if "/imports/" in name)
    for name in names:
        body = bytearray(filled.objects[name])
        body[len(body) * 3 // 4] ^= 1
        filled.put(name, bytes(body))
    got = download(inside(bucket), origin, "random.bin")
    assert got.body != file_of(origin, "random.bin").content
    found = summary_of(imported(bucket, filled.bundle))
    assert found["storeWrittenBytes"] > 0
    for path in ("large.bin", "random.bin", "scattered.bin"):
        assert_right(download(inside(bucket), origin, path), file_of(origin, path).content)


def test_a_store_that_denies(bundle, imported, peer_store):
    path, _ = bundle("--include", "random.bin")
    bucket = peer_store.bucket()
    for method in ("PUT", "GET"):
        with peer_store.broken(only(FAILURES["403"], method)):
            refused = imported(bucket, path)
        assert refused.returncode == 1
        assert b"AccessDenied" in refused.stderr, refused.stderr
    summary_of(imported(bucket, path))


def test_interrupted(xet, bundle, peer_store, signing_key, tmp_path):
    """Ctrl-C while the store takes its time: nothing is left here, and nothing can be seen there."""
    path, _ = bundle("--include", "large.bin")
    bucket, room = peer_store.bucket(), tmp_path / "room"
    room.mkdir()
    with peer_store.stalled(when=lambda request: request.method == "PUT"):
        process = xet.start(*import_arguments(bucket, signing_key, path), TMPDIR=room, **bucket.credentials.variables)
        wait_until(lambda: peer_store.count("PUT"), message="nothing is written")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT, errors
    assert not list(room.iterdir())
    assert not [name for name in peer_store.objects if "/bundles/" in name]
