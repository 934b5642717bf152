"""A proxy that asks nobody serves what its cache has, with the Hub's answers as they came, to those who were permitted before."""

import json

import pytest

import faults
from catalogue import DATA, GATED, MODEL, OTHER, PRIVATE, file_of, files_of
from command_line import assert_done
from contents import digest, noise
from endpoint_calls import PLAIN_CLIENT, XET_CLIENT, api_target, resolve, resolve_target
from expectations import assert_right
from http_peer import wait_until
from http_probe import fetch
from official_clients import CLIENT, XET, call, call_all
from peer_repositories import PeerFile
from proxy_calls import download, download_by_hash
from proxy_observations import metrics_of

FILES = ("random.bin", "config.json", "with space.bin", "empty.txt")


class Site:
    """Proxies over one cache, one after the other."""

    def __init__(self, start_proxy, origin, folder):
        self.start_proxy, self.origin, self.folder = start_proxy, origin, folder
        self.server = None

    def start(self, *options):
        self.stop()
        self.server = self.start_proxy("--cache", self.folder, *options)
        return self.server

    def stop(self):
        if self.server is not None:
            assert self.server.stop() == 0, self.server.errors()
            self.start_proxy.forget(self.server)
            self.server = None

    def offline(self, *options):
        """A proxy that asks nobody; there is nobody either."""
        self.stop()
        if not self.origin.hub.is_away:
            self.origin.hub.go_away()
        self.origin.log.clear()
        return self.start("--offline", *options)

    def online(self):
        if self.origin.hub.is_away:
            self.origin.hub.come_back()
        return self.start()

    def keep(self, path, repository=MODEL, token=None, **where):
        """Downloads a file until its bytes come from the cache."""
        content = file_of(self.origin, path, repository).content

        def is_kept():
            self.origin.log.clear()
            assert_right(resolve(self.server, path, token=token or self.origin.alice, repository=repository), content)
            return not self.origin.log.all("cdn")

        wait_until(is_kept, message=f"{path} is not kept")


@pytest.fixture
def site(start_proxy, origin, tmp_path):
    site = Site(start_proxy, origin, tmp_path / "cache")
    yield site
    requests = [request for request in origin.log.all() if site.server and "--offline" in site.server.command]
    assert not requests, "somebody was asked"
    if site.server and "--offline" in site.server.command:
        metrics = metrics_of(site.server, origin)
        assert metrics("xet_upstream_head_seconds_count") == 0
        assert metrics("xet_upstream_bytes_total") == 0
    if origin.hub.is_away:
        origin.hub.come_back()


def assert_missing(got, *words):
    assert got.status == 504, got
    text = got.header("X-Error-Message")
    assert "offline" in text, text
    for word in words:
        assert word in text, text


def test_offline_needs_a_cache(xet, origin):
    finished = xet("proxy", "--offline", "--port", "0")
    assert finished.returncode != 0 and b"needs 'cache'" in finished.stderr


def test_what_was_read_is_served_to_who_read_it(site, origin):
    site.start()
    for path in ("random.bin", "config.json"):
        site.keep(path)
    server = site.offline()
    assert "offline" in server.errors()
    assert fetch(server.url, "/health").json()["offline"] is True
    assert fetch(server.url, "/readyz").status == 200
    commit = origin.repositories["model", MODEL].commit_of("main")
    for path in ("random.bin", "config.json"):
        file = file_of(origin, path)
        for revision in ("main", commit):
            for method in ("GET", "HEAD"):
                got = resolve(server, path, method, revision=revision, token=origin.alice)
                assert got.status == 200
                assert got.header("X-Repo-Commit") == commit
                assert got.header("Content-Length") == str(len(file.content))
                assert file.etag in got.header("ETag") or file.sha256 in got.header("ETag")
                assert method == "HEAD" or got.body == file.content
        assert_right(download(server, origin, path), file.content)
        assert_right(download(server, origin, path, revision=commit), file.content)
        part = download(server, origin, path, headers={"Range": "bytes=3-"})
        assert_right(part, file.content[3:], 206)
        # Who reads chunks by itself elsewhere gets bytes here: nobody could tell it where the chunks are.
        got = resolve(server, path, headers=XET_CLIENT, token=origin.alice)
        assert_right(got, file.content)
        assert not got.header("X-Xet-Hash") and "xet-auth" not in (got.header("Link") or "")
    # Nobody knows that others may see it.
    assert_missing(resolve(server, "random.bin", token=origin.bob))
    assert_missing(resolve(server, "random.bin"))


