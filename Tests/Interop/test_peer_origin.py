"""The judge is judged first: the official clients work against the peer origin, with XET and without."""

import hashlib
import json
import sys

import pytest

import catalogue
import faults
from catalogue import DATA, GATED, MODEL, PRIVATE, SPACE, file_of
from http_peer import wait_until
from http_probe import fetch, path_target
from official_clients import call, other_interpreters


def digest(content):
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "plain"])
@pytest.mark.parametrize("interpreter", [sys.executable, *other_interpreters()])
def test_snapshot_of_everything(origin, home, xet, interpreter):
    files = origin.repositories[("model", MODEL)].commits[origin.repositories[("model", MODEL)].revisions["main"]]
    origin.name_data_host("localhost")
    got = call(home, origin.url, "snapshot", origin.alice, xet, interpreter, repo_id=MODEL)
    assert got == {path: digest(file.content) for path, file in files.items()}
    assert bool(origin.log.all("cdn", path="/xorbs/")) == xet
    assert bool(origin.log.all("cdn", path="/plain/")), "LFS files come from the data host in both ways"


@pytest.mark.parametrize("kind, repository", [("dataset", DATA), ("model", DATA), ("space", SPACE)])
@pytest.mark.parametrize("xet", [True, False], ids=["xet", "plain"])
def test_repository_types(origin, home, kind, repository, xet):
    got = call(home, origin.url, "download", xet=xet, repo_id=repository, repo_type=kind, filename="random.bin")
    assert got == digest(file_of(origin, "random.bin", repository, kind).content)


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "branch/with space#1", None])
def test_revisions(origin, home, revision):
    wanted = revision or origin.repositories[("model", MODEL)].revisions["v1.0"]
    got = call(home, origin.url, "download", repo_id=MODEL, revision=wanted, filename="random.bin")
    assert got == digest(file_of(origin, "random.bin", revision=wanted).content)


def test_pages_of_a_tree(origin, home):
    origin.hub_side.tree_page = 3
    got = call(home, origin.url, "tree", repo_id=MODEL)
    files = origin.repositories[("model", MODEL)].commits[origin.repositories[("model", MODEL)].revisions["main"]]
    assert {entry["path"] for entry in got if not entry["folder"]} == set(files)
    assert len(origin.log.all("hub", path="/tree/")) > 5
    one = next(entry for entry in got if entry["path"] == "random.bin")
    assert one["xet"] == files["random.bin"].stored.hash and one["sha256"] == files["random.bin"].sha256
    assert call(home, origin.url, "paths_info", repo_id=MODEL, paths=["random.bin", "none"]) == [
        {"path": "random.bin", "size": 3_000_000}
    ]


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "plain"])
def test_private_and_gated(origin, home, xet):
    for repository in (PRIVATE, GATED):
        got = call(home, origin.url, "download", origin.alice, xet, repo_id=repository, filename="random.bin")
        assert got == digest(file_of(origin, "random.bin", repository).content)
    for repository, error in (
        (PRIVATE, "RepositoryNotFoundError"),
        (GATED, "GatedRepoError"),
        ("no/one", "RepositoryNotFoundError"),
    ):
        for token in (origin.bob, None):
            got = call(home, origin.url, "download", token, xet, repo_id=repository, filename="plain.txt")
            assert got["error"] == error
    assert call(home, origin.url, "download", repo_id=MODEL, filename="none")["error"] == "RemoteEntryNotFoundError"
    got = call(home, origin.url, "download", repo_id=MODEL, filename="config.json", revision="none")
    assert got["error"] == "RevisionNotFoundError"


def test_ranges_through_the_file_system(origin, home):
    content = file_of(origin, "random.bin").content
    got = call(home, origin.url, "read_range", repo_id=MODEL, filename="random.bin", start=1_234_567, length=70_000)
    assert got["sha256"] == hashlib.sha256(content[1_234_567:1_304_567]).hexdigest()


def test_renamed_repository(origin, home):
    got = call(home, origin.url, "download", repo_id=catalogue.RENAMED, filename="random.bin")
    assert got == digest(file_of(origin, "random.bin").content)


@pytest.mark.parametrize("status", [404, 501])
def test_first_version_of_reconstructions(origin, home, status):
    origin.cas_side.v2_status = status
    got = call(home, origin.url, "download", repo_id=MODEL, filename="scattered.bin")
    assert got == digest(file_of(origin, "scattered.bin").content)
    assert [r.status for r in origin.log.all("cas", path="/v1/reconstructions/")] == [200]


@pytest.mark.parametrize("multirange", ["0", "1"])
def test_scattered_file(origin, home, multirange):
    variables = {"HF_XET_CLIENT_ENABLE_MULTIRANGE_FETCHING": multirange}
    got = call(home, origin.url, "download", repo_id=MODEL, filename="scattered.bin", variables=variables)
    assert got == digest(file_of(origin, "scattered.bin").content)
    assert any("," in r.range for r in origin.log.all("cdn", path="/xorbs/")) == (multirange == "1")


def test_split_entries(origin, home):
    origin.cas_side.ranges_per_url = 1
    got = call(home, origin.url, "download", repo_id=MODEL, filename="scattered.bin")
    assert got == digest(file_of(origin, "scattered.bin").content)


