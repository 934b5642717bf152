"""Buckets and kernels through the proxy: the official clients never leave it, and plain clients get the bytes."""

import hashlib
import sys

import pytest

from catalogue import BUCKET, KERNEL, MODEL, OTHER, file_of, files_of
from contents import noise
from endpoint_calls import (
    PLAIN_CLIENT,
    XET_CLIENT,
    assert_addresses,
    assert_no_other_address,
    assert_refused,
    get_xorb,
    granted_spans,
    reconstruction,
)
from expectations import assert_right
from http_probe import fetch, path_target
from official_clients import call, call_all, client_environment, run_command_line
from xet_process import environment, run_xet

API = f"/api/buckets/{BUCKET}"


def bucket_files(origin):
    return files_of(origin, BUCKET, "bucket")


def sums(files):
    return {path: {"size": file.size, "sha256": file.sha256} for path, file in files.items()}


# The official client


def test_reading_a_bucket(endpoint, origin, home):
    files = bucket_files(origin)
    found = call_all(
        home,
        endpoint.url,
        [
            ("bucket_info", {"bucket": BUCKET}),
            ("buckets", {"owner": "acme", "search": "bucket"}),
            ("bucket_files", {"bucket": BUCKET}),
            ("bucket_files", {"bucket": BUCKET, "prefix": "folder", "recursive": False}),
            ("bucket_paths_info", {"bucket": BUCKET, "paths": ["random.bin", "is-not-there"]}),
            ("bucket_metadata", {"bucket": BUCKET, "path": "folder/with space #1%.bin"}),
            ("bucket_download", {"bucket": BUCKET, "paths": sorted(files), "folder": str(home / "out")}),
            ("bucket_info", {"bucket": "acme/none"}),
            ("bucket_metadata", {"bucket": BUCKET, "path": "is-not-there"}),
        ],
        token=origin.alice,
    )
    assert found[0] == {"id": BUCKET, "private": False, "files": len(files)}
    assert found[1] == [BUCKET]
    assert found[2] == {path: file.size for path, file in files.items()}
    assert set(found[3]) == {"folder/inner", "folder/with space #1%.bin"}
    assert found[4] == {"random.bin": files["random.bin"].size}
    awkward = files["folder/with space #1%.bin"]
    assert found[5] == {"size": awkward.size, "hash": awkward.stored.hash, "route": f"{endpoint.url}{API}/xet-read-token"}
    assert found[6] == sums(files)
    assert found[7]["error"] == "BucketNotFoundError", found[7]
    assert found[8]["error"] in ("EntryNotFoundError", "RemoteEntryNotFoundError"), found[8]


def test_pages_of_a_bucket(endpoint, origin, home):
    origin.hub_side.tree_page = 1
    found = call(home, endpoint.url, "bucket_files", origin.alice, bucket=BUCKET)
    assert set(found) == set(bucket_files(origin))
    assert call(home, endpoint.url, "buckets", origin.alice, owner="acme") == [BUCKET]


def test_writing_a_bucket(writable, origin, home):
    content = noise(300_000, "for a bucket")
    local = home / "local.bin"
    local.write_bytes(content)
    copied = file_of(origin, "random.bin", OTHER)
    found = call_all(
        home,
        writable.url,
        [
            ("bucket_create", {"bucket": "alice/mine"}),
            ("bucket_batch", {"bucket": "alice/mine", "add": [[str(local), "a/b c.bin"], [str(local), "gone.bin"]]}),
            ("bucket_batch", {"bucket": "alice/mine", "delete": ["gone.bin"]}),
            ("bucket_batch", {"bucket": "alice/mine", "copy": [["model", OTHER, copied.stored.hash, "copied.bin"]]}),
            ("bucket_files", {"bucket": "alice/mine"}),
            ("bucket_download", {"bucket": "alice/mine", "paths": ["a/b c.bin"], "folder": str(home / "out")}),
            ("bucket_batch", {"bucket": "alice/mine", "delete": ["is-not-there"]}),
        ],
        token=origin.alice,
    )
    assert found[0] == {"url": f"{writable.url}/buckets/alice/mine", "id": "alice/mine"}
    assert found[1:4] == [None, None, None], found
    assert found[4] == {"a/b c.bin": len(content), "copied.bin": copied.size}
    assert found[5] == {"a/b c.bin": {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}}
    assert "error" in found[6]
    assert call(home, writable.url, "bucket_delete", origin.alice, bucket="alice/mine") is None
    assert ("bucket", "alice/mine") not in origin.repositories