def test_what_xet_clients_read_again_is_not_forgotten(site, origin, home):
    """Each tells the cache what the file is made of."""
    content = file_of(origin, "large.bin").content
    where = {"repo_id": MODEL, "repo_type": "model", "filename": "large.bin", "revision": None}
    site.start()
    for name in ("one", "other"):
        (home / name).mkdir()
        assert call(home / name, site.server.url, "download", token=origin.alice, **where) == digest(content)
    assert_right(download(site.offline(), origin, "large.bin"), content)


def test_what_is_missing_is_said(site, origin):
    site.start()
    site.keep("random.bin")
    server = site.offline()
    for got in (
        resolve(server, "config.json", token=origin.alice),
        resolve(server, "config.json", "HEAD", token=origin.alice),
        download(server, origin, "prose.txt"),
        fetch(server.url, api_target(), token=origin.alice),
        fetch(server.url, api_target("tree", "main"), token=origin.alice),
        fetch(server.url, api_target("xet-read-token", "main"), token=origin.alice),
        fetch(server.url, "/api/models", token=origin.alice),
        fetch(server.url, "/api/whoami-v2", token=origin.alice),
        fetch(server.url, f"/{OTHER}/resolve/main/config.json", token=origin.alice),
    ):
        assert_missing(got)
    assert_missing(resolve(server, "config.json", token=origin.alice), "config.json")
    # No listing is kept: that nobody has asked for a file is no proof that there is none.
    assert_missing(resolve(server, "nowhere.txt", token=origin.alice))


def test_a_part_of_a_file_is_not_begun(site, origin):
    site.start()
    assert_right(download(site.server, origin, "large.bin", headers={"Range": "bytes=0-99"}),
                 file_of(origin, "large.bin").content[:100], 206)

    def is_kept():
        origin.log.clear()
        download(site.server, origin, "large.bin", headers={"Range": "bytes=0-99"})
        return not origin.log.all("cdn")

    wait_until(is_kept, message="it is not kept")
    server = site.offline()
    assert_right(download(server, origin, "large.bin", headers={"Range": "bytes=0-99"}),
                 file_of(origin, "large.bin").content[:100], 206)
    assert_missing(download(server, origin, "large.bin"), "part")


def test_missing_files_are_missing_if_that_is_known(site, origin):
    server = site.start()
    assert resolve(server, "gone.txt", token=origin.alice).status == 404
    assert fetch(server.url, api_target("tree", "main", query="?recursive=True&expand=False"), token=origin.alice).status == 200
    server = site.offline()
    commit = origin.repositories["model", MODEL].commit_of("main")
    for revision in ("main", commit):
        # One was asked for, the other is not in the tree.
        for path in ("gone.txt", "never asked/for it.txt"):
            for method in ("HEAD", "GET"):
                got = resolve(server, path, method, revision=revision, token=origin.alice)
                if revision == commit and not got.status == 404:
                    assert got.status == 404, got
                assert (got.status, got.header("X-Error-Code")) == (404, "EntryNotFound"), (path, got)
                assert got.header("X-Repo-Commit") == commit
    assert_missing(resolve(server, "config.json", token=origin.alice))