def test_expired_urls_are_renewed(origin, home):
    origin.cas_side.url_uses = 0

    def usable_again(request, response):
        origin.cas_side.url_uses = None
        return response

    origin.cdn.script(usable_again)
    got = call(home, origin.url, "download", repo_id=MODEL, filename="random.bin")
    assert got == digest(file_of(origin, "random.bin").content)
    assert [r.status for r in origin.log.all("cdn")] == [403, 206]


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(503),
        faults.reset_after(100_000),
        faults.close_after(100_000),
        faults.body(lambda b: b"junk" * 999),
    ],
    ids=["503", "reset", "closed", "junk"],
)
def test_reference_survives_a_fault(origin, home, fault):
    entry = origin.cdn.script(fault)
    got = call(home, origin.url, "download", repo_id=MODEL, filename="random.bin")
    assert entry.uses == 1
    assert got == digest(file_of(origin, "random.bin").content)


def test_redirected_data(origin, home):
    origin.cdn.script(faults.redirected(origin.mirror.url), times=None)
    got = call(home, origin.url, "download", token=origin.alice, repo_id=MODEL, filename="random.bin")
    assert got == digest(file_of(origin, "random.bin").content)
    assert [r.status for r in origin.log.all("mirror")] == [206]


def test_signature_binds_the_range(origin):
    file = file_of(origin, "random.bin")
    token = origin.cas_side.issue_token(None, origin.repositories[("model", MODEL)])
    answer = fetch(origin.cas.url, f"/v2/reconstructions/{file.stored.hash}", token=token.value)
    (entry,) = answer.json()["xorbs"].values()
    target = entry[0]["url"].removeprefix(origin.cdn.url)
    span = entry[0]["ranges"][0]["bytes"]
    good = {"Range": f"bytes={span['start']}-{span['end']}"}
    assert fetch(origin.cdn.url, target, headers=good).status == 206
    for value in (f"bytes={span['start']}-{span['end'] - 1}", f"bytes={span['start']}-", "bytes=0-9"):
        assert fetch(origin.cdn.url, target, headers={"Range": value}).status == 403
    assert fetch(origin.cdn.url, target).status == 403
    assert fetch(origin.cdn.url, target[:-1] + ("0" if target[-1] != "0" else "1"), headers=good).status == 403
    origin.cas_side.expire_urls()
    assert fetch(origin.cdn.url, target, headers=good).status == 403


def test_reconstruction_of_a_range(origin):
    file = file_of(origin, "scattered.bin")
    token = origin.cas_side.issue_token(None, origin.repositories[("model", MODEL)])
    for start, end in (
        (0, 0),
        (1, 70_000),
        (999_990, 1_600_010),
        (2_000_000, 2_000_000),
        (file.size - 1, file.size + 9),
    ):
        headers = {"Range": f"bytes={start}-{end}"}
        answer = fetch(
            origin.cas.url, f"/v1/reconstructions/{file.stored.hash}", headers=headers, token=token.value
        ).json()
        covered = b"".join(
            origin.content_of_term(term["hash"], term["range"]["start"], term["range"]["end"])
            for term in answer["terms"]
        )
        assert sum(term["unpacked_length"] for term in answer["terms"]) == len(covered)
        offset = answer["offset_into_first_range"]
        assert covered[offset : offset + end + 1 - start] == file.content[start : end + 1]
    past = {"Range": f"bytes={file.size}-"}
    answer = fetch(origin.cas.url, f"/v1/reconstructions/{file.stored.hash}", headers=past, token=token.value)
    assert answer.status == 416


def test_tokens_run_out(origin):
    hash_ = file_of(origin, "random.bin").stored.hash
    origin.cas_side.token_uses = 1
    token = fetch(origin.url, path_target("api", "models", MODEL, "xet-read-token", "main")).json()["accessToken"]
    target = f"/v2/reconstructions/{hash_}"
    assert [fetch(origin.cas.url, target, token=token).status for _ in range(2)] == [200, 401]
    origin.cas_side.token_uses = None
    token = fetch(origin.url, path_target("api", "models", MODEL, "xet-read-token", "main")).json()["accessToken"]
    assert fetch(origin.cas.url, target, token=token).status == 200
    origin.cas_side.revoke_tokens()
    assert fetch(origin.cas.url, target, token=token).status == 401
    secret = file_of(origin, "random.bin", PRIVATE).stored.hash
    other = origin.cas_side.issue_token(None, origin.repositories[("model", MODEL)]).value
    assert fetch(origin.cas.url, f"/v2/reconstructions/{secret}", token=other).status == 404


def test_deliveries_look_as_scripted(origin):
    target = path_target(MODEL, "resolve", "main", "config.json")
    whole = file_of(origin, "config.json").content
    origin.hub.script(faults.close_after(5))
    assert not fetch(origin.url, target).complete
    origin.hub.script(faults.reset_after(5))
    cut = fetch(origin.url, target)
    assert not cut.complete and "Reset" in cut.error
    for framing in ("length", "chunked", "close"):
        origin.hub.script(faults.truncated(5, framing))
        short = fetch(origin.url, target)
        assert short.complete and short.body == whole[:5], framing
    origin.hub.script(faults.declared_length(lambda n: n + 7))
    assert not fetch(origin.url, target).complete
    origin.hub.script(faults.unframed("chunked"))
    assert fetch(origin.url, target).body == whole
    assert json.loads(fetch(origin.url, target).body) == json.loads(whole)


def test_held_answers_notice_a_client_that_leaves(origin):
    import threading

    from http_probe import open_exchange

    event = threading.Event()
    origin.hub.script(faults.hold(event, after=5))
    exchange = open_exchange(origin.url, path_target(MODEL, "resolve", "main", "config.json"))
    assert exchange.read_head()
    wait_until(lambda: origin.log.all("hub")[-1].bytes_sent == 5)
    assert origin.log.all("hub")[-1].state == "open"
    exchange.close()
    wait_until(lambda: origin.log.all("hub")[-1].state == "closed")
