"""Git and Git LFS through the proxy, with the real programs; what reads and what writes."""

import gzip
import json
import shutil
import subprocess
import threading

import pytest

import faults
from catalogue import DATA, LEGACY, MODEL, OTHER, PRIVATE, RENAMED, SPACE, files_of
from contents import noise
from endpoint_calls import PREFIXES, assert_no_other_address, assert_refused
from http_peer import wait_until
from http_probe import fetch
from peer_git import pointer
from xet_process import environment

LFS_JSON = "application/vnd.git-lfs+json"
LFS_HEADERS = {"Accept": LFS_JSON, "Content-Type": LFS_JSON}


@pytest.fixture
def git(home):
    """Runs `git` as somebody who has never used it before, and who installed Git LFS."""
    assert shutil.which("git-lfs"), "git-lfs is not installed: scripts/setup.sh clients"
    env = environment(
        home,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_TERMINAL_PROMPT="0",
        GIT_LFS_SKIP_SMUDGE="1",
        GIT_AUTHOR_NAME="somebody",
        GIT_AUTHOR_EMAIL="somebody@example.invalid",
        GIT_COMMITTER_NAME="somebody",
        GIT_COMMITTER_EMAIL="somebody@example.invalid",
    )

    def run(*arguments, folder=home, fails=False, **variables):
        done = subprocess.run(
            ["git", *map(str, arguments)],
            cwd=folder,
            env={**env, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert (done.returncode != 0) == fails, f"git {arguments}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr if fails else done.stdout

    run("lfs", "install", "--skip-repo")
    return run


def url_of(server, repository, kind="model", token=None):
    credentials = f"somebody:{token}@" if token else ""
    return server.url.replace("://", f"://{credentials}") + f"/{PREFIXES[kind]}{repository}"


def assert_cloned(folder, files):
    for name, file in files.items():
        content = file.content if file.storage == "regular" else pointer(file)
        assert (folder / name).read_bytes() == content, name


@pytest.mark.parametrize("suffix", ["", ".git"])
@pytest.mark.parametrize("kind, repository", [("model", OTHER), ("dataset", DATA), ("space", SPACE), ("model", LEGACY)])
def test_clone(endpoint, origin, home, git, kind, repository, suffix):
    url = url_of(endpoint, repository, kind) + suffix
    files = files_of(origin, repository, kind)
    heads = git("ls-remote", url).split()
    assert heads[1::2] == ["HEAD", "refs/heads/main"]
    git("clone", url, "cloned")
    assert_cloned(home / "cloned", files)
    origin.log.clear()
    git("lfs", "pull", folder=home / "cloned")
    for name, file in files.items():
        assert (home / "cloned" / name).read_bytes() == file.content, name
    assert {request.server for request in origin.log.all()} == {"hub", "cdn"}


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_versions_of_the_protocol(endpoint, origin, home, git, version):
    git("-c", f"protocol.version={version}", "clone", url_of(endpoint, OTHER), "cloned")
    assert_cloned(home / "cloned", files_of(origin, OTHER))
    sent = {request.headers.get("git-protocol") for request in origin.log.all("hub")}
    assert sent == ({None} if version == "0" else {f"version={version}"})


def test_private_repositories(endpoint, origin, home, git):
    url = url_of(endpoint, PRIVATE, token=origin.alice)
    git("clone", url, "cloned")
    git("lfs", "pull", folder=home / "cloned")
    for name, file in files_of(origin, PRIVATE).items():
        assert (home / "cloned" / name).read_bytes() == file.content, name
    assert [r for r in origin.log.all("hub") if (r.authorization or "").startswith("Basic ")]
    git("clone", url_of(endpoint, PRIVATE), "none", fails=True)
    git("clone", url_of(endpoint, PRIVATE, token=origin.bob), "none", fails=True)


def test_a_new_name(endpoint, origin, home, git):
    origin.rename("acme/former", OTHER)
    git("clone", url_of(endpoint, "acme/former"), "cloned")
    assert_cloned(home / "cloned", files_of(origin, OTHER))
    assert RENAMED != "acme/former"


def test_fetch_of_what_is_missing(endpoint, origin, home, git):
    """A second request says in a packed body what is there already."""
    git("clone", url_of(endpoint, OTHER), "cloned")
    peer = origin.repositories[("model", OTHER)]
    stream = b"".join(
        b"commit refs/heads/branch-%d\ncommitter a <a@b> 1772533231 +0000\ndata 1\nx\n"
        b"M 100644 inline file-%d\ndata 4\nmore\n\n" % (n, n)
        for n in range(300)
    )
    origin.hub_side.git.run(peer, "fast-import", "--quiet", input=stream)
    git("fetch", folder=home / "cloned")
    assert len(git("branch", "-r", folder=home / "cloned").split()) >= 300
    assert [r for r in origin.log.all("hub") if r.headers.get("content-encoding") == "gzip"], "a packed body"


# Writes


def test_push(writable, endpoint, origin, home, git):
    content = noise(200_000, "pushed")
    git("clone", url_of(writable, OTHER, token=origin.alice), "cloned")
    folder = home / "cloned"
    (folder / "new.txt").write_text("new\n")
    (folder / "new.bin").write_bytes(content)
    git("add", ".", folder=folder)
    git("commit", "-qm", "more", folder=folder)
    git("remote", "set-url", "origin", url_of(endpoint, OTHER, token=origin.alice), folder=folder)
    said = git("push", "--no-verify", "origin", "main", folder=folder, fails=True)
    assert "405" in said, said
    git("lfs", "push", "origin", "main", folder=folder, fails=True)
    git("remote", "set-url", "origin", url_of(writable, OTHER, token=origin.alice), folder=folder)
    git("push", "origin", "main", folder=folder)
    pushed = origin.hub_side.git.run(origin.repositories[("model", OTHER)], "show", "main:new.txt")
    assert pushed == b"new\n"
    assert content in origin.hub_side.writes.objects.values()


def test_what_is_a_write(endpoint, origin):
    base = f"/{OTHER}.git"
    batch = f"{base}/info/lfs/objects/batch"
    assert_refused(fetch(endpoint.url, f"{base}/info/refs?service=git-receive-pack"), 405)
    assert_refused(fetch(endpoint.url, f"{base}/git-receive-pack", "POST", body=b"0000"), 405)
    assert_refused(fetch(endpoint.url, f"{base}/info/lfs/objects/verify", "POST", LFS_HEADERS, body=b"{}"), 405)
    assert_refused(fetch(endpoint.url, f"{base}/info/lfs/locks", "POST", LFS_HEADERS, body=b"{}"), 405)
    upload = json.dumps({"operation": "upload", "objects": []}).encode()
    assert_refused(fetch(endpoint.url, batch, "POST", LFS_HEADERS, origin.alice, body=upload), 405)
    assert not origin.log.all(), "asked upstream"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"operation": "delete"}',
        b'{"operation": "Download"}',
        b'{"operation": ["download"]}',
        b'{"operation": "download", "operation": "upload"}',
        b'{"operation": "upload", "operation": "download"}',
        b'{"operation": "download", "\\u006fperation": "upload"}',
        b'{"operation": "download"} {"operation": "upload"}',
        b'{"objects": [{"operation": "download"}]}',
        gzip.compress(b'{"operation": "upload"}'),
    ],
)
def test_batches_that_do_not_say_that_they_read(endpoint, origin, body):
    got = fetch(endpoint.url, f"/{OTHER}.git/info/lfs/objects/batch", "POST", LFS_HEADERS, origin.alice, body=body)
    assert_refused(got, 405)
    assert not origin.log.all(), "asked upstream"


