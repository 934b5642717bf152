"""`xet upload`: what comes to the Hub, what is sent for it, and what a failure leaves."""

import json
import os
import secrets
import signal
import threading

import pytest

import faults
from catalogue import BUCKET, DATA, MODEL, file_of, files_of
from command_line import assert_done, assert_failed
from contents import digest, floats, noise, text
from http_peer import wait_until
from official_clients import call

NEW = "alice/new"


@pytest.fixture
def upload(xet, origin):
    """Runs `xet upload` as alice, who may write."""

    def run(*arguments, token=None, **more):
        return xet("upload", *arguments, token=token or origin.alice, **more)

    run.folder = xet.folder
    return run


def write(folder, **contents):
    """Writes files below a folder; `__` in a name stands for a slash, a last `_` for the dot before its extension."""
    for name, content in contents.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def contents(origin, repository=NEW, type="model", revision="main"):
    return {path: bytes(file.content) for path, file in files_of(origin, repository, type, revision).items()}


def sent(origin):
    """Bytes of xorbs that were sent to the CAS, or where it granted."""
    bodies = [r for r in origin.log.all("cas", "POST") if "/xorbs/" in r.path and len(r.body) > 0]
    bodies += [r for r in origin.log.all("cdn", "PUT") if r.path.startswith("/grants/")]
    return sum(len(request.body) for request in bodies)


def ends(finished):
    return json.loads(finished.stdout.splitlines()[-1])


FOLDER = {
    "weights_bin": noise(900_000, "weights"),
    "sub__floats_bin": floats(200_000),
    "sub__config_json": b'{"a": 1}',
    "prose_txt": text(120_000),
    "empty_txt": b"",
    "empty_bin": b"",
}


def named(files):
    return {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}


@pytest.mark.parametrize("grants", [False, True], ids=["direct", "grants"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_folder_comes_back(upload, origin, home, grants, version):
    """Every file is there, whole, and as the official client reads it; in one commit."""
    origin.cas_side.uploads.offers_grants = grants
    origin.cas_side.uploads.v2_status = 404 if version == "v1" else None
    write(upload.folder / "model", **FOLDER)
    (upload.folder / "model" / "ünïcödé #1 %41.bin").write_bytes(noise(70_000, "name"))
    wanted = named(FOLDER) | {"ünïcödé #1 %41.bin": noise(70_000, "name")}
    finished = upload(NEW, "model", "--create", "--message", "First")
    assert_done(finished)
    assert contents(origin) == wanted
    assert finished.stdout.decode().startswith(f"{origin.url}/{NEW}/commit/")
    kinds = {path: file.storage for path, file in files_of(origin, NEW).items()}
    large = {"weights.bin", "sub/floats.bin", "prose.txt", "ünïcödé #1 %41.bin"}
    assert kinds == {path: "xet" if path in large else "regular" for path in wanted}
    assert len(origin.log.all("hub", "POST", f"/api/models/{NEW}/commit/main")) == 1
    back = call(home, origin.url, "snapshot", repo_id=NEW, token=origin.alice)
    assert back == {path: digest(content) for path, content in wanted.items()}
    puts = origin.log.all("cdn", "PUT")
    assert bool(puts) == grants
    assert all(request.authorization is None for request in puts)


def test_a_second_run_sends_nothing(upload, origin):
    write(upload.folder / "model", **FOLDER)
    assert_done(upload(NEW, "model", "--create"))
    origin.log.clear()
    finished = upload(NEW, "model", "--json")
    assert_done(finished)
    assert sent(origin) == 0
    assert not origin.log.all("hub", "POST", f"/api/models/{NEW}/commit/main")
    assert ends(finished)["uploadedFiles"] == 0 and ends(finished)["newBytes"] == 0
    states = {json.loads(line)["state"] for line in finished.stdout.splitlines()[:-1]}
    assert states == {"unchanged"}


def test_an_update_costs_what_is_new(upload, origin):
    """Found in the records of the upload before; without them the CAS is asked, whether or not it hides its hashes."""
    content = bytearray(noise(6_000_000, "update"))
    write(upload.folder, weights_bin=bytes(content))
    assert_done(upload(NEW, "weights.bin", "--create"))
    for number, (key, records) in enumerate([(None, True), (None, False), (secrets.token_bytes(32), False)]):
        content[2_000_000 + number] ^= 0xFF
        write(upload.folder, weights_bin=bytes(content))
        origin.cas_side.uploads.answers_questions = not records
        origin.cas_side.uploads.dedup_key = key
        origin.log.clear()
        cache = {} if records else {"XDG_CACHE_HOME": str(upload.folder / f"cache{number}")}
        assert_done(upload(NEW, "weights.bin", **cache))
        assert contents(origin)["weights.bin"] == content
        assert 0 < sent(origin) < 400_000, sent(origin)
        questions = origin.log.all("cas", "GET")
        assert len(questions) <= 10
        assert bool(questions) == (not records) or records


def test_chunks_of_other_files_are_found(upload, origin):
    """What is in another repository's xorbs is referred to, if the CAS tells."""
    origin.cas_side.uploads.answers_questions = True
    write(upload.folder, same_bin=bytes(file_of(origin, "large.bin").content))
    assert_done(upload(NEW, "same.bin", "--create"))
    assert contents(origin)["same.bin"] == file_of(origin, "large.bin").content
    assert sent(origin) == 0


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 501])
def test_a_question_without_an_answer_costs_bytes_only(upload, origin, status):
    origin.cas.script(faults.status(status), times=1000, when=lambda request: "/chunks/" in request.path)
    write(upload.folder, a_bin=noise(300_000, "question"))
    assert_done(upload(NEW, "a.bin", "--create"))
    assert contents(origin) == {"a.bin": noise(300_000, "question")}


