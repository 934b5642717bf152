"""The judge of uploads is judged first: the official clients upload to the peer origin itself."""

import pytest

from catalogue import MODEL
from contents import digest, floats, noise, text
from http_probe import fetch
from official_clients import CLIENT, call, call_all
from xet_hashing import crc64_nvme, file_hash, uploaded_xorb

NEW = "alice/new"


def test_hashes_are_those_of_the_reference(origin):
    for name, xorb in origin.store.xorbs.items():
        layout = uploaded_xorb(xorb.data)
        assert layout.hash == name and layout.chunks == xorb.layout.chunks
    for name, stored in origin.store.files.items():
        terms = [(origin.store.xorbs[t.xorb].layout.chunks[t.start : t.end]) for t in stored.terms]
        assert name == file_hash([(c.hash, c.unpacked_length) for chunks in terms for c in chunks])
    assert crc64_nvme(b"123456789") == 0xAE8B14860A799888


@CLIENT
@pytest.mark.parametrize("source", ["path", "bytes", "stream"])
@pytest.mark.parametrize("xet", [True, False], ids=["xet", "plain"])
def test_files_come_back(origin, home, interpreter, source, xet):
    contents = {"new/big.bin": noise(700_000, "upload"), "small.json": b'{"a": 1}', "floats.bin": floats(150_000)}
    calls = [("create_repo", {"repo_id": NEW})]
    for at, (path, content) in enumerate(contents.items()):
        local = home / f"file{at}"
        local.write_bytes(content)
        calls.append(("upload_file", {"repo_id": NEW, "path": path, "local": str(local), "source": source}))
    calls.append(("snapshot", {"repo_id": NEW}))
    got = call_all(home, origin.url, calls, token=origin.alice, interpreter=interpreter, xet=xet)
    assert got[0]["id"] == NEW, got
    assert got[-1] == {path: digest(content) for path, content in contents.items()}, got
    files = origin.repositories[("model", NEW)].commits[origin.repositories[("model", NEW)].revisions["main"]]
    kind = "xet" if xet and source != "stream" else "lfs"
    assert {path: file.storage for path, file in files.items()} == {
        "new/big.bin": kind,
        "small.json": "regular",
        "floats.bin": kind,
    }


def test_grants(origin, home):
    origin.cas_side.uploads.offers_grants = True
    local = home / "file"
    local.write_bytes(noise(400_000, "granted"))
    got = call_all(
        home,
        origin.url,
        [
            ("upload_file", {"repo_id": MODEL, "path": "granted.bin", "local": str(local)}),
            ("download", {"repo_id": MODEL, "filename": "granted.bin"}),
        ],
        token=origin.alice,
    )
    assert got[1] == digest(local.read_bytes()), got
    assert [r.status for r in origin.log.all("cdn", "PUT")] == [200]
    assert not origin.log.all("cas", "POST", "/xorbs/")


@CLIENT
def test_folders_pull_requests_and_deletions(origin, home, interpreter):
    folder = home / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.bin").write_bytes(noise(200_000, "a"))
    (folder / "README.md").write_bytes(b"---\nlicense: mit\n---\n" + text(500))
    (folder / "empty.txt").write_bytes(b"")
    got = call_all(
        home,
        origin.url,
        [
            ("upload_folder", {"repo_id": MODEL, "folder": str(folder), "create_pr": True}),
            ("snapshot", {"repo_id": MODEL, "revision": "refs/pr/2"}),
            ("delete_file", {"repo_id": MODEL, "path": "random.bin"}),
            ("exists", {"repo_id": MODEL, "filename": "random.bin"}),
        ],
        token=origin.alice,
        interpreter=interpreter,
    )
    assert got[0].get("pull") == "refs/pr/2", got
    assert got[1]["sub/a.bin"] == digest(noise(200_000, "a")) and got[1]["empty.txt"]["size"] == 0, got
    assert got[3] == [True, False], got


@pytest.mark.parametrize("change", ["hash", "byte"])
def test_a_wrong_xorb_is_refused(origin, home, change):
    token = origin.cas_side.issue_token("alice", origin.repositories[("model", MODEL)], scope="write").value
    xorb = min(origin.store.xorbs.values(), key=lambda xorb: len(xorb.data))
    body = bytearray(xorb.data)
    name = "0123456789abcdef" * 4
    if change == "byte":
        # The reference store keeps this xorb, so its true name would be taken as known.
        origin.store.xorbs.pop(name := xorb.layout.hash)
        body[-1] ^= 1
    try:
        got = fetch(origin.cas.url, f"/v1/xorbs/default/{name}", "POST", token=token, body=bytes(body))
    finally:
        origin.store.xorbs[xorb.layout.hash] = xorb
    assert got.status == 400, got


def test_read_tokens_do_not_write(origin, home):
    token = origin.cas_side.issue_token("alice", origin.repositories[("model", MODEL)]).value
    assert fetch(origin.cas.url, "/v1/shards", "POST", token=token, body=b"").status == 403
    assert call(home, origin.url, "whoami", token=origin.alice) == {"name": "alice", "role": "write"}
