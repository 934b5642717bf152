"""A store that fails, stalls or lies: no byte of a download is wrong for it, and none is missing."""

import contextlib
import json
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import faults
from catalogue import MODEL, file_of
from contents import digest, noise
from expectations import assert_right
from forward_proxy import ForwardProxy
from http_peer import wait_until
from http_probe import fetch
from official_clients import call
from outages import held
from peer_store import (
    BUCKET, FAILURES, HOSTILE_XML, LIES, answered, endless_list, enormous_list, flipped, kind, listed, only,
)
from proxy_calls import download
from proxy_observations import Growth, metrics_of
from s3_calls import S3Bucket
from store_calls import PREFIX, asks_for_xorbs, cdn_bytes, is_claim, is_content, settled

FILES = ("large.bin", "random.bin", "scattered.bin")
HOUR = 3600
BACK_DEADLINE = 120.0
HEALING_ROUNDS = 5
SPARED = 12
"""Requests at most that a store gets which fails each: until it counts as away, those on their way, and what finds out later."""


@pytest.fixture
def bucket(peer_store):
    return peer_store.bucket()


@pytest.fixture
def finish(origin, peer_store):
    return lambda *servers: settled(origin, lambda: peer_store.objects, *servers)


@pytest.fixture(scope="module")
def written():
    """What one replica wrote of `FILES`, once one has."""
    return {}


@pytest.fixture
def filled(start_replica, origin, peer_store, bucket, finish, written):
    """A store with `FILES`, as one replica wrote them."""
    if written:
        for name, body in written.items():
            peer_store.put(name, body)
    else:
        server = start_replica(bucket)
        assert_files(server, origin)
        finish(server)
        written.update(peer_store.objects)
    origin.log.clear()
    peer_store.log.clear()
    return peer_store


def assert_files(server, origin, paths=FILES):
    for path in paths:
        assert_right(download(server, origin, path), file_of(origin, path).content)


def contents_of(store):
    return sorted(name for name in store.objects if is_content(name))


# What fails.


@pytest.mark.parametrize("fault", FAILURES)
def test_failures_cost_no_download(start_replica, origin, filled, bucket, home, fault):
    """Of a store that has everything."""
    server = start_replica(bucket)
    with filled.broken(FAILURES[fault]):
        assert_files(server, origin)
        content = file_of(origin, "large.bin").content
        part = {"Range": "bytes=1000000-9000000"}
        assert_right(download(server, origin, "large.bin", headers=part), content[1000000:9000001], 206)
        where = {"repo_id": MODEL, "repo_type": "model", "filename": "large.bin", "revision": None}
        assert call(home, server.url, "download", token=origin.alice, **where) == digest(content)
    # Nor has it lost what it had.
    assert_files(start_replica(bucket), origin)


@pytest.mark.parametrize("fault", FAILURES)
def test_failures_while_it_is_empty(start_replica, origin, peer_store, bucket, finish, fault):
    servers = [start_replica(bucket) for _ in range(2)]
    with peer_store.broken(FAILURES[fault]):
        for server in servers:
            assert_files(server, origin)
        wait_until(
            lambda: all(metrics_of(server, origin)("xet_store_queued") == 0 for server in servers), BACK_DEADLINE,
            "what cannot be written is not given up",
        )
    # What it kept in spite of its answers is right.
    assert_files(start_replica(bucket), origin)


@pytest.mark.parametrize("fault", ["500", "503 SlowDown", "403", "507 full", "reset"])
def test_a_store_that_fails_is_spared(start_replica, origin, filled, bucket, fault):
    server = start_replica(bucket)
    with filled.broken(FAILURES[fault]):
        assert_files(server, origin)
        wait_until(lambda: metrics_of(server, origin)("xet_store_available") == 0, message="it counts as available")
        filled.log.clear()
        for _ in range(3):
            assert_files(server, origin)
        assert filled.count() <= SPARED
    told = [line for line in server.errors().splitlines() if "store" in line]
    assert 1 <= len(told) <= 4, server.errors()