def test_answers_that_are_no_shards(upload, origin):
    origin.cas_side.uploads.answers_questions = True
    shard = bytes(file_of(origin, "large.bin").content)
    write(upload.folder, same_bin=shard)
    for change in (faults.body(lambda data: b"{}"), faults.body(lambda data: data[:-200]), faults.flipped(60)):
        origin.cas.script(change, when=lambda request: "/chunks/" in request.path)
    finished = upload(NEW, "same.bin", "--create")
    assert_done(finished)
    assert contents(origin)["same.bin"] == shard


@pytest.mark.parametrize("options, path", [
    ((), "a.bin"),
    (("--to", "weights/b.bin"), "weights/b.bin"),
    (("--to", "weights/"), "weights/a.bin"),
])
def test_where_a_file_goes(upload, origin, options, path):
    write(upload.folder, a_bin=noise(80_000, "to"))
    assert_done(upload(NEW, "a.bin", "--create", *options))
    assert set(contents(origin)) == {path}


def test_several_files_and_folders(upload, origin):
    write(upload.folder, a_bin=noise(80_000, "a"), one__b_bin=noise(90_000, "b"), two__b_bin=noise(70_000, "c"))
    assert_done(upload(NEW, "a.bin", "one", "two/", "--create", "--to", "all"))
    assert set(contents(origin)) == {"all/a.bin", "all/one/b.bin", "all/two/b.bin"}


def test_addresses_name_path_and_revision(upload, origin):
    write(upload.folder, a_bin=noise(80_000, "hf"))
    assert_done(upload(f"hf://datasets/{DATA}@main/deep/a.bin", "a.bin"))
    assert contents(origin, DATA, "dataset")["deep/a.bin"] == noise(80_000, "hf")


def test_patterns(upload, origin):
    write(upload.folder / "f", a_bin=b"1" * 10, b_txt=b"2", sub__a_bin=b"3", sub__c_txt=b"4")
    assert_done(upload(NEW, "f", "--create", "--include", "*.bin", "--include", "sub/*", "--exclude", "sub/c*"))
    assert set(contents(origin)) == {"a.bin", "sub/a.bin"}
    assert_done(upload(NEW, "f", "--exclude", "*.bin", "--delete", "*.bin"))
    assert set(contents(origin)) == {"b.txt", "sub/c.txt"}
    assert_done(upload(NEW, "f", "--include", "b.txt", "--delete", "*.txt", "--dry-run"))
    assert set(contents(origin)) == {"b.txt", "sub/c.txt"}
    assert_done(upload(NEW, "f/sub", "--to", "sub", "--include", "a.bin", "--delete", "*"))
    assert set(contents(origin)) == {"b.txt", "sub/a.bin"}, "only below --to"


def test_what_is_left_out(upload, origin):
    """What programs keep beside files; links to folders, since nothing is to come twice; not links to files."""
    folder = upload.folder / "f"
    write(folder, real_bin=noise(60_000, "link"), _git__config=b"x", _cache__huggingface__x=b"x", _cache__xet__files=b"x")
    write(folder, _gitattributes=b"*.bin filter=lfs\n", _cache__other=b"y")
    write(upload.folder, elsewhere__b_bin=noise(70_000, "elsewhere"))
    (folder / "link.bin").symlink_to("../elsewhere/b.bin")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")
    finished = upload(NEW, "f", "--create")
    assert_done(finished)
    assert set(contents(origin)) == {"real.bin", "link.bin", ".gitattributes", ".cache/other"}
    assert contents(origin)["link.bin"] == noise(70_000, "elsewhere")
    assert b"loop" in finished.stderr and b"pipe" in finished.stderr
    (folder / "broken").symlink_to("nothing")
    assert_failed(upload(NEW, "f"), "broken", "leads to nothing")