def test_pages_of_a_listing(site, origin, home):
    origin.hub.tree_page = 3
    server = site.start()
    told = call(home / "1", server.url, "tree", repo_id=MODEL, token=origin.alice)
    assert len(told) > 9
    # That it is public, and so are its files.
    assert fetch(server.url, api_target(), token=origin.alice).status == 200
    server = site.offline()
    assert call(home / "2", server.url, "tree", repo_id=MODEL, token=origin.alice) == masked(told)
    # What is on the last page is known to be there, and what is on none is not.
    paths = [told[0]["path"], told[-1]["path"], "nowhere"]
    found = call(home / "3", server.url, "paths_info", repo_id=MODEL, paths=paths, token=origin.alice)
    assert [one["path"] for one in found] == paths[:2]
    assert resolve(server, "nowhere", token=origin.alice).status == 404
    assert_missing(resolve(server, told[-1]["path"], token=origin.alice))


@CLIENT
@XET
def test_official_clients(site, origin, home, interpreter, xet):
    options = {"token": origin.alice, "interpreter": interpreter, "xet": xet}
    server = site.start()
    for path in in_xet(origin):
        site.keep(path)
    online = call(home / "1", server.url, "snapshot", repo_id=MODEL, **options)
    assert online == {path: digest(file.content) for path, file in files_of(origin, MODEL).items()}
    calls = [
        ("info", {"repo_id": MODEL}),
        ("tree", {"repo_id": MODEL}),
        ("refs", {"repo_id": MODEL}),
        ("paths_info", {"repo_id": MODEL, "paths": ["config.json", "random.bin", "nowhere"]}),
        ("listing", {"path": MODEL}),
        ("find", {"path": MODEL}),
    ]
    told = call_all(home / "2", server.url, calls, **options)
    assert not [one for one in told if "error" in one], told
    server = site.offline()
    for token in (origin.alice, None):
        options["token"] = token
        assert call_all(home / f"3{token}", server.url, calls, **options) == masked(told)
        found = call(home / f"4{token}", server.url, "snapshot", repo_id=MODEL, **options)
        assert found == online
        commit = origin.repositories["model", MODEL].commit_of("main")
        for revision in (None, commit):
            found = call(
                home / f"5{token}{revision}", server.url, "download", repo_id=MODEL, filename="random.bin", revision=revision,
                **options,
            )
            assert found == digest(file_of(origin, "random.bin").content)
    gone = call(home / "6", server.url, "download", repo_id=MODEL, filename="nowhere.bin", **options)
    assert gone["error"] in ("EntryNotFoundError", "RemoteEntryNotFoundError"), gone
    gone = call(home / "7", server.url, "info", repo_id=OTHER, **options)
    assert gone["status"] == 504 and "offline" in gone["message"], gone


def in_xet(origin, repository=MODEL):
    return sorted(path for path, file in files_of(origin, repository).items() if file.storage == "xet")


def test_a_dataset_with_folders(site, origin, home):
    server = site.start()
    options = {"token": origin.alice}
    path = next(path for path, file in files_of(origin, DATA, "dataset").items() if file.storage == "xet")
    content = files_of(origin, DATA, "dataset")[path].content

    def is_kept():
        origin.log.clear()
        assert_right(resolve(server, path, repository=DATA, kind="dataset", token=origin.alice), content)
        return not origin.log.all("cdn")

    wait_until(is_kept, message="it is not kept")
    reading = {"path": f"datasets/{DATA}/{path}", "size": 100_000}
    assert call(home / "1", server.url, "stream", **reading, **options) == digest(content)
    assert call(home / "2", server.url, "tree", repo_id=DATA, repo_type="dataset", **options)
    server = site.offline()
    assert call(home / "3", server.url, "stream", **reading, **options) == digest(content)


