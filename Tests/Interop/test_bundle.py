"""`xet bundle`: repositories in one file, for where no Hub can be reached."""

import json
import signal
import subprocess
import threading

import pytest

import faults
from catalogue import GATED, MODEL, PRIVATE, files_of
from command_line import assert_done, assert_failed
from contents import digest, noise
from expectations import assert_right
from http_peer import wait_until
from http_probe import fetch
from official_clients import call, call_all
from proxy_calls import download

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


def test_interrupted(xet, origin):
    """Ctrl-C leaves no file, half or whole."""
    release = threading.Event()
    origin.cdn.script(faults.hold(release, after=100_000), times=None)
    try:
        process = xet.start("bundle", "create", MODEL, "-o", "x.bundle", token=origin.alice)
        wait_until(lambda: origin.log.all("cdn"), message="the CDN is asked")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        release.set()
        origin.cdn.clear_script()
    assert process.returncode == 128 + signal.SIGINT
    assert b"interrupted" in errors
    assert not list(xet.folder.iterdir())


@pytest.mark.parametrize(("repository", "is_public"), [(MODEL, True), (PRIVATE, False), (GATED, False)])
def test_who_may_see_it_is_told(xet, bundle, origin, repository, is_public):
    path, _ = bundle(repository=repository, token=origin.alice)
    assert [source["public"] for source in verified(xet, path)["repositories"]] == [is_public]


@pytest.fixture
def imported(xet, tmp_path):
    """Puts a bundle into a cache."""

    def run(path, *arguments, folder="cache", **more):
        return xet("bundle", "import", path, "--cache", tmp_path / folder, "--json", *arguments, **more)

    run.folder = tmp_path / "cache"
    return run


@pytest.fixture
def inside(start_proxy, origin, imported):
    """Starts a proxy where nobody else can be reached."""

    def start(*options):
        origin.hub.go_away()
        origin.log.clear()
        return start_proxy("--cache", imported.folder, "--offline", *options)

    yield start
    assert not origin.log.all()
    if origin.hub.is_away:
        origin.hub.come_back()


def summary_of(finished):
    assert_done(finished)
    return json.loads(finished.stdout)


def state_of(xet, folder):
    return json.loads(xet("cache", "status", folder, "--json").stdout)


def test_a_repository_inside(bundle, imported, inside, origin, home):
    """Every client has every file, and nobody is asked."""
    path, made = bundle(token=origin.alice)
    files = files_of(origin)
    found = summary_of(imported(path))
    assert (found["hidden"], found["writtenBytes"], found["keptBytes"]) == ([], made["chunkBytes"], 0)
    server = inside()
    for name, file in files.items():
        assert_right(download(server, origin, name), file.content)
    expected = {name: digest(file.content) for name, file in files.items()}
    calls = [
        ("info", {"repo_id": MODEL}),
        ("tree", {"repo_id": MODEL}),
        ("refs", {"repo_id": MODEL}),
        ("paths_info", {"repo_id": MODEL, "paths": ["config.json", "random.bin", "nowhere"]}),
        ("listing", {"path": MODEL}),
        ("find", {"path": MODEL}),
    ]
    for with_xet in (True, False):
        assert call(home / f"{with_xet}", server.url, "snapshot", repo_id=MODEL, xet=with_xet) == expected
        told = call_all(home / f"{with_xet}-told", server.url, calls, xet=with_xet)
        assert not [one for one in told if "error" in one], told


def test_folders_inside(bundle, imported, inside, origin):
    """`datasets` and `transformers` ask for some that few repositories have."""
    path, _ = bundle(token=origin.alice)
    summary_of(imported(path))
    server = inside()
    tree = f"/api/models/{MODEL}/tree/main"
    got = fetch(server.url, f"{tree}/nowhere?recursive=false&expand=false", headers={"Authorization": f"Bearer {origin.alice}"})
    assert (got.status, got.header("X-Error-Code")) == (404, "EntryNotFound"), got
    names = {entry["path"] for entry in fetch(server.url, tree, headers={"Authorization": f"Bearer {origin.alice}"}).json()}
    assert names == {name.split("/")[0] for name in files_of(origin)}