def test_it_is_asked_again(start_replica, origin, filled, bucket):
    server = start_replica(bucket)
    with filled.broken(FAILURES["500"]):
        assert_files(server, origin)
        wait_until(lambda: metrics_of(server, origin)("xet_store_available") == 0, message="it counts as available")

    def is_read():
        origin.log.clear()
        assert_files(server, origin)
        return not asks_for_xorbs(origin)

    wait_until(is_read, BACK_DEADLINE, "it is not read any more")
    number = 0

    def is_written():
        nonlocal number
        number += 1
        content = noise(300_000, f"after the failure {number}")
        origin.add_repository("acme/after", {f"{number}.bin": origin.xet_file(content)})
        assert_right(download(server, origin, f"{number}.bin", "acme/after"), content)
        return metrics_of(server, origin)("xet_store_available") == 1

    wait_until(is_written, BACK_DEADLINE, "it is not written to any more")


def test_refused_connections(start_replica, origin, filled, bucket):
    server = start_replica(bucket)
    with filled.away():
        assert_files(server, origin)
        assert metrics_of(server, origin)("xet_store_available") == 0
    assert fetch(server.url, "/readyz").status == 200


@pytest.mark.parametrize("after", [-1, 0, 1000, 200_000], ids=["no head", "no body", "little", "some"])
def test_stalls(start_replica, origin, filled, bucket, after):
    """Each request for itself would cost a wait: after a few the store counts as away."""
    server = start_replica(bucket)
    with filled.stalled(after, lambda request: kind(request) == "GET"):
        assert_files(server, origin)
    assert_files(server, origin)


def test_writes_that_stall_hold_nobody(start_replica, origin, peer_store, bucket, finish):
    server = start_replica(bucket)
    with peer_store.stalled(when=lambda request: kind(request) == "PUT" and "/chunks/" in request.path):
        assert_files(server, origin)
    finish(server)
    assert fetch(server.url, "/readyz").status == 200


def test_a_drain_does_not_wait_for_a_store(start_replica, origin, peer_store, bucket):
    server = start_replica(bucket)
    with peer_store.stalled(when=lambda request: kind(request) == "PUT"):
        assert_files(server, origin, ["large.bin"])
        start_replica.forget(server)
        assert server.stop() == 0


# What lies.


@pytest.mark.parametrize("lie", LIES)
def test_lies(start_replica, origin, filled, bucket, lie):
    server = start_replica(bucket)
    with filled.broken(only(LIES[lie], "GET")):
        assert_files(server, origin)
        assert_files(server, origin)
        assert server.peak_memory is None or server.peak_memory < 512 << 20
    last = start_replica(bucket)
    assert_files(last, origin)
    # Whatever was replaced since is right: it need not be the same, since a replica adds the hashes that it knows.
    reader = start_replica(bucket)
    assert_files(reader, origin)
    assert metrics_of(reader, origin)("xet_store_wrong_objects_total") == 0


def test_lies_now_and_then(start_replica, origin, filled, bucket):
    """One of three answers, whichever it is."""
    chance = random.Random(7)
    lock = threading.Lock()

    def unlucky(request):
        with lock:
            return kind(request) == "GET" and chance.random() < 0.3

    lies = [LIES[name] for name in ("a bit in the middle", "truncated", "longer", "cut", "nothing")]
    for fault in lies:
        filled.server.script(fault, times=None, when=unlucky)
    servers = [start_replica(bucket) for _ in range(2)]
    with ThreadPoolExecutor(12) as clients:
        wanted = [(servers[n % 2], FILES[n % len(FILES)]) for n in range(24)]
        for (_, path), got in zip(wanted, clients.map(lambda each: download(each[0], origin, each[1]), wanted), strict=True):
            assert_right(got, file_of(origin, path).content)