def test_a_batch_is_bounded(endpoint, origin):
    body = b'{"operation": "download", "x": "' + b"x" * (3 << 20) + b'"}'
    got = fetch(endpoint.url, f"/{OTHER}.git/info/lfs/objects/batch", "POST", LFS_HEADERS, body=body)
    assert got.status == 413, got
    assert not origin.log.all(), "asked upstream"


@pytest.mark.parametrize(
    "query", ["", "?service=git-upload-archive", "?service=git-upload-pack&service=git-receive-pack", "?x=1"]
)
def test_other_protocols(writable, origin, query):
    assert_refused(fetch(writable.url, f"/{OTHER}/info/refs{query}"), 403)
    assert fetch(writable.url, f"/{OTHER}/objects/info/packs").status == 404
    assert not origin.log.all(), "asked upstream"


def test_addresses_of_a_batch(endpoint, origin):
    """Every address leads back, those of the Hub and those elsewhere; what is missing is said as it was."""
    (file,) = [file for name, file in files_of(origin, OTHER).items() if name.endswith("lfs.bin")]
    wanted = [{"oid": file.sha256, "size": file.size}, {"oid": "0" * 64, "size": 1}]
    body = json.dumps({"operation": "download", "transfers": ["basic"], "objects": wanted}).encode()
    got = fetch(endpoint.url, f"/{OTHER}.git/info/lfs/objects/batch", "POST", LFS_HEADERS, body=body)
    assert got.status == 200, got
    assert_no_other_address(got, endpoint.url)
    there, missing = got.json()["objects"]
    assert missing["error"]["code"] == 404
    target = there["actions"]["download"]["href"].removeprefix(endpoint.url)
    assert fetch(endpoint.url, target, token=origin.alice).body == file.content
    part = fetch(endpoint.url, target, headers={"Range": "bytes=100-199"})
    assert part.status == 206 and part.body == file.content[100:200]
    assert "private" in got.header("Cache-Control")