def test_a_version_after_another(xet, bundle, imported, inside, versions, origin):
    """The second bundle costs its new chunks; it is refused where the first one is missing."""
    old = noise(SIZE, "version 1")
    new = changed(old, 5_000_000)
    versions(old, new)
    versions(old)
    first, _ = bundle(repository=REPOSITORY, name="v1")
    summary_of(imported(first))
    versions(new)
    listed = xet("cache", "list", imported.folder)
    assert_done(listed)
    (xet.folder / "list").write_bytes(listed.stdout)
    second, made = bundle("--have", "list", repository=REPOSITORY, name="v2")
    assert made["chunkBytes"] <= 3 * 131072
    refused = imported(second, folder="other")
    assert refused.returncode == 1
    assert b"earlier bundle" in refused.stderr
    assert state_of(xet, imported.folder.parent / "other")["runs"] == 0
    assert summary_of(imported(second))["writtenBytes"] == made["chunkBytes"]
    server = inside()
    assert_right(download(server, origin, NAME, repository=REPOSITORY), new)


def test_nothing_of_a_damaged_bundle_is_seen(xet, bundle, imported):
    path, _ = bundle("--include", "random.bin", "--include", "config.json")
    content = path.read_bytes()
    for place in [20, len(content) // 2, len(content) - 10]:
        damaged = bytearray(content)
        damaged[place] ^= 1
        (xet.folder / "damaged").write_bytes(damaged)
        assert imported("damaged").returncode == 6
        state = state_of(xet, imported.folder)
        assert (state["runs"], state["files"]) == (0, 0)
        # Only what a bundle brought of which it is not known that it is wrong may be used again.
        assert not list((imported.folder / "import").glob("*")) if (imported.folder / "import").exists() else True
    assert_done(xet("bundle", "keygen", "-o", "key"))
    assert imported(path, "--trust-key", "key.pub").returncode == 4
    assert state_of(xet, imported.folder)["runs"] == 0


def test_an_import_that_ended_goes_on(xet, bundle, imported, origin):
    """Killed after some of a pipe: nothing can be seen, and what came is not written again."""
    origin.add_repository("acme/large", {NAME: origin.xet_file(noise(40_000_000, "large"), compression="none")})
    path, made = bundle(repository="acme/large")
    content = path.read_bytes()
    process = subprocess.Popen(
        xet.command("bundle", "import", "-", "--cache", imported.folder), env=xet.environment(), stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(content[:25_000_000])
    process.stdin.flush()
    segments = imported.folder / "import"

    def is_staged():
        return sum(file.stat().st_size for file in segments.glob("*/segments/*/*")) >= 15_000_000

    wait_until(is_staged, message="nothing is staged")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert state_of(xet, imported.folder)["runs"] == 0
    found = summary_of(imported(path))
    assert found["resumedBytes"] + found["writtenBytes"] == made["chunkBytes"]
    assert found["resumedBytes"] >= 8_000_000
    assert not list(segments.iterdir())
    # Again, it is all there.
    found = summary_of(imported(path))
    assert (found["keptBytes"], found["writtenBytes"]) == (made["chunkBytes"], 0)


def test_a_pipe_into_a_cache(xet, imported):
    finished = xet.shell('"$1" bundle create "$2" -o - -q | "$1" bundle import - --cache "$3" --json', MODEL, imported.folder)
    assert summary_of(finished)["hidden"] == []


def test_a_folder_in_use_is_refused(xet, bundle, imported, start_proxy):
    path, _ = bundle("--include", "config.json")
    start_proxy("--cache", imported.folder)
    finished = imported(path)
    assert finished.returncode == 1
    assert b"in use" in finished.stderr


@pytest.mark.parametrize("is_for_all", [False, True])
def test_a_private_repository_is_hidden(bundle, imported, inside, origin, is_for_all):
    path, _ = bundle(repository=PRIVATE, token=origin.alice)
    found = summary_of(imported(path, *(["--for-all"] if is_for_all else [])))
    assert found["hidden"] == ([] if is_for_all else [f"models/{PRIVATE}"])
    server = inside()
    name = next(name for name, file in files_of(origin, PRIVATE).items() if file.storage == "xet")
    got = download(server, origin, name, repository=PRIVATE)
    assert (got.status == 200) == is_for_all