def test_who_is_permitted(site, origin):
    """A private repository is for those whose tokens were permitted, until the Hub refuses them; so are files of a gated one."""
    site.start()
    for repository in (PRIVATE, GATED):
        site.keep("random.bin", repository)
        assert fetch(site.server.url, api_target(repository=repository), token=origin.alice).status == 200
        for token in (origin.bob, None):
            assert resolve(site.server, "random.bin", "HEAD", token=token, repository=repository).status in (401, 403, 404)
    server = site.offline()
    for repository in (PRIVATE, GATED):
        content = file_of(origin, "random.bin", repository).content
        file = file_of(origin, "random.bin", repository)
        assert_right(resolve(server, "random.bin", token=origin.alice, repository=repository), content)
        assert_right(download_by_hash(server, origin, file, repo=repository), content)
        assert fetch(server.url, api_target(repository=repository), token=origin.alice).status == 200
        for token in (origin.bob, "hf_nobody", None):
            assert_missing(resolve(server, "random.bin", token=token, repository=repository))
            # That a gated repository is there the Hub tells everybody.
            got = fetch(server.url, api_target(repository=repository), token=token)
            assert got.status == (504 if repository == PRIVATE else 200)
            if token:
                assert_missing(download_by_hash(server, origin, file, token=token, repo=repository))
    site.online()
    origin.repositories["model", PRIVATE].readers = set()
    assert resolve(site.server, "random.bin", "HEAD", token=origin.alice, repository=PRIVATE).status == 404
    server = site.offline()
    assert_missing(resolve(server, "random.bin", token=origin.alice, repository=PRIVATE))
    assert_right(
        resolve(server, "random.bin", token=origin.alice, repository=GATED), file_of(origin, "random.bin", GATED).content
    )


def test_what_was_public_is_for_everyone(site, origin):
    server = site.start()
    site.keep("random.bin")
    assert fetch(server.url, api_target(), token=origin.alice).status == 200
    server = site.offline("--allow-anonymous")
    content = file_of(origin, "random.bin").content
    for token in (origin.alice, origin.bob, "hf_nobody", None):
        assert_right(resolve(server, "random.bin", token=token), content)
        assert fetch(server.url, api_target(), token=token).status == 200
    file = file_of(origin, "random.bin")
    assert_right(download_by_hash(server, origin, file, repo=MODEL), content)
    assert_missing(download_by_hash(server, origin, file, repo=OTHER))


def test_what_turned_private_is_no_longer_for_everyone(site, origin):
    server = site.start()
    site.keep("random.bin")
    assert fetch(server.url, api_target()).status == 200
    origin.repositories["model", MODEL].visibility = "private"
    origin.repositories["model", MODEL].readers = {"alice"}
    try:
        assert fetch(server.url, api_target(), token=origin.alice).status == 200
    finally:
        origin.repositories["model", MODEL].visibility = "public"
        origin.repositories["model", MODEL].readers = set()
    server = site.offline()
    assert_right(resolve(server, "random.bin", token=origin.alice), file_of(origin, "random.bin").content)
    assert_missing(resolve(server, "random.bin"))
    assert_missing(resolve(server, "random.bin", token=origin.bob))


def test_answers_are_given_as_they_came(site, origin):
    server = site.start()
    targets = [
        api_target(),
        api_target("revision", "main"),
        api_target("tree", "main"),
        api_target("tree", "main", query="?recursive=true&expand=true"),
        api_target("refs"),
        f"/{MODEL}/raw/main/config.json",
    ]
    known = [fetch(server.url, target, token=origin.alice) for target in targets]
    server = site.offline()
    for target, before in zip(targets, known, strict=True):
        got = fetch(server.url, target, token=origin.alice)
        assert (got.status, got.json(), got.header("X-Repo-Commit"), got.header("Content-Type")) == (
            before.status, masked(before.json()), before.header("X-Repo-Commit"), before.header("Content-Type"),
        ), target
        assert int(got.header("Age")) >= 0
    # Spelled otherwise it is the same question.
    for target in (
        api_target("tree", "main", query="?expand=false&recursive=false"),
        api_target("revision", "main", query="?blobs=false"),
        api_target("tree", "main", query="?recursive=True"),
    ):
        assert fetch(server.url, target, token=origin.alice).status == 200, target