def test_lists(start_endpoint, origin, home, git):
    server = start_endpoint("--allow-writes", "--deny", OTHER)
    for suffix in ("", ".git"):
        said = git("clone", url_of(server, OTHER) + suffix, "none", fails=True)
        assert "403" in said, said
    for method, tail in (("POST", "git-upload-pack"), ("POST", "git-receive-pack"), ("POST", "info/lfs/objects/batch")):
        for name in (OTHER, OTHER.upper()):
            body = b'{"operation": "download"}'
            assert_refused(fetch(server.url, f"/{name}.git/{tail}", method, LFS_HEADERS, origin.alice, body=body), 403)
    assert not origin.log.all(), "asked upstream"
    server = start_endpoint("--allow", OTHER)
    git("clone", url_of(server, OTHER) + ".git", "cloned")
    git("lfs", "pull", folder=home / "cloned")
    assert_refused(fetch(server.url, f"/{MODEL}/info/refs?service=git-upload-pack"), 403)


def test_limits(start_endpoint, origin, home, git):
    """A clone is a download like any other for the limits of them."""
    release = threading.Event()
    server = start_endpoint("--max-downloads", "1")
    origin.hub.script(faults.hold(release, after=10), when=lambda r: r.path.endswith("git-upload-pack"))
    target = f"/{OTHER}.git/git-upload-pack"
    # What a client of version 2 asks for first.
    body = b"0014command=ls-refs\n0000"
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}
    first = threading.Thread(target=fetch, args=(server.url, target, "POST", headers), kwargs={"body": body})
    first.start()
    try:
        wait_until(lambda: origin.open_requests("hub"))
        assert_refused(fetch(server.url, target, "POST", headers, body=body), 503)
    finally:
        release.set()
        first.join()
    git("clone", url_of(server, OTHER), "cloned")


def test_a_clone_that_is_cut_off(endpoint, origin, home, git):
    """It is none, and says so."""


    origin.hub.script(faults.close_after(40), when=lambda r: r.method == "POST", times=None)
    git("clone", url_of(endpoint, OTHER), "none", fails=True)
    assert not (home / "none").exists()
