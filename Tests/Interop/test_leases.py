"""What the Hub has said holds for a time, for who was told and nobody else; a Hub that is away is stood in for."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import faults
from catalogue import MODEL, PRIVATE, file_of
from endpoint_calls import api_target
from expectations import assert_right
from http_peer import wait_until
from http_probe import fetch
from official_clients import CLIENT, XET, call, call_all
from proxy_calls import download
from proxy_observations import Growth, metrics_of

FILES = ("random.bin", "config.json", "readme.md", "lfs.bin", "with space.bin")
NODES = 40


@pytest.fixture
def leasing(start_proxy):
    """A proxy whose leases outlast each test."""
    return start_proxy("--hub-lease", "10m")


def hub_requests(origin):
    """What the Hub was asked, each once for each time."""
    return sorted(f"{request.method} {request.target}" for request in origin.log.all("hub"))


def resolve_target(path, repository=MODEL):
    return f"/{repository}/resolve/main/{path.replace(' ', '%20')}"


def test_many_nodes_ask_the_hub_like_one(leasing, origin):
    def node(_):
        for path in FILES:
            assert_right(download(leasing, origin, path), file_of(origin, path).content)
            got = fetch(leasing.url, resolve_target(path), "GET", token=origin.alice)
            assert_right(got, file_of(origin, path).content)

    node(0)
    alone = len(origin.log.all("hub"))
    growth = Growth(leasing, origin)
    origin.log.clear()
    with ThreadPoolExecutor(NODES) as nodes:
        list(nodes.map(node, range(NODES)))
    # An LFS file is where the Hub sends each reader anew.
    asked = [request for request in hub_requests(origin) if "lfs.bin" not in request]
    assert not asked, asked
    assert alone <= 4 * len(FILES)
    assert growth("xet_hub_requests_saved_total", reason="lease") >= NODES * len(FILES)


def test_a_cold_crowd_is_one(start_proxy, origin):
    """Without leases what is asked at the same time is asked once."""
    server = start_proxy("--hub-stale", "1m")
    gate = threading.Event()
    origin.hub.script(faults.hold(gate, after=-1), times=None, when=lambda request: request.method == "HEAD")
    with ThreadPoolExecutor(NODES) as nodes:
        pending = [nodes.submit(download, server, origin, "config.json", method="HEAD") for _ in range(NODES)]
        wait_until(lambda: len(origin.log.all("hub", "HEAD")) >= 1, message="nobody asks")
        growth = Growth(server, origin)
        wait_until(
            lambda: metrics_of(server, origin)("xet_in_flight_requests") > NODES, message="not all are there"
        )
        gate.set()
        assert {one.result().status for one in pending} == {200}
    assert len(origin.log.all("hub", "HEAD")) == 1
    growth.wait(NODES - 1, "xet_hub_requests_saved_total", reason="joined")


def test_a_lease_is_for_who_was_told(leasing, origin):
    file = file_of(origin, "random.bin", PRIVATE)
    assert_right(download(leasing, origin, "random.bin", PRIVATE), file.content)
    for token in (origin.bob, "hf_nobody"):
        for got in (
            download(leasing, origin, "random.bin", PRIVATE, token=token),
            fetch(leasing.url, resolve_target("random.bin", PRIVATE), token=token),
            fetch(leasing.url, f"/api/models/{PRIVATE}", token=token),
        ):
            assert got.status in (401, 403, 404), got
    assert fetch(leasing.url, resolve_target("random.bin", PRIVATE)).status == 401


def test_without_a_lease_who_lost_a_right_has_lost_it(start_proxy, origin, tmp_path):
    server = start_proxy("--cache", tmp_path / "cache")
    assert_right(download(server, origin, "random.bin", PRIVATE), file_of(origin, "random.bin", PRIVATE).content)
    origin.repositories["model", PRIVATE].readers = set()
    assert download(server, origin, "random.bin", PRIVATE).status == 404
    # Nor is it given out when the Hub is away: that it was refused is the last that is known.
    origin.hub.script(faults.status(503), times=None)
    assert download(server, origin, "random.bin", PRIVATE).status in (502, 503)


def test_a_lease_ends(start_proxy, origin):
    server = start_proxy("--hub-lease", "1s")
    assert_right(download(server, origin, "random.bin", PRIVATE), file_of(origin, "random.bin", PRIVATE).content)
    origin.repositories["model", PRIVATE].readers = set()
    wait_until(lambda: download(server, origin, "random.bin", PRIVATE).status == 404, message="it does not end")


AWAY = {
    "429": lambda hub: hub.script(faults.status(429, [("Retry-After", "100")]), times=None),
    "503": lambda hub: hub.script(faults.status(503), times=None),
    "gone": lambda hub: hub.go_away(),
}


@pytest.mark.parametrize("away", AWAY.values(), ids=AWAY)
def test_a_hub_that_is_away_is_stood_in_for(start_proxy, origin, tmp_path, away):
    server = start_proxy("--cache", tmp_path / "cache")
    targets = [api_target(), api_target("tree", "main"), resolve_target("config.json")]
    known = [fetch(server.url, target, token=origin.alice) for target in targets]

    def is_kept():
        origin.log.clear()
        assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)
        return not origin.log.all("cdn")

    wait_until(is_kept, message="it is not kept")
    away(origin.hub)
    assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert_right(download(server, origin, "random.bin", headers={"Range": "bytes=5-"}),
                 file_of(origin, "random.bin").content[5:], 206)
    for target, before in zip(targets, known, strict=True):
        got = fetch(server.url, target, token=origin.alice)
        assert (got.status, got.body) == (200, before.body)
        assert int(got.header("Age")) >= 0
    for got in (
        download(server, origin, "random.bin", token=origin.bob),
        download(server, origin, "prose.txt"),
        fetch(server.url, api_target(), token=origin.bob),
    ):
        assert got.status in (429, 502, 503, 504), got


def test_without_cache_or_lease_nothing_is_remembered(start_proxy, origin):
    server = start_proxy()
    assert download(server, origin, "config.json").status == 200
    origin.hub.script(faults.status(503), times=None)
    assert download(server, origin, "config.json").status in (502, 503)


def test_what_is_left_is_saved(start_proxy, origin):
    """A lease of a moment holds on when the Hub says that only little is left."""
    server = start_proxy("--hub-lease", "1ms")
    headers = [("RateLimit", '"resolvers";r=10;t=100'), ("RateLimit-Policy", '"fixed window";"resolvers";q=3000;w=300')]
    for _ in range(2):
        assert download(server, origin, "config.json", method="HEAD").status == 200
    assert len(origin.log.all("hub", "HEAD")) == 2

    def short(request, response):
        for name, value in headers:
            response = response.with_header(name, value)
        return response

    origin.hub.script(short, times=1)
    for _ in range(5):
        assert download(server, origin, "config.json", method="HEAD").status == 200
    assert len(origin.log.all("hub", "HEAD")) == 3
    # Another caller has a budget of its own.
    assert download(server, origin, "config.json", method="HEAD", token=origin.bob).status == 200
    assert len(origin.log.all("hub", "HEAD")) == 4


@CLIENT
@XET
def test_official_clients_on_many_nodes(leasing, origin, tmp_path, interpreter, xet):
    """A second node, whose own cache is empty, asks the Hub for nothing but what an LFS file needs."""
    where = {"repo_id": MODEL, "repo_type": "model", "revision": None}
    results = []
    for node in range(2):
        home = tmp_path / f"node-{node}"
        home.mkdir()
        origin.log.clear()
        results.append(
            call(home, leasing.url, "snapshot", token=origin.alice, interpreter=interpreter, xet=xet, **where)
        )
    assert results[0] == results[1]
    asked = [request for request in hub_requests(origin) if "lfs" not in request]
    assert not asked, asked


def test_a_write_ends_the_leases_of_its_repository(start_proxy, origin, home):
    server = start_proxy("--hub-lease", "10m", "--allow-writes")
    local = home / "new.txt"
    local.write_bytes(b"new")

    def info():
        return json.loads(fetch(server.url, api_target(), token=origin.alice).body)["sha"]

    before = info()
    assert download(server, origin, "new.txt").status == 404
    call_all(
        home,
        server.url,
        [("upload_file", {"repo_id": MODEL, "path": "new.txt", "local": str(local)})],
        token=origin.alice,
    )
    assert info() != before
    assert_right(download(server, origin, "new.txt"), b"new")
