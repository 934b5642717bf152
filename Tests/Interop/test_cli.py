"""The commands `download`, `list` and `hash` against the peer origin."""

import json
import os
import socket
import subprocess

import pytest

import faults
from catalogue import AWKWARD_NAMES, DATA, GATED, MODEL, PRIVATE, SPACE, file_of
from command_line import assert_done, assert_failed, listed_files
from xet_process import environment


@pytest.mark.parametrize(
    "path",
    [
        "random.bin",
        "scattered.bin",
        "padding.bin",
        "tiny.bin",
        "empty-xet.bin",
        "empty.txt",
        "config.json",
        "lfs.bin",
        "large.bin",
    ],
)
def test_download_to_a_file(xet, origin, path):
    assert_done(xet("download", MODEL, path, "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, path).content
    assert [entry.name for entry in xet.folder.iterdir()] == ["out.bin"], "nothing else is left behind"


@pytest.mark.parametrize("path", ["random.bin", "config.json", "lfs.bin", "empty.txt"])
def test_download_to_standard_output(xet, origin, path):
    finished = xet("download", MODEL, path, "--output", "-")
    assert_done(finished)
    assert finished.stdout == file_of(origin, path).content
    assert list(xet.folder.iterdir()) == []


def test_download_under_its_own_name(xet, origin):
    assert_done(xet("download", MODEL, "sub/weights.bin"))
    (written,) = [path for path in xet.folder.rglob("*") if path.is_file()]
    assert written.name == "weights.bin" and written.read_bytes() == file_of(origin, "sub/weights.bin").content


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_awkward_names(xet, origin, name):
    assert_done(
        xet("download", "--output", "out", MODEL, "--", name)
        if name.startswith("-")
        else xet("download", MODEL, name, "--output", "out")
    )
    assert (xet.folder / "out").read_bytes() == file_of(origin, name).content


@pytest.mark.parametrize("kind, repository", [("dataset", DATA), ("space", SPACE), ("model", DATA)])
def test_repository_types(xet, origin, kind, repository):
    finished = xet("download", repository, "random.bin", "--repo-type", kind, "--output", "-")
    assert_done(finished)
    assert finished.stdout == file_of(origin, "random.bin", repository, kind).content


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "branch/with space#1"])
def test_revisions(xet, origin, revision):
    for wanted in (revision, origin.repositories[("model", MODEL)].revisions[revision]):
        finished = xet("download", MODEL, "random.bin", "--revision", wanted, "--output", "-")
        assert_done(finished)
        assert finished.stdout == file_of(origin, "random.bin", revision=revision).content