def masked(value):
    """The same without hashes of files in XET, which lead to a CAS that nobody can ask."""
    if isinstance(value, dict):
        hashes = ("xetHash", "xet")
        return {name: "*" * 64 if name in hashes and inner else masked(inner) for name, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def test_a_branch_is_where_it_was_last_seen(site, origin):
    server = site.start()
    repository = origin.repositories["model", MODEL]
    first = repository.commit_of("main")
    site.keep("random.bin")
    site.keep("config.json")
    second = repository.commit_files("main", {**files_of(origin, MODEL), "config.json": PeerFile(b"{}", "regular")})
    assert fetch(server.url, api_target("revision", "main"), token=origin.alice).json()["sha"] == second
    server = site.offline()
    assert fetch(server.url, api_target("revision", second), token=origin.alice).status == 200
    assert_right(resolve(server, "random.bin", revision=first, token=origin.alice), file_of(origin, "random.bin").content)
    # At the commit that the branch is at now nobody has asked for it.
    assert_missing(resolve(server, "random.bin", token=origin.alice))


@pytest.mark.parametrize("away", ["gone", "503", "429"])
def test_the_hub_is_away_after_a_restart(site, origin, away):
    site.start()
    for path in ("random.bin", "config.json"):
        site.keep(path)
    assert fetch(site.server.url, api_target(), token=origin.alice).status == 200
    site.stop()
    if away == "gone":
        origin.hub.go_away()
    else:
        origin.hub.script(faults.status(int(away)), times=None)
    server = site.start()
    for path in ("random.bin", "config.json"):
        content = file_of(origin, path).content
        assert_right(resolve(server, path, token=origin.alice), content)
        assert_right(resolve(server, path, headers=XET_CLIENT, token=origin.alice), content)
        assert_right(download(server, origin, path), content)
    got = fetch(server.url, api_target(), token=origin.alice)
    assert got.status == 200 and int(got.header("Age")) >= 0
    assert resolve(server, "prose.txt", token=origin.alice).status in (429, 502, 503, 504)
    assert metrics_of(server, origin)("xet_hub_requests_saved_total", reason="archive") >= 7
    site.start("--hub-stale", "0s")
    assert resolve(site.server, "random.bin", token=origin.alice).status in (429, 502, 503, 504)
    origin.hub.clear_script()


def test_a_damaged_archive_is_begun_anew(site, origin):
    site.start()
    site.keep("random.bin")
    site.stop()
    archive = site.folder / "hub.sqlite"
    assert archive.stat().st_mode & 0o077 == 0
    for path in site.folder.glob("hub.sqlite*"):
        path.write_bytes(noise(8192, "damage")) if path == archive else path.unlink()
    server = site.start()
    assert "begun anew" in server.errors() or "forgotten" in server.errors(), server.errors()
    site.keep("random.bin")
    server = site.offline()
    assert_right(resolve(server, "random.bin", token=origin.alice), file_of(origin, "random.bin").content)


def test_no_token_is_kept(site, origin):
    site.start()
    for path in ("random.bin", "config.json", "lfs.bin"):
        resolve(site.server, path, token=origin.alice)
    fetch(site.server.url, api_target("xet-read-token", "main"), token=origin.alice)
    site.stop()
    kept = b"".join(path.read_bytes() for path in site.folder.glob("hub.sqlite*"))
    assert b"config.json" in kept
    for secret in (origin.alice, *origin.cas_side.tokens, *origin.cas_side.urls):
        assert secret.encode() not in kept
    # A place that is signed for a while.
    assert b"Signature" not in kept and b"X-Amz" not in kept


def test_warming_says_what_is_missing(site, xet, origin):
    server = site.start()
    assert_done(xet("warm", MODEL, "--through", server.url, token=origin.alice))
    server = site.offline()
    finished = xet("warm", MODEL, "--through", server.url, "--json", token=origin.alice)
    states = {line["path"]: line["state"] for line in map(json.loads, finished.stdout.splitlines()) if line["event"] == "file"}
    assert {states[path] for path in in_xet(origin)} <= {"kept", "plain"}, states
    finished = xet("warm", OTHER, "--through", server.url, token=origin.alice)
    assert finished.returncode != 0 and b"offline" in finished.stderr