def flip_each(store, names):
    for number, name in enumerate(names):
        store.change(name, lambda body, number=number: flipped(body, len(body) * (number % 7) // 7))


def flip_the_last(store, names):
    for name in names:
        store.change(name, lambda body: flipped(body, len(body) - 1))


def change_all(change):
    def apply(store, names):
        for name in names:
            store.change(name, change)

    return apply


DAMAGE = {
    "a bit of each": flip_each,
    "the last bit of each": flip_the_last,
    "contents of one another": lambda store, names: store.rotate(names),
    "half": change_all(lambda body: body[: len(body) // 2]),
    "a byte less": change_all(lambda body: body[:-1]),
    "a byte more": change_all(lambda body: body + b"\0"),
    "nothing": change_all(lambda body: b""),
    "zeros": change_all(lambda body: bytes(len(body))),
    "text": change_all(lambda body: b"<html>not here</html>"),
    "doubled": change_all(lambda body: body + body),
    "enormous": change_all(lambda body: body[:100] + bytes(100 << 20)),
}


def heal(start_replica, bucket, origin, finish):
    """Reads through one replica after another, until one finds all of it, and nothing wrong.

    Of objects that a range needs the first wrong one is found; what is behind it is fetched with it, and found by the next reader.
    """
    for _ in range(HEALING_ROUNDS):
        origin.log.clear()
        server = start_replica(bucket)
        assert_files(server, origin)
        finish(server)
        if not asks_for_xorbs(origin):
            assert metrics_of(server, origin)("xet_store_wrong_objects_total") == 0
            return
    raise AssertionError(f"{len(asks_for_xorbs(origin))} requests to the CDN after {HEALING_ROUNDS} readers")


@pytest.mark.parametrize("damage", DAMAGE)
def test_wrong_objects_are_replaced(start_replica, origin, filled, bucket, finish, damage):
    DAMAGE[damage](filled, contents_of(filled))
    server = start_replica(bucket)
    growth = Growth(server, origin)
    assert_files(server, origin)
    assert growth("xet_store_wrong_objects_total") >= 1
    assert server.peak_memory is None or server.peak_memory < 512 << 20
    finish(server)
    assert filled.count("DELETE") >= 1
    heal(start_replica, bucket, origin, finish)


def test_an_object_of_another_file_under_a_name(start_replica, origin, filled, bucket, finish):
    """Each object is right in itself, and of the same site: of another file."""
    other = noise(9_000_000, "another file")
    origin.add_repository("acme/another", {"file.bin": origin.xet_file(other, compression="none")})
    server = start_replica(bucket)
    known = set(contents_of(filled))
    assert_right(download(server, origin, "file.bin", "acme/another"), other)
    finish(server)
    foreign = [name for name in contents_of(filled) if name not in known]
    body = filled.objects[foreign[0]]
    for name in known:
        filled.put(name, body)
    last = start_replica(bucket)
    assert_files(last, origin)
    assert metrics_of(last, origin)("xet_store_wrong_objects_total") >= 1


def test_a_store_that_ignores_conditions(start_replica, origin, peer_store, bucket, finish):
    """The last put stays: it is as right as the first, though it may have less; what is missing one reader brings in."""
    peer_store.ignores_conditions = True
    servers = [start_replica(bucket) for _ in range(3)]
    with ThreadPoolExecutor(9) as clients:
        wanted = [(server, path) for path in FILES for server in servers]
        for (_, path), got in zip(wanted, clients.map(lambda each: download(each[0], origin, each[1]), wanted), strict=True):
            assert_right(got, file_of(origin, path).content)
    finish(*servers)
    origin.log.clear()
    reader = start_replica(bucket)
    assert_files(reader, origin)
    finish(reader)
    # A part that took the place of another one: of whole blocks there is nothing to lose.
    assert cdn_bytes(origin) <= 0.1 * sum(file_of(origin, path).size for path in FILES)
    origin.log.clear()
    assert_files(start_replica(bucket), origin)
    assert not asks_for_xorbs(origin)


def test_a_store_that_lets_nobody_list(start_replica, origin, filled, bucket, finish):
    """Whoever may read and write objects needs no more for them."""
    with filled.broken(only(FAILURES["403"], "LIST")):
        server = start_replica(bucket)
        wait_until(lambda: filled.count("LIST"), message="nothing was listed")
        wait_until(lambda: "lets nobody list" in server.errors(), message="the operator is not told")
        assert_files(server, origin)
        content = noise(1_000_000, "written where nobody may list")
        origin.add_repository("acme/unlisted", {"file.bin": origin.xet_file(content)})
        assert not asks_for_xorbs(origin)
        assert_right(download(server, origin, "file.bin", "acme/unlisted"), content)
        finish(server)
        found = metrics_of(server, origin)
        assert found("xet_store_available") == 1
        assert not found("xet_store_requests_total", result="spared")
        origin.log.clear()
        assert_right(download(start_replica(bucket), origin, "file.bin", "acme/unlisted"), content)
        assert not asks_for_xorbs(origin)


def test_each_put_has_its_condition(filled, start_replica, origin, peer_store, bucket, finish):
    server = start_replica(bucket)
    content = noise(3_000_000, "put on condition")
    origin.add_repository("acme/puts", {"file.bin": origin.xet_file(content)})
    assert_right(download(server, origin, "file.bin", "acme/puts"), content)
    finish(server)
    puts = filled.requests("PUT")
    assert puts and all(put.headers.get("if-none-match") == "*" for put in puts)
    # Nothing asks whether an object is there before it is put, and nothing but imported bundles is listed.
    assert not filled.count("HEAD")
    assert all(each.query["prefix"][0].endswith("/bundles/") for each in filled.requests("LIST"))
    assert all(name.startswith(PREFIX + "/") for name in filled.objects)


def test_a_bucket_that_is_a_host(start_replica, origin, peer_store, finish):
    """`--s3-addressing virtual`; only a proxy can resolve its name."""
    names = ForwardProxy({f"{BUCKET}.store.test": peer_store.server.port})
    try:
        bucket = S3Bucket("http://store.test", BUCKET, peer_store.owner, peer_store.region)
        first, second = (start_replica(bucket, "--s3-addressing", "virtual", HTTP_PROXY=names.url) for _ in range(2))
        assert_files(first, origin)
        finish(first)
        origin.log.clear()
        assert_files(second, origin)
        assert not asks_for_xorbs(origin)
    finally:
        names.stop()
    asked = peer_store.requests()
    assert asked and all(request.headers["host"] == f"{BUCKET}.store.test" for request in asked)


# In the middle.


def test_faults_in_turn_while_many_download(start_replica, origin, filled, bucket):
    """Another fault every few requests, over three replicas and thirty clients."""
    chosen = [
        *FAILURES.values(), *(only(LIES[name], "GET") for name in LIES if "exabyte" not in name), None, None, None,
    ]
    chance, lock, turn = random.Random(11), threading.Lock(), {"left": 0, "fault": None}

    def apply(request, response):
        with lock:
            if not turn["left"]:
                turn["left"], turn["fault"] = chance.randrange(1, 6), chance.choice(chosen)
            turn["left"] -= 1
            fault = turn["fault"]
        return fault(request, response) if fault else response

    servers = [start_replica(bucket) for _ in range(3)]
    with filled.broken(apply), ThreadPoolExecutor(30) as clients:
        wanted = [(servers[n % 3], FILES[n % len(FILES)]) for n in range(60)]
        for (_, path), got in zip(wanted, clients.map(lambda each: download(each[0], origin, each[1]), wanted), strict=True):
            assert_right(got, file_of(origin, path).content)
    assert_files(start_replica(bucket), origin)


@pytest.mark.parametrize("what", ["away", "500", "403", "507 full", "stalled"])
def test_it_begins_to_fail_in_the_middle(start_replica, origin, peer_store, bucket, what):
    """Downloads have begun and read and written; then the store does this for good."""
    servers = [start_replica(bucket) for _ in range(3)]
    with ThreadPoolExecutor(30) as clients, contextlib.ExitStack() as stack:
        with held(origin.cdn):
            wanted = [(servers[n % 3], FILES[n % len(FILES)]) for n in range(30)]
            downloads = [clients.submit(download, server, origin, path) for server, path in wanted]
            wait_until(lambda: peer_store.count("PUT") and asks_for_xorbs(origin), message="nothing is claimed")
            broken = {"away": peer_store.away, "stalled": peer_store.stalled}
            stack.enter_context(broken[what]() if what in broken else peer_store.broken(FAILURES[what]))
        for (_, path), future in zip(wanted, downloads, strict=True):
            assert_right(future.result(), file_of(origin, path).content)


# Claims.


def test_claims_are_ended(filled):
    """Each that was put is removed."""
    assert not [name for name in filled.objects if is_claim(name)]


def test_an_old_claim_holds_nobody(start_replica, origin, peer_store, bucket):
    """Of a replica that is gone."""
    first = start_replica(bucket)
    with ThreadPoolExecutor(1) as client:
        with held(origin.cdn):
            client.submit(download, first, origin, "large.bin")
            wait_until(lambda: [name for name in peer_store.objects if is_claim(name)], message="nothing is claimed")
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
        start_replica.forget(first)
    left = [name for name in peer_store.objects if is_claim(name)]
    assert left
    peer_store.pass_time(HOUR)
    peer_store.log.clear()
    other = start_replica(bucket)
    assert_files(other, origin, ["large.bin"])
    # It asked how old each is, and did not wait.
    assert all(peer_store.count("GET", name) <= 4 for name in left)


def test_a_claim_without_an_end_holds_nobody_long(start_replica, origin, peer_store, bucket):
    """A store that says of each claim that somebody else has just made it."""

    def taken(request, response):
        is_put = kind(request) == "PUT" and is_claim(request.path)
        return FAILURES["412 of every put"](request, response) if is_put else response

    with peer_store.broken(taken):
        assert_files(start_replica(bucket), origin)


# Ages.


@pytest.mark.parametrize("hours", [-30, 30], ids=["behind", "ahead"])
def test_another_clock_makes_nothing_older(start_replica, origin, peer_store, bucket, finish, hours):
    """Ages are by the store's clock alone."""
    peer_store.skew = hours * HOUR
    server = start_replica(bucket)
    assert_files(server, origin)
    finish(server)
    origin.log.clear()
    server = start_replica(bucket)
    assert_files(server, origin)
    finish(server)
    assert not asks_for_xorbs(origin)
    assert not peer_store.count("COPY")


def test_what_is_read_is_renewed(start_replica, origin, filled, bucket, finish):
    """An object that is older than half a day when it is read; so that those that nobody reads can be told."""
    names = contents_of(filled)
    before = filled.times
    server = start_replica(bucket)
    assert_files(server, origin)
    finish(server)
    assert not filled.count("COPY"), "they are young"
    filled.pass_time(13 * HOUR)
    server = start_replica(bucket)
    assert_files(server, origin, ["large.bin"])
    finish(server)
    wait_until(lambda: filled.count("COPY"), message="nothing is renewed")
    finish(server)
    renewed = [name for name in names if filled.times[name] > before[name]]
    assert renewed and len(renewed) < len(names)
    assert all(request.headers.get("x-amz-metadata-directive") == "REPLACE" for request in filled.requests("COPY"))
    # Once is enough.
    count = filled.count("COPY")
    server = start_replica(bucket)
    assert_files(server, origin, ["large.bin"])
    finish(server)
    assert filled.count("COPY") == count


@pytest.fixture
def prune(xet, peer_store):
    """Runs `xet cache prune` on the store."""

    def run(*options, bucket=BUCKET, prefix=PREFIX, user=None):
        where = ("--s3-endpoint", peer_store.endpoint, "--s3-region", peer_store.region)
        variables = (user or peer_store.owner).variables
        return xet("cache", "prune", f"s3://{bucket}/{prefix}", *where, *options, **variables)

    return run


def test_prune_removes_what_nobody_used(start_replica, origin, filled, bucket, finish, prune):
    names = set(filled.objects)
    filled.pass_time(13 * HOUR)
    server = start_replica(bucket)
    assert_files(server, origin, ["large.bin"])
    finish(server)
    used = {name for name, time in filled.times.items() if time > filled.now - HOUR}
    assert used and used < names
    filled.put("elsewhere/x", b"not ours")
    filled.put(f"{PREFIX}x/y", b"not ours")
    filled.put(f"{PREFIX}/by hand.txt", b"not ours")
    filled.pass_time(12 * HOUR)
    done = prune("--older-than", "1d")
    assert done.returncode == 0, done.stderr
    others = {"elsewhere/x", f"{PREFIX}x/y", f"{PREFIX}/by hand.txt"}
    assert set(filled.objects) - others == used
    assert set(filled.objects) >= others - {f"{PREFIX}/by hand.txt"}
    filled.pass_time(48 * HOUR)
    assert prune("--older-than", "1d").returncode == 0
    assert not contents_of(filled)
    origin.log.clear()
    assert_files(start_replica(bucket), origin)
    assert asks_for_xorbs(origin)


def test_prune_goes_through_many(peer_store, start_replica, origin, bucket, finish, prune):
    """Lists have pages of 1,000."""
    server = start_replica(bucket)
    assert_files(server, origin, ["random.bin"])
    finish(server)
    one = contents_of(peer_store)[0]
    folder, _, last = one.rpartition("/")
    area = folder.rpartition("/")[0]
    for number in range(2500):
        peer_store.put(f"{area}/{number:064x}/{last}", b"x")
    peer_store.pass_time(48 * HOUR)
    done = prune("--older-than", "1d")
    assert done.returncode == 0, done.stderr
    assert not contents_of(peer_store)
    assert peer_store.count("LIST") >= 3


@pytest.mark.parametrize("what", [*HOSTILE_XML, "endless", "enormous", "500", "403", "no bucket", "reset"])
def test_prune_of_a_store_that_lies(filled, prune, what):
    before = set(filled.objects)
    filled.pass_time(48 * HOUR)
    if what in HOSTILE_XML:
        fault = only(answered(HOSTILE_XML[what]), "LIST")
    else:
        fault = {"endless": endless_list(f"{PREFIX}/a"), "enormous": enormous_list()}.get(what) or FAILURES[what]
    with filled.broken(fault):
        done = prune("--older-than", "1d")
    assert done.returncode not in (0, None), done.stdout
    assert done.stderr and len(done.stderr) < 10_000
    assert b"root:" not in done.stderr + done.stdout
    assert set(filled.objects) == before


def test_prune_stays_below_its_prefix(filled, prune):
    """A store that lists what was not asked for."""
    filled.pass_time(48 * HOUR)
    names = ["elsewhere/x", f"{PREFIX}/../y", f"{PREFIX}/a/../../../z", f"/{PREFIX}/b", f"{PREFIX}x/c", "", f"{PREFIX}/"]
    with filled.broken(listed(*((name, 1, 0.0) for name in names))):
        prune("--older-than", "1d")
    outside = [request.target for request in filled.requests("DELETE") if ".." in request.target or f"/{PREFIX}/" not in request.target]
    assert not outside


@pytest.mark.parametrize(
    "options", [("--older-than", "soon"), ("--older-than", "-1d"), ("--size", "1GiB")], ids=lambda options: " ".join(options)
)
def test_prune_usage(filled, prune, options):
    before = set(filled.objects)
    filled.pass_time(48 * HOUR)
    assert prune(*options).returncode not in (0, None)
    assert set(filled.objects) == before


def test_prune_without_credentials(xet, filled):
    place = f"s3://{BUCKET}/{PREFIX}"
    done = xet("cache", "prune", place, "--older-than", "1d", "--s3-endpoint", filled.endpoint, AWS_EC2_METADATA_DISABLED="true")
    assert done.returncode not in (0, None)
    assert b"redential" in done.stderr or b"AWS_" in done.stderr


# What is told.


def test_no_secret_is_told(start_replica, origin, filled, bucket, signing_key):
    """Whatever goes wrong: not in the log, not in metrics, not in what is printed."""
    server = start_replica(bucket)
    for name in ("403", "500", "an error with 200", "redirected"):
        with filled.broken(FAILURES[name]):
            assert_files(server, origin, ["random.bin"])
    signatures = [request.headers["authorization"].rpartition("=")[2] for request in filled.requests()]
    hidden = [bucket.credentials.secret, signing_key.read_text(), *signatures]
    told = metrics_of(server, origin).text + server.errors()
    assert not [secret for secret in hidden if secret in told]
    # Nor does the store learn who reads what.
    asked = [json.dumps([request.target, request.headers]) for request in filled.requests()]
    for secret in (origin.alice, MODEL, "large.bin", signing_key.read_text(), *origin.cas_side.tokens):
        assert not [text for text in asked if secret in text]


def test_metrics_have_few_labels(start_replica, origin, filled, bucket):
    server = start_replica(bucket)
    assert_files(server, origin)
    found = metrics_of(server, origin)
    assert found("xet_store_requests_total", operation="get", result="done") > 0
    assert found("xet_store_read_bytes_total") > 0
    assert found("xet_store_available") == 1
    assert not [value for value in found.labels("operation") | found.labels("result") if len(value) > 20]


@pytest.mark.parametrize("addressing", ["path", "auto"])
def test_addressing(start_replica, origin, filled, bucket, addressing):
    server = start_replica(bucket, "--s3-addressing", addressing)
    assert_files(server, origin)
    assert not asks_for_xorbs(origin)
    assert all(request.path.startswith(f"/{BUCKET}/") for request in filled.requests())


def test_wrong_credentials(start_replica, origin, filled, bucket):
    """A key that the store does not know, or a secret that is not its own."""
    for variables in ({"AWS_ACCESS_KEY_ID": "somebody"}, {"AWS_SECRET_ACCESS_KEY": "0" * 40}):
        server = start_replica(bucket, **variables)
        assert_files(server, origin)
        assert metrics_of(server, origin)("xet_store_available") == 0
    assert {refusal.code for _, refusal in filled.refused} == {"InvalidAccessKeyId", "SignatureDoesNotMatch"}
    filled.refused.clear()
