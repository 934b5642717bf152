"""Uploads into `xet origin` that stand still hold up no others, and cost little."""

import json

import pytest

from command_line import origin_options
from contents import noise
from http_peer import wait_until
from http_probe import Exchange, address_of, fetch, path_target, request_bytes
from reference_store import ReferenceStore
from xet_process import XetServer, environment

REPOSITORY, TOKEN = "acme/model", "hf_writer0123456789abcdef"
STALLED = 16
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def xorbs(tmp_path_factory, reference_client_home):
    """Two xorbs as the reference client makes them: (hash, serialized chunks)."""
    store = ReferenceStore(tmp_path_factory.mktemp("xorbs"))
    store.add(noise(20_000_000, "stalls"))
    store.add(noise(200_000, "goes through"))
    found = {name: bytes(xorb.data) for name, xorb in store.xorbs.items()}
    large, small = sorted(found.items(), key=lambda item: -len(item[1]))
    return large, small


@pytest.fixture
def server(xet_binary, tmp_path, home):
    file = tmp_path / "served" / "models" / REPOSITORY / "small.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    server = XetServer(xet_binary, origin_options(tmp_path / "served", tmp_path / "data"), environment(home))
    yield server
    assert server.is_running, server.errors()
    server.stop()


def write_token(server):
    target = path_target("api", "models", REPOSITORY, "xet-write-token", "main")
    return fetch(server.url, target, token=TOKEN).json()["accessToken"]


def begin(server, target, token, body, sent):
    """A POST of which `sent` bytes of the body have left."""
    head = request_bytes(target, "POST", {"Authorization": f"Bearer {token}", "Content-Length": len(body)})
    exchange = Exchange(address_of(server.url), head)
    exchange.socket.sendall(body[:sent])
    return exchange


def temporary_bytes(tmp_path):
    """What is on its way into the data folder."""
    total = 0
    for path in (tmp_path / "data" / "temporary").iterdir():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def test_stalled_xorbs_hold_up_no_other(server, xorbs, tmp_path):
    (large, large_body), (small, small_body) = xorbs
    token = write_token(server)
    before, sent = server.peak_memory, 16_000_000
    stalled = [begin(server, f"/v1/xorbs/default/{large}", token, large_body, sent) for _ in range(STALLED)]
    wait_until(lambda: temporary_bytes(tmp_path) > STALLED * (sent - MEBIBYTE), 60, "the bodies did not come")
    if before is not None:
        assert server.peak_memory - before < 128 * MEBIBYTE, "bodies are held in memory"
    answer = fetch(server.url, f"/v1/xorbs/default/{small}", "POST", token=token, body=small_body)
    assert (answer.status, answer.json()) == (200, {"was_inserted": True})
    # The stalled ones go on where they stood: one is first.
    results = []
    for exchange in stalled[:3]:
        exchange.socket.sendall(large_body[sent:])
        got = exchange.finish()
        assert got.status == 200, got
        results.append(got.json()["was_inserted"])
    assert results == [True, False, False]
    # Those that leave take what they left with them.
    for exchange in stalled:
        exchange.close()
    wait_until(lambda: temporary_bytes(tmp_path) == 0, 60, "bodies of clients that left stay")


def test_stalled_shards_hold_up_no_other(server, tmp_path):
    token = write_token(server)
    body = b"x" * 2_000_000
    stalled = [
        begin(server, f"/{version}/shards", token, body, sent)
        for version in ("v1", "v2")
        for sent in (0, 10, 200_000, 1_900_000)
        for _ in range(4)
    ]
    # The empty shard: header, two empty sections.
    bookend = b"\xff" * 32 + bytes(16)
    tag = b"HFRepoMetaData\x00" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
    shard = tag + (2).to_bytes(8, "little") + bytes(8) + bookend + bookend
    assert fetch(server.url, "/v1/shards", "POST", token=token, body=shard).json() == {"result": 0}
    lines = fetch(server.url, "/v2/shards", "POST", token=token, body=shard).body.splitlines()
    assert json.loads(lines[-1]) == {"type": "result"}
    for exchange in stalled:
        exchange.close()


def test_bodies_that_are_too_long_or_lie(server, xorbs, tmp_path):
    (large, large_body), (small, small_body) = xorbs
    token = write_token(server)
    for target, maximum in (("/v1/shards", 64 * MEBIBYTE), (f"/v1/xorbs/default/{large}", 66 * MEBIBYTE)):
        head = request_bytes(target, "POST", {"Authorization": f"Bearer {token}", "Content-Length": maximum + 1})
        with Exchange(address_of(server.url), head) as exchange:
            assert exchange.read_head() and exchange.status == 413
    # Another xorb's name, and a body that ends before it was announced to.
    assert fetch(server.url, f"/v1/xorbs/default/{large}", "POST", token=token, body=small_body).status == 400
    begin(server, f"/v1/xorbs/default/{small}", token, small_body, 50_000).close()
    wait_until(lambda: temporary_bytes(tmp_path) == 0, 60, "something is left of a refused body")
    answer = fetch(server.url, f"/v1/xorbs/default/{small}", "POST", token=token, body=small_body)
    assert answer.json() == {"was_inserted": True}