@pytest.mark.parametrize("size", [0, 5, 700_000, 20_000_000])
def test_standard_input(upload, origin, size):
    content = noise(size, "input")
    reading, writing = os.pipe()
    feeder = threading.Thread(target=lambda: (os.fdopen(writing, "wb").write(content)))
    feeder.start()
    finished = upload(NEW, "-", "--to", "piped.bin", "--create", stdin=reading)
    os.close(reading)
    feeder.join()
    assert_done(finished)
    assert contents(origin) == {"piped.bin": content}


def test_pull_request(upload, origin):
    before = contents(origin, MODEL)
    write(upload.folder, pr_bin=noise(90_000, "pr"))
    finished = upload(MODEL, "pr.bin", "--create-pr", "--json")
    assert_done(finished)
    assert ends(finished)["pullRequestUrl"] == f"{origin.url}/{MODEL}/discussions/2"
    assert contents(origin, MODEL) == before
    assert contents(origin, MODEL, revision="refs/pr/2") == before | {"pr.bin": noise(90_000, "pr")}


def test_bucket(upload, origin):
    before = set(files_of(origin, BUCKET, "bucket"))
    write(upload.folder / "f", a_bin=noise(300_000, "bucket"), sub__b_txt=b"text")
    assert_done(upload(f"buckets/{BUCKET}", "f", "--to", "new"))
    found = contents(origin, BUCKET, "bucket")
    assert found["new/a.bin"] == noise(300_000, "bucket") and found["new/sub/b.txt"] == b"text"
    assert set(found) == before | {"new/a.bin", "new/sub/b.txt"}
    origin.log.clear()
    assert_done(upload(f"buckets/{BUCKET}", "f", "--to", "new"))
    assert not [request for request in origin.log.all("hub", "POST") if request.path.endswith("/batch")]
    assert_done(upload(f"buckets/{BUCKET}", "f/a.bin", "--to", "new/", "--delete", "sub/*"))
    assert "new/sub/b.txt" not in contents(origin, BUCKET, "bucket")


def test_a_new_bucket(upload, origin):
    write(upload.folder, a_bin=noise(100_000, "bucket"))
    assert_done(upload("buckets/alice/store", "a.bin", "--create", "--private"))
    assert origin.repositories[("bucket", "alice/store")].visibility == "private"
    assert contents(origin, "alice/store", "bucket") == {"a.bin": noise(100_000, "bucket")}


@pytest.mark.parametrize("transfers", [("basic",), ("multipart", "basic")], ids=["basic", "multipart"])
@pytest.mark.parametrize("status", [404, 501])
def test_a_hub_without_xet(upload, origin, transfers, status):
    origin.hub.script(faults.status(status), times=1000, when=lambda request: "xet-write-token" in request.path)
    origin.hub_side.writes.transfers = transfers
    write(upload.folder / "f", a_bin=noise(700_000, "lfs"), b_bin=noise(60_000, "lfs"), same_bin=noise(60_000, "lfs"))
    finished = upload(NEW, "f", "--create")
    assert_done(finished)
    wanted = {"a.bin": noise(700_000, "lfs"), "b.bin": noise(60_000, "lfs"), "same.bin": noise(60_000, "lfs")}
    assert contents(origin) == wanted
    assert {file.storage for file in files_of(origin, NEW).values()} == {"lfs"}
    parts = [request for request in origin.log.all("cdn", "PUT") if "part" in request.query]
    assert len(parts) == (7 if len(transfers) == 2 else 0)
    origin.log.clear()
    assert_done(upload(NEW, "f"))
    assert not origin.log.all("cdn", "PUT") and not origin.log.all("hub", "POST", f"/api/models/{NEW}/commit/main")


def test_dry_run(upload, origin):
    write(upload.folder / "f", a_bin=noise(500_000, "dry"), b_txt=b"text")
    write(upload.folder, c_bin=bytes(file_of(origin, "random.bin").content))
    origin.cas_side.uploads.answers_questions = True
    before = contents(origin, MODEL)
    finished = upload(MODEL, "f", "c.bin", "--dry-run", "--json")
    assert_done(finished)
    assert ends(finished)["newBytes"] == 500_004 and ends(finished)["sentBytes"] == 0
    assert ends(finished)["uploadedFiles"] == 3
    assert contents(origin, MODEL) == before
    assert sent(origin) == 0 and not [r for r in origin.log.all("cas", "POST") if "shards" in r.path]


