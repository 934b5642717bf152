"""`xet download` of several files: which ones, where they go, what is left alone, and what a failure leaves."""

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import threading
from pathlib import Path

import pytest

import faults
from catalogue import AWKWARD_NAMES, BUCKET, BUCKET_NAMES, DATA, GATED, LEGACY, MODEL, PRIVATE, RENAMED, files_of, regular
from command_line import assert_done, assert_failed
from contents import noise
from http_peer import wait_until
from official_clients import call
from terminal import Terminal

NESTED = {"random.bin", "nested/folder/plain.txt", "nested/folder/lfs.bin"}


def there(folder):
    """The files below a folder, but for records."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[:2] != (".cache", "xet")
    }


def assert_same(folder, origin, repository=MODEL, type="model", revision="main", names=None):
    """All files of the repository, or `names`, are below the folder, and nothing else."""
    files = files_of(origin, repository, type, revision)
    assert there(folder) == set(files if names is None else names)
    for name in there(folder):
        assert (folder / name).read_bytes() == files[name].content, name


def events(finished):
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["file"] * (len(lines) - 1) + ["end"]
    return {line["path"]: line for line in lines[:-1]}, lines[-1]


def test_whole_repository(xet, origin):
    """Every file, with whatever name; one token and no question about a single file in XET."""
    origin.log.clear()
    finished = xet("download", MODEL)
    assert_done(finished)
    assert_same(xet.folder / "model", origin)
    asked = [request.path for request in origin.log.all("hub")]
    assert len([path for path in asked if "xet-read-token" in path]) == 1
    assert not [path for path in asked if "/resolve/" in path and path.endswith(("random.bin", "large.bin"))]
    assert b"verified" in finished.stderr


@pytest.mark.parametrize(
    ("repository", "type", "options"),
    [
        (f"datasets/{DATA}", "dataset", ()),
        (DATA, "dataset", ("--repo-type", "dataset")),
        (LEGACY, "model", ()),
    ],
)
def test_kinds(xet, origin, repository, type, options):
    assert_done(xet("download", repository, *options))
    name = repository.removeprefix("datasets/")
    assert_same(xet.folder / name.split("/")[-1], origin, name, type)


def test_bucket(xet, origin):
    assert_done(xet("download", f"buckets/{BUCKET}", "--local-dir", "here"))
    assert_same(xet.folder / "here", origin, BUCKET, "bucket", names=BUCKET_NAMES)


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "branch/with space#1"])
def test_revisions(xet, origin, revision):
    assert_done(xet("download", MODEL, "--revision", revision, "--local-dir", "here"))
    assert_same(xet.folder / "here", origin, revision=revision)


def test_commit_stays_the_same(xet, origin):
    """Files are those of one commit, which the revision means when the download begins."""
    origin.log.clear()
    assert_done(xet("download", DATA))
    trees = [request.path for request in origin.log.all("hub") if "/tree/" in request.path]
    assert trees and not [path for path in trees if "/tree/main" in path]


@pytest.mark.parametrize(
    ("address", "folder", "names", "revision"),
    [
        (f"hf://{MODEL}@v1.0", "model", None, "v1.0"),
        (f"hf://{MODEL}@refs/pr/1/*.json", ".", {"config.json"}, "refs/pr/1"),
        (f"hf://{MODEL}@refs%2Fpr%2F1/config.json", ".", {"config.json"}, "refs/pr/1"),
        (f"https://huggingface.co/{MODEL}/tree/v1.0", "model", None, "v1.0"),
        (f"https://huggingface.co/{MODEL}/blob/v1.0/config.json", ".", {"config.json"}, "v1.0"),
        (f"https://huggingface.co/{MODEL}/resolve/refs%2Fpr%2F1/config.json?download=true", ".", {"config.json"}, "refs/pr/1"),
        ("{hub}/" + MODEL, "model", None, "main"),
    ],
)
def test_addresses(xet, origin, address, folder, names, revision):
    assert_done(xet("download", address.replace("{hub}", origin.url)))
    assert_same(xet.folder / folder, origin, revision=revision, names=names)


def test_address_of_another_host(xet):
    assert_failed(xet("download", f"https://example.org/{MODEL}"), "is no repository")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["*.bin"], {"random.bin", "nested/folder/lfs.bin"}),
        (["nested/"], {"nested/folder/plain.txt", "nested/folder/lfs.bin"}),
        (["random.bin", "nested/folder/plain.txt"], {"random.bin", "nested/folder/plain.txt"}),
        (["nested/*", "--exclude", "*.bin"], {"nested/folder/plain.txt"}),
        (["--include", "*.bin", "--exclude", "nested/*"], {"random.bin"}),
        (["--include", "r?ndom.[!a]in"], {"random.bin"}),
        (["random.bin", "--local-dir", "."], {"random.bin"}),
    ],
)
def test_patterns(xet, origin, arguments, names):
    folder = [] if "--local-dir" in arguments else ["--local-dir", "here"]
    assert_done(xet("download", DATA, *arguments, *folder))
    assert_same(xet.folder / ("here" if folder else "."), origin, DATA, names=names)


@pytest.mark.parametrize(
    "patterns",
    [["*.bin"], ["nested/"], ["nested/*"], ["[rn]*"], ["*n*", "!x"], ["random.bin", "nested/folder/plain.txt"], ["[!r]*"], ["*]"]],
)
def test_patterns_are_those_of_the_official_client(xet, origin, home, patterns):
    names = call(home, origin.url, "filtered_paths", paths=sorted(NESTED), patterns=patterns)
    finished = xet("download", DATA, *[part for pattern in patterns for part in ("--include", pattern)], "--dry-run", "--json")
    if names:
        assert set(events(finished)[0]) == set(names)
    else:
        assert_failed(finished, "no file")


def test_named_files_go_into_the_current_folder(xet, origin):
    assert_done(xet("download", DATA, "random.bin", "nested/folder/plain.txt"))
    assert_same(xet.folder, origin, DATA, names={"random.bin", "nested/folder/plain.txt"})


def test_names_that_look_like_patterns(xet, origin):
    """A name that is given means the file of that name too."""
    names = [name for name in AWKWARD_NAMES if any(character in name for character in "*?[")]
    assert len(names) > 2
    assert_done(xet("download", MODEL, *names, "--local-dir", "here"))
    assert there(xet.folder / "here") == set(names)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["random.bin", "nowhere.bin"], ["no file 'nowhere.bin'"]),
        (["nested", "random.bin"], ["no file 'nested'", "'nested/'"]),
        (["--include", "*.zip"], ["no file"]),
        (["*.bin", "random.bin", "--output", "x"], ["--local-dir"]),
        (["random.bin", "--output", "x", "--json"], ["--local-dir"]),
        (["../*", "random.bin"], ["is no path"]),
        (["--jobs", "0"], ["--jobs"]),
        (["--revision", "nowhere"], ["nowhere", "--revision"]),
    ],
)
def test_what_cannot_be_meant(xet, arguments, words):
    assert_failed(xet("download", DATA, *arguments), *words)
    assert not there(xet.folder)


@pytest.mark.parametrize("repository", [PRIVATE, GATED])
def test_permission(xet, origin, repository):
    assert_failed(xet("download", repository))
    assert not there(xet.folder)
    assert_done(xet("download", repository, token=origin.alice))
    assert_same(xet.folder / repository.split("/")[-1], origin, repository)


def test_renamed_repository(xet, origin):
    assert_done(xet("download", RENAMED, "config.json", "tiny.bin"))
    assert_same(xet.folder, origin, names={"config.json", "tiny.bin"})


def test_second_run_moves_nothing(xet, origin):
    assert_done(xet("download", MODEL))
    origin.log.clear()
    finished = xet("download", MODEL, "--json")
    assert_done(finished)
    files, end = events(finished)
    assert {file["state"] for file in files.values()} == {"present"}
    assert (end["downloadedFiles"], end["receivedBytes"]) == (0, 0)
    assert not origin.log.all("cdn") and not origin.log.all("cas")
    assert len(origin.log.all("hub")) == 2


def test_only_what_changed_is_downloaded(xet, origin):
    kept, before, after = regular(b"kept"), origin.xet_file(noise(90_000, "before")), origin.xet_file(noise(91_000, "after"))
    origin.add_repository("acme/changing", {"kept.txt": kept, "weights.bin": before})
    assert_done(xet("download", "acme/changing"))
    origin.add_repository("acme/changing", {"kept.txt": kept, "weights.bin": after, "new.txt": regular(b"new")})
    finished = xet("download", "acme/changing", "--json")
    assert_done(finished)
    states = {path: file["state"] for path, file in events(finished)[0].items()}
    assert states == {"kept.txt": "present", "weights.bin": "downloaded", "new.txt": "downloaded"}
    assert_same(xet.folder / "changing", origin, "acme/changing")


@pytest.mark.parametrize("name", ["random.bin", "lfs.bin", "config.json"])
def test_what_was_changed_here_is_downloaded_again(xet, origin, name):
    """Also if it has the length that it had."""
    assert_done(xet("download", MODEL, "random.bin", "lfs.bin", "config.json", "--local-dir", "here"))
    path = xet.folder / "here" / name
    content = path.read_bytes()
    path.write_bytes(b"x" + content[1:])
    finished = xet("download", MODEL, "random.bin", "lfs.bin", "config.json", "--local-dir", "here", "--json")
    assert_done(finished)
    assert [path for path, file in events(finished)[0].items() if file["state"] == "downloaded"] == [name]
    assert path.read_bytes() == content


def test_files_without_a_record_are_compared(xet, origin):
    assert_done(xet("download", DATA))
    folder = xet.folder / DATA.split("/")[-1]
    records = folder / ".cache" / "xet" / "files"
    assert records.read_bytes().count(b"\n") == len(NESTED)
    for content in (b"", b"\xff\0garbage\n\t\t\t\n" * 100, None):
        records.unlink() if content is None else records.write_bytes(content)
        origin.log.clear()
        finished = xet("download", DATA, "--json")
        assert_done(finished)
        assert {file["state"] for file in events(finished)[0].values()} == {"present"}
        assert not origin.log.all("cdn")
    assert records.read_bytes().count(b"\n") == len(NESTED)


def test_folder_of_the_official_client_is_known(xet, origin, home):
    """What `hf download --local-dir` has put there is not fetched again."""
    folder = xet.folder / "here"
    call(home, origin.url, "download_to", repo_id=DATA, folder=str(folder))
    origin.log.clear()
    finished = xet("download", DATA, "--local-dir", folder, "--json")
    assert_done(finished)
    assert {file["state"] for file in events(finished)[0].values()} == {"present"}
    assert not origin.log.all("cdn")


def test_dry_run(xet, origin):
    assert_done(xet("download", DATA, "random.bin", "nested/folder/lfs.bin", "--local-dir", "here"))
    origin.log.clear()
    finished = xet("download", DATA, "--local-dir", "here", "--dry-run")
    assert_done(finished)
    lines = [line.split() for line in finished.stdout.decode().splitlines()]
    assert {(path, state) for _, state, path in lines} == {
        ("random.bin", "present"),
        ("nested/folder/lfs.bin", "present"),
        ("nested/folder/plain.txt", "missing"),
    }
    assert not origin.log.all("cdn")
    assert not (xet.folder / "here" / "nested" / "folder" / "plain.txt").exists()
    assert_done(xet("download", DATA, "--local-dir", "nowhere", "--dry-run"))
    assert not (xet.folder / "nowhere").exists()


HOSTILE = ["../escaped.txt", "a/../../escaped.txt", "/escaped.txt", "a//b.txt", "./c.txt", ".cache/xet/files", ".CACHE/XET/x", "n" * 300]


@pytest.mark.parametrize("name", HOSTILE)
def test_paths_that_lead_elsewhere(xet, origin, name):
    """Whoever writes a repository chooses its paths: nothing is written at all."""
    origin.add_repository("acme/hostile", {"good.txt": regular(b"good"), name: regular(b"bad")})
    assert_failed(xet("download", "acme/hostile"), "cannot be a file")
    assert not there(xet.folder)
    assert_done(xet("download", "acme/hostile", "--exclude", name, "--local-dir", "here"))
    assert there(xet.folder / "here") == {"good.txt"}


@pytest.mark.parametrize("sha", ["../../../escaped", "a" * 39, "", "g" * 40, "a" * 4000, "/tmp"])
@pytest.mark.parametrize("option", ["--hf-cache", "--local-dir=here"])
def test_commits_that_lead_elsewhere(xet, origin, home, sha, option):
    """It is the name of a folder in the official client's cache, and the Hub's to say."""
    change = faults.json_body(lambda document: {**document, "sha": sha})
    origin.hub.script(change, times=None, when=lambda request: "/revision/" in request.path)
    try:
        assert_failed(xet("download", DATA, option), "a commit that is none")
    finally:
        origin.hub.clear_script()
    assert not there(xet.folder) and not list(home.rglob("escaped*")) and not (home / "hf" / "hub").exists()


def test_file_where_a_folder_is_to_be(xet, origin):
    folder = xet.folder / DATA.split("/")[-1]
    folder.mkdir()
    (folder / "nested").write_bytes(b"mine")
    assert_failed(xet("download", DATA), "nested")
    assert (folder / "nested").read_bytes() == b"mine"


@contextlib.contextmanager
def scripted(origin, fault):
    """The data host does something else until the block ends."""
    origin.cdn.script(fault, times=None)
    try:
        yield
    finally:
        origin.cdn.clear_script()


def test_interrupted_download_goes_on(xet, origin):
    """Ctrl-C says what is there; the next run fetches only the rest."""
    names = ("large.bin", "empty.txt", "config.json")
    folder, release = xet.folder / "here", threading.Event()
    with scripted(origin, faults.hold(release, after=2_000_000)):
        process = xet.start("download", MODEL, *names, "--local-dir", "here")
        wait_until(
            lambda: any(part.stat().st_size for part in folder.glob("large.bin.*.partial"))
            and (folder / "config.json").exists(),
            message="no part was written",
        )
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        release.set()
    assert process.returncode == 128 + signal.SIGINT
    assert b"interrupted" in errors and b"2 of 3 files" in errors and b"run the same command again" in errors
    kept = sum(part.stat().st_size for part in folder.glob("large.bin.*.partial"))
    assert kept
    finished = xet("download", MODEL, *names, "--local-dir", "here", "--json")
    assert_done(finished)
    _, end = events(finished)
    assert end["receivedBytes"] == end["bytes"] - kept - len(files_of(origin)["config.json"].content)
    assert_same(folder, origin, names=names)


def test_a_failure_leaves_what_is_right(xet, origin):
    with scripted(origin, faults.status(404)):
        assert_failed(xet("download", DATA, "--jobs", "1"), "run the same command again")
    folder = xet.folder / DATA.split("/")[-1]
    assert not (folder / "random.bin").exists()
    assert_done(xet("download", DATA))
    assert_same(folder, origin, DATA)


def test_a_hub_that_has_had_enough_for_a_while(xet, origin):
    """Whatever is asked: the commit, the list, a token, a file."""
    busy = faults.status(429, [("Retry-After", "1")])
    try:
        for words in ("/revision/", "/tree/", "/xet-read-token/", "plain.txt"):
            origin.hub.script(busy, times=4, when=lambda request, words=words: words in request.path)
        assert_done(xet("download", DATA, XET_RETRY_FOR="30s"))
    finally:
        origin.hub.clear_script()
    assert_same(xet.folder / DATA.split("/")[-1], origin, DATA)


def test_a_hub_that_is_away_is_waited_for(xet, origin):
    """It says so, once, and what for."""
    origin.hub.script(faults.status(503, [("Retry-After", "3")]), times=2, when=lambda request: "/tree/" in request.path)
    try:
        finished = xet("download", DATA, XET_RETRY_FOR="60s")
    finally:
        origin.hub.clear_script()
    assert_done(finished)
    assert finished.stderr.count(b"waiting for the Hub (status 503)") == 1
    assert_same(xet.folder / DATA.split("/")[-1], origin, DATA)


def test_many_small_files(xet, origin):
    names = {f"folder {at % 7}/file-{at:04}.txt": regular(f"content {at}".encode()) for at in range(400)}
    origin.add_repository("acme/many", names)
    finished = xet("download", "acme/many", "--json")
    assert_done(finished)
    assert events(finished)[1]["files"] == 400
    assert_same(xet.folder / "many", origin, "acme/many")


def test_quiet(xet, origin):
    finished = xet("download", DATA, "--quiet")
    assert_done(finished)
    assert (finished.stdout, finished.stderr) == (b"", b"")


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_line_on_a_terminal(xet, origin, columns):
    """One line that is no wider than the terminal, and a summary at the end."""
    terminal = Terminal(xet, "download", MODEL, columns=columns)
    assert terminal.wait() == 0
    shown = terminal.shown
    assert "files" in shown
    *frames, summary = shown.replace("\r\n", "\n").rstrip("\n").split("\n")
    for frame in "\n".join(frames).split("\r\x1b[K") + summary.split("\r\x1b[K")[:-1]:
        assert len(frame) < columns
    assert "downloaded and verified" in summary


@pytest.mark.parametrize("option", ["--json", "--dry-run", "--verify"])
def test_one_file_goes_where_it_goes_without_options(xet, origin, option):
    """By its name alone, as without anything said."""
    assert_done(xet("download", DATA, "nested/folder/plain.txt", option))
    assert there(xet.folder) == (set() if option == "--dry-run" else {"plain.txt"})


def test_verify_hashes_what_is_on_record(xet, origin):
    """A disk that lies: the content changes, and length and time do not."""
    assert_done(xet("download", DATA, "--local-dir", "here"))
    path = xet.folder / "here" / "random.bin"
    times, content = path.stat(), path.read_bytes()
    path.write_bytes(b"x" + content[1:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def states(*options):
        finished = xet("download", DATA, "--local-dir", "here", "--json", *options)
        assert_done(finished)
        return {path: file["state"] for path, file in events(finished)[0].items()}

    assert set(states().values()) == {"present"}
    assert states("--verify", "--dry-run")["random.bin"] == "missing"
    assert states("--verify")["random.bin"] == "downloaded"
    assert path.read_bytes() == content
    assert set(states("--verify").values()) == {"present"}


# The cache of the official client


def snapshot(home, origin, repository, offline=True, **parameters):
    """What the official client finds there, or fetches: {path: digest}."""
    variables = {"HF_HUB_OFFLINE": "1"} if offline else {}
    return call(home, origin.url, "snapshot", repo_id=repository, variables=variables, **parameters)


def digests(origin, repository=MODEL, type="model", revision="main"):
    return {
        path: {"size": len(file.content), "sha256": hashlib.sha256(file.content).hexdigest()}
        for path, file in files_of(origin, repository, type, revision).items()
    }


@pytest.mark.parametrize(
    ("repository", "type", "revision"),
    [(MODEL, "model", "main"), (MODEL, "model", "refs/pr/1"), (DATA, "dataset", "main"), (LEGACY, "model", "main")],
)
def test_official_client_finds_it_offline(xet, origin, home, repository, type, revision):
    options = ("--revision", revision, "--repo-type", type, "--hf-cache", "--quiet")
    finished = xet("download", repository, *options)
    assert_done(finished)
    found = snapshot(home, origin, repository, repo_type=type, revision=revision)
    assert found == digests(origin, repository, type, revision)
    assert there(Path(finished.stdout.decode().strip())) == set(found)


def test_official_cache_both_ways(xet, origin, home):
    """What one has fetched the other does not fetch again."""
    snapshot(home, origin, DATA, offline=False)
    origin.log.clear()
    finished = xet("download", DATA, "--hf-cache", "--json")
    assert_done(finished)
    assert {file["state"] for file in events(finished)[0].values()} == {"present"}
    assert not origin.log.all("cdn")
    assert_done(xet("download", MODEL, "random.bin", "config.json", "--hf-cache"))
    origin.log.clear()
    found = call(home, origin.url, "download", repo_id=MODEL, filename="random.bin")
    assert found["size"] == len(files_of(origin)["random.bin"].content)
    assert not origin.log.all("cdn")


def test_official_cache_of_two_commits(xet, origin, home):
    """Contents are there once; each commit has links of its own."""
    kept, before, after = regular(b"kept"), origin.xet_file(noise(80_000, "one")), origin.xet_file(noise(80_000, "two"))
    for weights in (before, after):
        origin.add_repository("acme/moving", {"kept.txt": kept, "sub/weights.bin": weights, "sub/same.bin": weights})
        assert_done(xet("download", "acme/moving", "--hf-cache", HF_HUB_CACHE=str(home / "elsewhere")))
    folder = home / "elsewhere" / "models--acme--moving"
    assert len(list((folder / "blobs").iterdir())) == 3
    commits = {path.name: path for path in (folder / "snapshots").iterdir()}
    assert len(commits) == 2
    current = commits[(folder / "refs" / "main").read_text()]
    assert (current / "sub" / "weights.bin").read_bytes() == after.content
    assert (current / "sub" / "weights.bin").is_symlink() and (current / "kept.txt").read_bytes() == b"kept"


def test_official_cache_waits_for_who_writes(xet, origin, home):
    """A content that another process has locked is left to it."""
    name = hashlib.sha256(files_of(origin)["random.bin"].content).hexdigest()
    locks = home / "hf" / "hub" / ".locks" / f"models--{MODEL.replace('/', '--')}"
    locks.mkdir(parents=True)
    with open(locks / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = xet.start("download", MODEL, "random.bin", "config.json", "--hf-cache")
        blobs = home / "hf" / "hub" / f"models--{MODEL.replace('/', '--')}" / "blobs"
        wait_until(lambda: blobs.exists() and len(list(blobs.iterdir())) == 1, message="the other file is not there")
        assert process.poll() is None and not (blobs / name).exists()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert (blobs / name).read_bytes() == files_of(origin)["random.bin"].content


def test_official_cache_has_no_buckets(xet):
    assert_failed(xet("download", f"buckets/{BUCKET}", "--hf-cache"), "keeps no buckets")
    assert_failed(xet("download", MODEL, "--hf-cache", "--local-dir", "x"), "exclude each other")