def test_the_command_line(writable, origin, home):
    """`hf buckets` and `hf download --repo-type kernel`."""
    env = client_environment(home, writable.url, origin.alice)

    def hf(*arguments):
        done = run_command_line(sys.executable, env, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    folder = home / "folder"
    folder.mkdir()
    (folder / "one.bin").write_bytes(noise(80_000, "one"))
    hf("buckets", "create", "alice/synced")
    hf("buckets", "sync", str(folder), "hf://buckets/alice/synced")
    assert "one.bin" in hf("buckets", "list", "alice/synced")
    hf("buckets", "sync", "hf://buckets/alice/synced", str(home / "back"))
    assert (home / "back" / "one.bin").read_bytes() == (folder / "one.bin").read_bytes()
    hf("buckets", "cp", f"hf://buckets/{BUCKET}/random.bin", str(home / "copy.bin"))
    assert (home / "copy.bin").read_bytes() == bucket_files(origin)["random.bin"].content
    hf("buckets", "settings", "alice/synced", "--private")
    assert origin.repositories[("bucket", "alice/synced")].visibility == "private"
    hf("buckets", "move", "alice/synced", "alice/moved")
    assert ("bucket", "alice/moved") in origin.repositories
    hf("buckets", "remove", "alice/moved/one.bin", "--yes")
    hf("buckets", "delete", "alice/moved", "--yes")
    assert ("bucket", "alice/moved") not in origin.repositories
    hf("download", KERNEL, "random.bin", "--repo-type", "kernel", "--local-dir", str(home / "kernel"))
    assert (home / "kernel" / "random.bin").read_bytes() == file_of(origin, "random.bin", KERNEL, "kernel").content


def test_kernels(endpoint, origin, home):
    files = files_of(origin, KERNEL, "kernel")
    found = call_all(
        home,
        endpoint.url,
        [
            ("snapshot", {"repo_id": KERNEL, "repo_type": "kernel"}),
            ("tree", {"repo_id": KERNEL, "repo_type": "kernel"}),
            ("metadata", {"repo_id": KERNEL, "filename": "random.bin", "repo_type": "kernel"}),
            ("refs", {"repo_id": KERNEL, "repo_type": "kernel"}),
        ],
        token=origin.alice,
    )
    assert found[0] == sums(files)
    assert {entry["path"] for entry in found[1] if not entry["folder"]} == set(files)
    route = found[2]["xet"]["route"]
    assert route.startswith(f"{endpoint.url}/api/kernels/{KERNEL}/xet-read-token/"), route
    assert found[3]["branches"] == ["main"]


# Plain clients


@pytest.mark.parametrize("path", sorted(("random.bin", "folder/inner/data.bin", "folder/with space #1%.bin")))
def test_plain_downloads_of_a_bucket(start_endpoint, origin, path):
    server = start_endpoint("--allow-anonymous")
    file = bucket_files(origin)[path]
    encoded = path_target("buckets", BUCKET, "resolve") + "/" + path_target(path)[1:].replace("/", "%2F")
    for target in (path_target("download", "buckets", BUCKET, path), encoded):
        assert_right(fetch(server.url, target, headers=PLAIN_CLIENT), file.content)
        got = fetch(server.url, target, headers={**PLAIN_CLIENT, "Range": "bytes=1000-1999"})
        assert got.status == 206 and got.body == file.content[1000:2000]
        head = fetch(server.url, target, "HEAD", PLAIN_CLIENT)
        assert head.status == 200 and head.header("Content-Length") == str(file.size)
        assert head.header("X-Xet-Hash") == file.stored.hash
    got = fetch(server.url, encoded, headers=XET_CLIENT)
    assert got.status == 302
    assert_addresses(got, server.url)
    assert_right(fetch(server.url, got.header("Location").removeprefix(server.url)), file.content)
    assert fetch(server.url, "/download/buckets/acme/none/x", headers=PLAIN_CLIENT).status in (401, 404)


def test_plain_downloads_of_a_kernel(proxy, origin):
    for path, file in files_of(origin, KERNEL, "kernel").items():
        assert_right(fetch(proxy.url, path_target("download", "kernels", KERNEL, path), token=origin.alice), file.content)
    file = file_of(origin, "random.bin", KERNEL, "kernel")
    got = fetch(proxy.url, f"/download-hash/{file.stored.hash}?repo={KERNEL}&repo_type=kernel", token=origin.alice)
    assert_right(got, file.content)
    file = bucket_files(origin)["random.bin"]
    got = fetch(proxy.url, f"/download-hash/{file.stored.hash}?repo=buckets/{BUCKET}", token=origin.alice)
    assert_right(got, file.content)


@pytest.mark.parametrize("scope", ["read", "write"])
def test_no_real_token_of_a_bucket_leaves(writable, origin, scope):
    got = fetch(writable.url, f"{API}/xet-{scope}-token", token=origin.alice)
    assert got.status == 200, got
    document = got.json()
    assert document["casUrl"] == writable.url == got.header("X-Xet-Cas-Url")
    assert document["accessToken"] == got.header("X-Xet-Access-Token")
    assert document["accessToken"] not in origin.cas_side.tokens
    assert_no_other_address(got, writable.url)
    file = bucket_files(origin)["random.bin"]
    answer = reconstruction(writable, file, document["accessToken"])
    assert answer.status == 200
    _, url, ranges = next(granted_spans(answer.json()))
    assert get_xorb(writable, url, ranges[:1]).status == 206


def test_what_is_a_write(endpoint, origin):
    for method, tail in (
        ("POST", ""),
        ("DELETE", ""),
        ("POST", "/batch"),
        ("PUT", "/settings"),
        ("GET", "/xet-write-token"),
    ):
        assert_refused(fetch(endpoint.url, API + tail, method, token=origin.alice, body=b"{}"), 405)
    assert not origin.log.all()
    body = b'{"paths": ["random.bin"]}'
    got = fetch(endpoint.url, f"{API}/paths-info", "POST", {"Content-Type": "application/json"}, body=body)
    assert [entry["path"] for entry in got.json()] == ["random.bin"]


def test_events(endpoint, origin):
    got = fetch(endpoint.url, f"{API}/events?since=2026-01-01T00:00:00Z", token=origin.alice)
    assert got.status == 200 and got.complete
    assert got.header("Content-Type") == "text/event-stream"
    assert got.body.startswith(b"event: ready\n") and got.body.endswith(b"\n\n")


@pytest.mark.parametrize("options", [["--deny", "buckets/*"], ["--allow", "models/*"], ["--deny", BUCKET]])
def test_lists(start_endpoint, origin, options):
    server = start_endpoint("--allow-writes", *options)
    for method, target in (
        ("GET", API),
        ("GET", f"{API}/tree"),
        ("GET", f"{API}/xet-read-token"),
        ("GET", f"{API}/events"),
        ("POST", f"{API}/batch"),
        ("POST", f"{API}/paths-info"),
        ("GET", f"/buckets/{BUCKET}/resolve/random.bin"),
        ("GET", f"/download/buckets/{BUCKET}/random.bin"),
        ("POST", "/api/buckets/me/bucket"),
    ):
        got = fetch(server.url, target, method, PLAIN_CLIENT, origin.alice, body=None if method == "GET" else b"{}")
        assert_refused(got, 403)
    assert not origin.log.all(), "asked upstream"
    got = fetch(server.url, "/api/buckets/acme", token=origin.alice)
    assert got.status == 200 and got.json() == []
    assert fetch(server.url, f"/api/models/{MODEL}", token=origin.alice).status == 200


# The program's own commands


def test_the_own_command_line(xet_binary, origin, home):
    env = environment(home, HF_ENDPOINT=origin.url, HF_TOKEN=origin.alice)
    for name, kind, repository in ((f"buckets/{BUCKET}", "bucket", BUCKET), (f"kernels/{KERNEL}", "kernel", KERNEL)):
        files = files_of(origin, repository, kind)
        listed = run_xet(xet_binary, "list", name, env=env)
        assert listed.returncode == 0, listed
        assert all(path.encode() in listed.stdout for path in files), listed
        for path, file in files.items():
            local = home / kind / path
            local.parent.mkdir(parents=True, exist_ok=True)
            got = run_xet(xet_binary, "download", name, path, "--output", str(local), env=env)
            assert got.returncode == 0, got
            assert local.read_bytes() == file.content


def test_tokens_of_kinds_that_nobody_knows(writable, origin):
    """A token that was passed on as it is would lead clients past the proxy."""
    for target in ("/api/things/acme/x/xet-read-token/main", "/api/things/acme/x/XET-Write-Token"):
        assert fetch(writable.url, target, token=origin.alice).status == 404
    assert not origin.log.all(), "asked upstream"