def test_who_may_not(upload, origin):
    write(upload.folder, a_bin=noise(80_000, "bob"))
    finished = upload(MODEL, "a.bin", token=origin.bob)
    assert_failed(finished, "bob may not write")
    assert finished.returncode == 4
    finished = upload("alice/none", "a.bin")
    assert_failed(finished, "--create")
    assert finished.returncode == 3


@pytest.mark.parametrize("arguments, words", [
    ((MODEL,), ("expected",)),
    ((MODEL, "-"), ("--to",)),
    ((MODEL, "a", "--private"), ("--create",)),
    (("no repository", "a"), ("no repository",)),
    ((f"buckets/{BUCKET}", "a", "--message", "x"), ("bucket",)),
    ((MODEL, "a", "--to", "../x"), ("no path",)),
])
def test_usage(upload, arguments, words):
    finished = upload(*arguments)
    assert_failed(finished, *words)
    assert finished.returncode == 2


def test_local_faults(upload, origin):
    (upload.folder / "empty").mkdir()
    (upload.folder / "one").mkdir()
    (upload.folder / "one" / "a").write_bytes(b"1")
    (upload.folder / "a").write_bytes(b"2")
    os.mkfifo(upload.folder / "pipe")
    assert_failed(upload(MODEL, "missing"), "missing")
    assert_failed(upload(MODEL, "empty"), "no file to upload")
    assert_failed(upload(MODEL, "a", "one", "--to", "one", "one"), "two files")
    assert_failed(upload(MODEL, "pipe"), "pipe")
    assert not origin.log.all("hub", "POST")


@pytest.mark.parametrize("where", ["xorb", "grant", "put", "commit of a grant", "shard", "frames", "preupload", "token"])
def test_servers_that_fail_for_a_while(upload, origin, where):
    origin.cas_side.uploads.offers_grants = where in ("grant", "put", "commit of a grant")
    server, path, fault = {
        "xorb": (origin.cas, "/xorbs/", faults.status(503)),
        "grant": (origin.cas, "/xorb-grants/", faults.status(500)),
        "put": (origin.cdn, "/grants/", faults.status(403)),
        "commit of a grant": (origin.cas, "/xorb-commits/", faults.status(404)),
        "shard": (origin.cas, "/shards", faults.status(502)),
        "frames": (origin.cas, "/v2/shards", faults.body(lambda _: b'{"type":"error","message":"x","retryable":true}')),
        "preupload": (origin.hub, "/preupload/", faults.status(429, [("Retry-After", "1")])),
        "token": (origin.hub, "/xet-write-token/", faults.status(503)),
    }[where]
    server.script(fault, times=2, when=lambda request: path in request.path)
    write(upload.folder, a_bin=noise(300_000, "fail"))
    assert_done(upload(NEW, "a.bin", "--create"))
    assert contents(origin) == {"a.bin": noise(300_000, "fail")}


def test_listings_are_asked_for_again(upload, origin):
    origin.hub.script(faults.status(429, [("Retry-After", "1")]), times=2, when=lambda request: "/tree" in request.path)
    write(upload.folder, a_bin=noise(80_000, "list"))
    assert_done(upload(MODEL, "a.bin", "--to", "deep/", "--delete", "*"))
    assert_done(upload(f"buckets/{BUCKET}", "a.bin"))
    assert contents(origin, BUCKET, "bucket")["a.bin"] == noise(80_000, "list")


@pytest.mark.parametrize("fault, words", [
    (faults.status(400), ("400",)),
    (faults.body(lambda _: b'{"type":"error","message":"bad proofs"}'), ("bad proofs",)),
    (faults.body(lambda _: b'{"type":"validating","verified":0,"total":1}\n'), ("did not say",)),
    (faults.body(lambda _: b"<html>\n"), ("no json",)),
])
def test_a_shard_that_is_refused_ends_it_without_a_commit(upload, origin, fault, words):
    origin.cas.script(fault, times=1000, when=lambda request: "/v2/shards" in request.path)
    write(upload.folder, a_bin=noise(300_000, "refused"))
    finished = upload(MODEL, "a.bin")
    assert_failed(finished, *words)
    assert finished.returncode == 5
    assert "a.bin" not in files_of(origin)