def test_download_by_hash(xet, origin):
    file = file_of(origin, "scattered.bin")
    assert_done(xet("download", "--hash", file.stored.hash, "--repo", MODEL, "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file.content
    data = file_of(origin, "random.bin", DATA, "dataset")
    finished = xet("download", "--hash", data.stored.hash, "--repo", DATA, "--repo-type", "dataset", "--output", "-")
    assert finished.stdout == data.content
    assert_failed(xet("download", "--hash", "f" * 64, "--repo", MODEL, "--output", "none"))
    assert_failed(xet("download", "--hash", "f" * 63, "--repo", MODEL, "--output", "none"))
    assert not (xet.folder / "none").exists()


def test_token_of_the_environment(xet, origin):
    for repository in (PRIVATE, GATED):
        content = file_of(origin, "random.bin", repository).content
        finished = xet("download", repository, "random.bin", "--output", "-", token=origin.alice)
        assert_done(finished)
        assert finished.stdout == content
        for token in (None, origin.bob, "hf_unknown"):
            refused = xet("download", repository, "random.bin", "--output", "refused", token=token)
            assert_failed(refused)
            assert not (xet.folder / "refused").exists()
            assert token is None or token.encode() not in refused.stderr


def test_token_file_of_the_official_client(xet, origin, home):
    (home / "hf").mkdir()
    (home / "hf" / "token").write_text(origin.alice + "\n")
    finished = xet("download", PRIVATE, "random.bin", "--output", "-")
    assert_done(finished)
    assert finished.stdout == file_of(origin, "random.bin", PRIVATE).content
    assert_failed(xet("download", PRIVATE, "random.bin", "--output", "-", token=origin.bob))


def test_token_file_in_the_home_folder(xet, origin, home):
    (home / ".cache" / "huggingface").mkdir(parents=True)
    (home / ".cache" / "huggingface" / "token").write_text(origin.alice)
    assert_done(xet("download", PRIVATE, "random.bin", "--output", "-", HF_HOME=None))


def test_what_is_not_there(xet, origin):
    for arguments, words in (
        (("download", MODEL, "none.bin", "--output", "x"), ["none.bin"]),
        (("download", "no/one", "x", "--output", "x"), ["no/one"]),
        (("download", MODEL, "random.bin", "--revision", "none", "--output", "x"), ["none"]),
        (("list", "no/one"), ["no/one"]),
    ):
        finished = xet(*arguments, token=origin.alice)
        assert_failed(finished, *words)
        assert finished.stdout == b""
        assert not (xet.folder / "x").exists()


@pytest.mark.parametrize(
    "arguments, user, words",
    [
        ((PRIVATE, "random.bin"), None, ["not found", "HF_TOKEN"]),
        ((PRIVATE, "random.bin"), "bob", ["not found", "private", "HF_TOKEN"]),
        ((PRIVATE, "random.bin"), "stranger", ["credentials", "HF_TOKEN"]),
        ((GATED, "random.bin"), None, ["restricted", "Ask for access", "HF_TOKEN"]),
        ((GATED, "random.bin"), "bob", ["restricted", "Ask for access", "HF_TOKEN"]),
        ((MODEL, "none.bin"), None, ["Entry not found", "xet list"]),
        ((MODEL, "random.bin", "--revision", "none"), None, ["none", "--revision"]),
        (("no/one", "random.bin"), None, ["no/one", "name"]),
        ((MODEL, "random.bin", "--repo-type", "dataset"), None, ["--repo-type"]),
        ((MODEL, "random.bin", "--hub-endpoint", "http://127.0.0.1:1"), None, ["refused", "127.0.0.1:1"]),
        ((MODEL, "random.bin", "--hub-endpoint", "http://hub.invalid"), None, ["hub.invalid", "resolved", "network"]),
    ],
)
def test_messages_say_what_to_do(xet, origin, arguments, user, words):
    token = {None: None, "bob": origin.bob, "stranger": "hf_stranger"}[user]
    finished = xet("download", *arguments, token=token)
    assert_failed(finished, *words)
    message = finished.stderr.decode()
    assert len(message.splitlines()) == 1 and "Error(" not in message and "errno" not in message, message
    assert token is None or token not in message


def test_plain_server_that_is_asked_for_tls(xet, origin):
    address = "https" + origin.url.removeprefix("http")
    assert_failed(xet("list", MODEL, "--hub-endpoint", address), "TLS", "http, not https")


def test_without_a_home_folder(xet, origin):
    """There is no token then; nothing is looked for in the root folder."""
    for variables in ({"HOME": None}, {"HOME": ""}):
        assert_done(xet("download", MODEL, "random.bin", "--output", "-", HF_HOME=None, **variables))


def test_wrong_usage(xet):
    for arguments in (
        ("download",),
        ("download", "only-one"),
        ("download", MODEL, "x", "--nonsense"),
        ("list",),
        ("hash",),
        ("nonsense",),
    ):
        finished = xet(*arguments)
        assert 0 < finished.returncode < 128 and finished.stderr and not finished.stdout, arguments
    for repository in ("a", "a/b/c", "../x", "a/..", ""):
        assert_failed(xet("download", repository, "random.bin", "--output", "x"))
    assert_failed(xet("download", MODEL, "random.bin", "--repo-type", "bucket", "--output", "x"))


@pytest.mark.parametrize(
    "arguments, word",
    [
        ((MODEL, ""), "path"),
        ((MODEL, "/"), "path"),
        ((MODEL, "/random.bin"), "path"),
        ((MODEL, "sub/", "--output", "out"), "path"),
        ((MODEL, "/"), "path"),
        ((MODEL, "sub//weights.bin"), "path"),
        ((MODEL, "."), "path"),
        ((MODEL, ".."), "path"),
        ((MODEL, "../random.bin"), "path"),
        ((MODEL, "sub/../random.bin"), "path"),
        ((MODEL, "sub/./weights.bin"), "path"),
        ((MODEL, b"caf\xe9.bin"), "path"),
        (("", "random.bin"), "repository"),
        ((MODEL, "random.bin", "--revision", ""), "revision"),
        ((MODEL, "random.bin", "--revision", b"\xff"), "revision"),
        ((MODEL, "random.bin", "--output", ""), "empty"),
        ((MODEL, "random.bin", "--output="), "output"),
        ((MODEL, "random.bin", "--repo-type", ""), "repo-type"),
        ((MODEL, "random.bin", "--repo", MODEL), "repo"),
        ((MODEL, "random.bin", "--hub-endpoint", ""), "address"),
        ((MODEL, "random.bin", "--ca-file", ""), "certificates"),
        ((MODEL, "random.bin", "--hash", "f" * 64), "hash"),
        ((MODEL, "random.bin", "--hash", "f" * 64, "--repo", MODEL), "hash"),
        (("--hash", "f" * 64), "repo"),
        (("--hash", "", "--repo", MODEL), "hash"),
        (("--hash", "f" * 64, "--repo", ""), "repository"),
        (("--hash", "f" * 64, "--repo", MODEL, "--revision", ""), "revision"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(xet, origin, arguments, word):
    finished = xet("download", *arguments)
    assert_failed(finished, word)
    assert not finished.stdout
    assert not origin.log.all() and not list(xet.folder.iterdir())


def test_list_of_an_empty_revision(xet, origin):
    assert_failed(xet("list", MODEL, "--revision", ""), "revision")
    assert not origin.log.all()


def test_help(xet):
    for command in ("download", "list", "hash", "inspect", "proxy", "origin"):
        finished = xet(command, "--help")
        assert finished.returncode == 0 and b"USAGE" in finished.stdout.upper()
    assert {b"--revision", b"--repo-type", b"--output", b"--hash"} <= set(
        xet("download", "--help").stdout.replace(b",", b" ").split()
    )


def test_failed_download_leaves_no_file_and_is_resumed(xet, origin):
    """A second run fetches what the first could not, not everything again."""
    file = file_of(origin, "large.bin")
    half = file.size // 2
    origin.cdn.script(faults.status(404), times=None, when=lambda r: int(r.range.split("=")[1].split("-")[1]) > half)
    failed = xet("download", MODEL, "large.bin", "--output", "out.bin")
    assert_failed(failed)
    out = xet.folder / "out.bin"
    assert not out.exists() or out.stat().st_size < file.size
    kept = sum(entry.stat().st_size for entry in xet.folder.iterdir())
    origin.cdn.clear_script()
    origin.log.clear()
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert out.read_bytes() == file.content
    fetched = origin.sent_bytes("cdn")
    assert kept > 0, "nothing of the first run was kept"
    assert fetched <= origin.needed_bytes(file) - kept + 2_000_000, (
        f"{fetched} bytes fetched although {kept} were there"
    )
    assert [entry.name for entry in xet.folder.iterdir()] == ["out.bin"]


def test_resumed_download_is_verified(xet, origin):
    """A byte of the kept part is wrong: the second run notices."""
    file = file_of(origin, "large.bin")
    origin.cdn.script(
        faults.status(404), times=None, when=lambda r: int(r.range.split("=")[1].split("-")[1]) > file.size // 2
    )
    assert_failed(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    origin.cdn.clear_script()
    parts = [entry for entry in xet.folder.iterdir() if entry.stat().st_size > 100_000]
    assert parts, "nothing of the first run was kept"
    for part in parts:
        data = bytearray(part.read_bytes())
        data[50_000] ^= 1
        part.write_bytes(data)
    finished = xet("download", MODEL, "large.bin", "--output", "out.bin")
    out = xet.folder / "out.bin"
    if finished.returncode == 0:
        assert out.read_bytes() == file.content
    else:
        assert_failed(finished)
        assert not out.exists() or out.stat().st_size < file.size
        assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
        assert out.read_bytes() == file.content, "a third run must get over the bad part"


def flip_first_chunk(request, response):
    return (
        faults.flipped(2000)(request, response)
        if response.status == 206 and request.range.startswith("bytes=0-")
        else response
    )


def test_corrupt_content_is_refused(xet, origin):
    file = file_of(origin, "large.bin")
    origin.cdn.script(flip_first_chunk, times=None)
    assert_failed(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert not (xet.folder / "out.bin").exists()
    finished = xet("download", MODEL, "large.bin", "--output", "-")
    assert_failed(finished)
    assert len(finished.stdout) < file.size
    origin.cdn.clear_script()
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file.content


def test_corrupt_lfs_file_is_refused(xet, origin):
    """The SHA-256 of an LFS file is known: a download that says it is verified compares it."""
    origin.cdn.script(faults.flipped(2000), times=None)
    assert_failed(xet("download", MODEL, "lfs.bin", "--output", "out.bin"))
    assert not (xet.folder / "out.bin").exists()


@pytest.mark.parametrize(
    "fault",
    [faults.status(503), faults.reset_after(100_000), faults.truncated(50_000), faults.status(403)],
    ids=["503", "reset", "short", "expired"],
)
def test_one_fault_is_mended(xet, origin, fault):
    entry = origin.cdn.script(fault)
    assert_done(xet("download", MODEL, "random.bin", "--output", "out.bin"))
    assert entry.uses == 1
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "random.bin").content


def test_closed_standard_output(xet_binary, origin, home):
    env = environment(home, HF_ENDPOINT=origin.url)
    command = [str(xet_binary), "download", MODEL, "large.bin", "--output", "-"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(1000) == file_of(origin, "large.bin").content[:1000]
        process.stdout.close()
        assert process.wait(60) != 0
        assert b"atal error" not in process.stderr.read()


def test_port_that_is_taken(xet):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_failed(xet("proxy", "--host", "127.0.0.1", "--port", port), str(port))
    for options in (
        ("--port", "70000"),
        ("--port", "x"),
        ("--hub-endpoint", "ftp://x"),
        ("--hub-endpoint", "nonsense"),
    ):
        assert_failed(xet("proxy", "--host", "127.0.0.1", *options))


def tree_of(origin, repository=MODEL, kind="model", revision="main"):
    entry = origin.repositories[(kind, repository)]
    return {
        path: (file.size, file.stored.hash if file.storage == "xet" else None)
        for path, file in entry.commits[entry.commit_of(revision)].items()
    }


@pytest.mark.parametrize("page", [1000, 3])
def test_list(xet, origin, page):
    origin.hub_side.tree_page = page
    finished = xet("list", MODEL, "--json")
    assert_done(finished)
    assert listed_files(finished.stdout) == tree_of(origin)
    text = xet("list", MODEL)
    assert_done(text)
    lines = text.stdout.decode().splitlines()
    for path, (size, digest) in tree_of(origin).items():
        (line,) = [
            line
            for line in lines
            if line.endswith(" " + path) and str(size) in line.split() and (digest is None or digest in line)
        ]
        assert line.index(str(size)) < line.rindex(path)


@pytest.mark.parametrize("hash", ["*" * 64, "", "x", "\x1b[2J\r\n" * 8, "0" * 63, "0" * 65, 7, None, ["a"], {"a": 1}])
def test_list_shows_no_hash_that_is_none(xet, origin, hash):
    """A Hub that does not tell the hash of a file may have anything in its place."""

    def hide(entries):
        for entry in entries:
            if entry["type"] == "file":
                entry["xetHash"] = hash

    origin.hub.script(faults.json_body(hide), times=None, when=lambda r: "/tree/" in r.path)
    finished = xet("list", MODEL, "--json")
    assert_done(finished)
    assert listed_files(finished.stdout) == {path: (size, None) for path, (size, _) in tree_of(origin).items()}
    assert all("xetHash" in entry for entry in json.loads(finished.stdout))
    text = xet("list", MODEL)
    assert_done(text)
    (line,) = [line for line in text.stdout.decode().splitlines() if line.endswith(" random.bin")]
    assert line.split() == ["3000000", "-", "random.bin"]
    assert b"*" * 64 not in text.stdout and b"\x1b" not in text.stdout


def test_list_of_other_repositories(xet, origin):
    for kind, repository in (("dataset", DATA), ("space", SPACE)):
        finished = xet("list", repository, "--repo-type", kind, "--json")
        assert_done(finished)
        assert listed_files(finished.stdout) == tree_of(origin, repository, kind)
    finished = xet("list", MODEL, "--revision", "refs/pr/1", "--json")
    assert listed_files(finished.stdout) == tree_of(origin, revision="refs/pr/1")
    assert listed_files(xet("list", PRIVATE, "--json", token=origin.alice).stdout) == tree_of(origin, PRIVATE)
    assert_failed(xet("list", PRIVATE, "--json", token=origin.bob), PRIVATE)


def test_list_whose_next_page_is_elsewhere(xet, origin):
    """The Hub token must not follow a link to another host (asserted for every test)."""
    origin.hub_side.tree_page = 3
    away = f'<{origin.mirror.url}/api/models/{MODEL}/tree/main?cursor=3>; rel="next"'
    origin.hub.script(faults.header("Link", away), times=None, when=lambda r: "/tree/" in r.path)
    assert_failed(xet("list", MODEL, "--json", token=origin.alice))


def test_list_without_end(xet, origin):
    origin.hub_side.tree_page = 3
    again = f'<{origin.url}/api/models/{MODEL}/tree/main?recursive=true&cursor=3>; rel="next"'
    origin.hub.script(faults.header("Link", again), times=None, when=lambda r: "/tree/" in r.path)
    assert_failed(xet("list", MODEL, "--json"))
    assert len(origin.log.all("hub")) < 20_000


def test_list_of_nonsense(xet, origin):
    for document in ({}, [{"type": "file"}], [{"type": "file", "path": "x", "size": -1}], "x", [[]]):
        text = json.dumps(document).encode()
        origin.hub.script(faults.body(lambda b, text=text: text), times=None, when=lambda r: "/tree/" in r.path)
        assert_failed(xet("list", MODEL, "--json"))
        origin.hub.clear_script()
