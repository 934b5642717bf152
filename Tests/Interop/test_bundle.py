"""`xet bundle`: repositories in one file, for where no Hub can be reached."""

import json
import os
import subprocess

import pytest

from catalogue import GATED, MODEL, PRIVATE, files_of
from command_line import assert_done, assert_failed
from contents import noise

REPOSITORY = "acme/versions"
NAME = "weights.bin"
SIZE = 12_000_000


def changed(content, place, length=1000):
    content = bytearray(content)
    content[place : place + length] = noise(length, f"change {place}")
    return bytes(content)


@pytest.fixture
def versions(origin):
    """Puts versions of a file into a repository, each as a commit of `main`."""

    def add(*contents):
        # A later one is stored as chunks of those before.
        for content in contents:
            origin.add_repository(REPOSITORY, {NAME: origin.xet_file(content, compression="none")})

    return add


@pytest.fixture
def bundle(xet):
    """Makes a bundle of the model repository, or of others."""

    def make(*arguments, repository=MODEL, name="repository.bundle", token=None):
        finished = xet("bundle", "create", repository, "-o", name, "--json", *arguments, token=token)
        assert_done(finished)
        return xet.folder / name, json.loads(finished.stdout)

    return make


def verified(xet, *arguments):
    finished = xet("bundle", "verify", *arguments, "--json")
    assert_done(finished)
    return json.loads(finished.stdout)


def test_a_repository(xet, bundle, origin):
    """All of it, whole, in little more than its chunks; no secret is in it."""
    path, made = bundle(token=origin.alice)
    files = files_of(origin)
    assert made["files"] == len(files)
    report = verified(xet, path)
    assert (report["openFiles"], report.get("signer")) == (0, None)
    assert report["files"] == len({file.content for file in files.values() if file.storage == "xet"})
    assert report["answers"] >= len(files) + 3
    assert report["bundleBytes"] == path.stat().st_size == made["bundleBytes"]
    content = path.read_bytes()
    assert not [secret for secret in [*origin.users, *origin.cas_side.tokens, *origin.cas_side.urls] if secret.encode() in content]
    assert b"X-Amz" not in content


def test_chunks_cost_their_size(xet, bundle, origin):
    origin.add_repository("acme/large", {NAME: origin.xet_file(noise(40_000_000, "large"), compression="none")})
    _, made = bundle(repository="acme/large")
    assert made["chunkBytes"] <= made["bundleBytes"] <= made["chunkBytes"] * 1.01


def test_each_chunk_is_fetched_once(bundle, versions, origin):
    versions(noise(SIZE, "once"))
    origin.log.clear()
    bundle(repository=REPOSITORY)
    # The chunk over the line between two windows comes twice.
    assert origin.sent_bytes("cdn") <= SIZE * 1.02


def test_what_is_changed_is_refused(xet, bundle):
    path, _ = bundle("--include", "config.json", "--include", "random.bin")
    content = path.read_bytes()
    for place in [0, 17, 200, len(content) // 2, len(content) - 80, len(content) - 1]:
        damaged = bytearray(content)
        damaged[place] ^= 1
        (xet.folder / "damaged").write_bytes(damaged)
        finished = xet("bundle", "verify", "damaged")
        assert finished.returncode == 6, finished.stderr
    for other in [content[:-1], content[: len(content) // 2], b"", content + b"\0"]:
        (xet.folder / "damaged").write_bytes(other)
        assert xet("bundle", "verify", "damaged").returncode == 6


@pytest.mark.parametrize("how", ["bundle", "list"])
def test_a_new_version_costs_what_is_new(xet, bundle, versions, origin, how):
    old = noise(SIZE, "version 1")
    new = changed(old, 5_000_000)
    versions(old, new)
    versions(old)
    first, _ = bundle(repository=REPOSITORY, name="v1")
    versions(new)
    if how == "bundle":
        options = ["--since", first]
    else:
        listed = xet("bundle", "list", first)
        assert_done(listed)
        (xet.folder / "list").write_bytes(listed.stdout)
        options = ["--have", "list"]
    origin.log.clear()
    second, made = bundle(*options, repository=REPOSITORY, name="v2")
    # The change lies in one chunk, or over the border of two.
    assert made["chunkBytes"] <= 3 * 131072
    assert origin.sent_bytes("cdn") <= 3 * 131072
    assert second.stat().st_size <= made["chunkBytes"] * 1.02 + 20_000
    assert made["uncheckedFiles"] == (0 if how == "bundle" else 1)
    assert verified(xet, second)["openFiles"] == 1
    assert verified(xet, second, "--since", first)["openFiles"] == 0


def test_signatures(xet, bundle):
    """Our keys and those of OpenSSL; who is not trusted is refused, and who does not sign."""
    assert_done(xet("bundle", "keygen", "-o", "ours"))
    assert (xet.folder / "ours").stat().st_mode & 0o077 == 0
    again = xet("bundle", "keygen", "-o", "ours")
    assert again.returncode not in (0, None)
    for arguments in (["genpkey", "-algorithm", "ed25519", "-out", "theirs"], ["pkey", "-in", "theirs", "-pubout", "-out", "theirs.pub"]):
        subprocess.run(["openssl", *arguments], cwd=xet.folder, check=True, capture_output=True)
    for ours, other in [("ours", "theirs"), ("theirs", "ours")]:
        path, _ = bundle("--include", "config.json", "--sign-key", ours)
        assert verified(xet, path, "--trust-key", f"{ours}.pub")["signer"]
        assert verified(xet, path, "--trust-key", f"{other}.pub", "--trust-key", f"{ours}.pub")["signer"]
        finished = xet("bundle", "verify", path, "--trust-key", f"{other}.pub")
        assert finished.returncode == 4
        assert b"not trusted" in finished.stderr
    path, _ = bundle("--include", "config.json")
    finished = xet("bundle", "verify", path, "--trust-key", "ours.pub")
    assert finished.returncode == 4
    assert b"not signed" in finished.stderr
    assert_failed(xet("bundle", "create", MODEL, "-o", "x", "--sign-key", "ours.pub"), "PRIVATE KEY")


def test_a_pipe(xet):
    finished = xet.shell('"$1" bundle create "$2" -o - -q | "$1" bundle verify - --json', MODEL)
    assert_done(finished)
    assert json.loads(finished.stdout)["openFiles"] == 0


def test_a_failure_leaves_no_file(xet, origin):
    finished = xet("bundle", "create", "acme/nowhere", "-o", "x.bundle", token=origin.alice)
    assert finished.returncode == 3
    assert not list(xet.folder.iterdir())


@pytest.mark.parametrize(("repository", "is_public"), [(MODEL, True), (PRIVATE, False), (GATED, False)])
def test_who_may_see_it_is_told(xet, bundle, origin, repository, is_public):
    path, _ = bundle(repository=repository, token=origin.alice)
    assert [source["public"] for source in verified(xet, path)["repositories"]] == [is_public]