def test_a_commit_is_made_once(upload, origin):
    """Nobody knows what became of one whose answer is lost; the next run finds out."""
    write(upload.folder, a_bin=noise(300_000, "commit"))
    origin.hub.script(faults.close_after(-1), when=lambda request: "/commit/" in request.path)
    finished = upload(MODEL, "a.bin")
    assert_failed(finished, "not known", "again")
    assert finished.returncode == 5
    assert len(origin.log.all("hub", "POST", f"/api/models/{MODEL}/commit/main")) == 1
    assert_done(upload(MODEL, "a.bin"))
    assert len(origin.log.all("hub", "POST", f"/api/models/{MODEL}/commit/main")) == 1


def test_a_cas_that_has_forgotten(upload, origin):
    """What the records say is there no more: the shard is refused, and everything is sent."""
    content = noise(2_000_000, "forgotten")
    write(upload.folder, a_bin=content)
    assert_done(upload(NEW, "a.bin", "--create"))
    origin.store.forget_uploads()
    write(upload.folder, a_bin=content + b"more")
    assert_done(upload(MODEL, "a.bin"))
    assert files_of(origin)["a.bin"].content == content + b"more"


def test_what_changes_meanwhile_is_not_committed(upload, origin, xet):
    write(upload.folder, a_bin=noise(300_000, "before"), b_bin=noise(300_000, "b"))
    gate = threading.Event()
    origin.hub.script(faults.hold(gate, after=-1), when=lambda request: "/preupload/" in request.path)
    process = xet.start("upload", MODEL, "a.bin", "b.bin", token=origin.alice)
    wait_until(lambda: [r for r in origin.log.all("hub") if "/preupload/" in r.path])
    write(upload.folder, a_bin=noise(300_001, "after"))
    gate.set()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and b"changed" in errors, errors
    assert "a.bin" not in files_of(origin) and "b.bin" not in files_of(origin)


def test_interrupted_and_run_again(upload, origin, xet):
    """What was sent is not sent again, though no shard has told of it."""
    content = noise(80_000_000, "long")
    write(upload.folder, a_bin=content)
    gate = threading.Event()
    seen = []

    def third(request):
        if "/xorbs/" not in request.path:
            return False
        seen.append(request.path)
        return len(seen) >= 3

    origin.cas.script(faults.hold(gate, after=-1), times=1000, when=third)
    process = xet.start("upload", MODEL, "a.bin", token=origin.alice)
    wait_until(lambda: len(seen) >= 3, deadline=50)
    records = xet.folder.parent / "home" / ".cache" / "xet" / "uploads"
    wait_until(lambda: len(list(records.rglob("*.mdb"))) >= 2, deadline=50)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and b"run the same command again" in errors, errors
    gate.set()
    origin.cas.clear_script()
    assert "a.bin" not in files_of(origin)
    # Xorbs are sent beside each other: which of them was held is not known before.
    kept = {path.stem for path in records.rglob("*.mdb")}
    xorbs = {r.path.rpartition("/")[2]: len(r.body) for r in origin.log.all("cas", "POST") if "/xorbs/" in r.path}
    assert len(kept) >= 2 and kept < set(xorbs)
    origin.log.clear()
    assert_done(upload(MODEL, "a.bin"))
    assert files_of(origin)["a.bin"].content == content
    assert not kept & {r.path.rpartition("/")[2] for r in origin.log.all("cas", "POST") if "/xorbs/" in r.path}
    assert sent(origin) <= sum(xorbs.values()) - sum(xorbs[name] for name in kept) + 50_000


def test_many_files_in_several_commits(upload, origin):
    folder = upload.folder / "f"
    folder.mkdir()
    for number in range(700):
        (folder / f"{number}.txt").write_bytes(b"%d" % number)
    finished = upload(NEW, "f", "--create", "--files-per-commit", "300")
    assert_done(finished)
    assert len(contents(origin)) == 700
    bodies = [r.body for r in origin.log.all("hub", "POST", f"/api/models/{NEW}/commit/main")]
    summaries = [json.loads(body.splitlines()[0])["value"]["summary"] for body in bodies]
    assert [summary.rpartition("(")[2] for summary in summaries] == ["part 1 of 3)", "part 2 of 3)", "part 3 of 3)"]
    asked = [len(json.loads(r.body)["files"]) for r in origin.log.all("hub", "POST") if "/preupload/" in r.path]
    assert sum(asked) == 700 and max(asked) <= 256


def test_through_the_proxy(upload, origin, writable):
    """A closed network has one address; what is written through it is what was there."""
    origin.cas_side.uploads.offers_grants = True
    write(upload.folder, a_bin=noise(900_000, "proxy"))
    assert_done(upload(NEW, "a.bin", "--create", HF_ENDPOINT=writable.url))
    assert contents(origin) == {"a.bin": noise(900_000, "proxy")}
