"""What `xet origin` answers as a Hub beside files: names in another case, lists, commits, raw files."""

import hashlib

import pytest

from command_line import access_text, origin_options
from contents import noise
from http_probe import fetch, path_target
from official_clients import CLIENT, XET, call, run_command_line
from xet_process import XetServer, environment

LARGE = noise(300_000, "hub")
REPOSITORIES = {
    ("model", "Acme/Demo-Model"): {"large.bin": LARGE, "small.txt": b"small", "sub/x.txt": b"x"},
    ("model", "acme/beta"): {"x.txt": b"1"},
    ("model", "zeta/beta-two"): {"x.txt": b"2"},
    ("model", "Acme/Secret"): {"x.txt": b"3"},
    ("dataset", "Acme/Data"): {"x.txt": b"4"},
    ("space", "Acme/App"): {"app.py": b"5"},
}
ALICE, BOB = "hf_alice0123456789abcdef", "hf_bob0123456789abcdef"
SECRET = ("model", "Acme/Secret")
VISIBLE = ["Acme/Demo-Model", "acme/beta", "zeta/beta-two"]


@pytest.fixture(scope="module")
def served(xet_binary, tmp_path_factory):
    folder, home = tmp_path_factory.mktemp("hub-folder"), tmp_path_factory.mktemp("hub-home")
    for (kind, repository), files in REPOSITORIES.items():
        for path, content in files.items():
            target = folder / f"{kind}s" / repository / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    access = home / "tokens"
    access.write_text(access_text({ALICE: [SECRET], BOB: []}, {SECRET: "private"}))
    options = origin_options(folder, tmp_path_factory.mktemp("hub-data"), 100_000, access)
    server = XetServer(xet_binary, options, environment(home))
    yield server
    assert server.is_running, server.errors()
    server.stop()


def hashes(files):
    return {path: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for path, content in files.items()}


@XET
@CLIENT
@pytest.mark.parametrize("name", ["acme/demo-model", "ACME/DEMO-MODEL", "Acme/demo-Model"])
def test_names_in_another_case(served, home, xet, interpreter, name):
    wanted = hashes(REPOSITORIES[("model", "Acme/Demo-Model")])
    assert call(home, served.url, "snapshot", interpreter=interpreter, xet=xet, repo_id=name) == wanted
    got = call(home, served.url, "download", interpreter=interpreter, xet=xet, repo_id=name, filename="large.bin")
    assert got == wanted["large.bin"]
    assert call(home, served.url, "info", interpreter=interpreter, repo_id=name)["id"] == "Acme/Demo-Model"


@pytest.mark.parametrize("query", ["", "?a=b%20c&d=/e"])
def test_redirects_keep_all_else(served, query):
    for prefix, kind, own in [
        ("", "models", "Acme/Demo-Model"),
        ("datasets/", "datasets", "Acme/Data"),
        ("spaces/", "spaces", "Acme/App"),
    ]:
        other = own.swapcase()
        for target in (
            "/{prefix}{name}/resolve/main/a%20b/c%2Fd%3F.bin",
            "/{prefix}{name}/raw/refs%2Fheads%2Fmain/x",
            "/api/{kind}/{name}",
            "/api/{kind}/{name}/revision/main",
            "/api/{kind}/{name}/tree/main/sub%20dir",
            "/api/{kind}/{name}/refs",
            "/api/{kind}/{name}/commits/main",
            "/api/{kind}/{name}/xet-read-token/main",
        ):
            for method in ("GET", "HEAD"):
                got = fetch(served.url, target.format(prefix=prefix, kind=kind, name=other) + query, method)
                assert got.status == 307, (target, got)
                assert got.header("Location") == target.format(prefix=prefix, kind=kind, name=own) + query
    got = fetch(served.url, "/api/models/acme/demo-model/paths-info/main", "POST", body=b"paths=small.txt")
    assert (got.status, got.header("Location")) == (307, "/api/models/Acme/Demo-Model/paths-info/main")


@CLIENT
def test_another_case_shows_nothing_private(served, home, interpreter):
    for token in (None, BOB):
        for name in ("acme/secret", "Acme/Secret"):
            got = call(
                home, served.url, "download", token=token, interpreter=interpreter, repo_id=name, filename="x.txt"
            )
            assert got.get("error") == "RepositoryNotFoundError"
    none = fetch(served.url, path_target("api", "models", "acme/none"), token=BOB)
    hidden = fetch(served.url, path_target("api", "models", "acme/secret"), token=BOB)
    assert (none.status, none.body) == (hidden.status, hidden.body) == (404, none.body)
    got = call(
        home, served.url, "download", token=ALICE, interpreter=interpreter, repo_id="acme/secret", filename="x.txt"
    )
    assert got == hashes({"x": b"3"})["x"]


@CLIENT
def test_lists(served, home, interpreter):
    def search(kind, token=None, **filters):
        return call(home, served.url, "search", token=token, interpreter=interpreter, kind=kind, **filters)

    assert search("model") == VISIBLE
    assert search("model", token=BOB) == VISIBLE
    assert search("model", token=ALICE) == ["Acme/Demo-Model", "Acme/Secret", "acme/beta", "zeta/beta-two"]
    assert search("dataset") == ["Acme/Data"] and search("space") == ["Acme/App"]
    assert search("model", search="beta") == ["acme/beta", "zeta/beta-two"]
    assert search("model", search="SECRET") == []
    assert search("model", author="acme") == ["Acme/Demo-Model", "acme/beta"]
    assert search("model", author="acme", search="demo") == ["Acme/Demo-Model"]
    assert search("model", limit=2) == VISIBLE[:2]
    assert search("model", full=True) == VISIBLE
    assert search("model", filter="text-generation") == []
    assert sorted(search("model", sort="last_modified")) == VISIBLE


def test_lists_page_by_page(served):
    for query in ("limit=1", "limit=1&full=True&search=a", "limit=1&sort=lastModified&author=acme"):
        target, seen = f"/api/models?{query}", []
        while target:
            got = fetch(served.url, target, token=ALICE)
            assert got.status == 200 and len(got.json()) == 1
            seen += [entry["id"] for entry in got.json()]
            link = got.header("Link")
            target = link and link.split("<")[1].split(">")[0].removeprefix(served.url)
        whole = fetch(served.url, f"/api/models?{query.replace('limit=1', 'limit=1000')}", token=ALICE).json()
        assert seen == [entry["id"] for entry in whole] and len(seen) > 1
    full = fetch(served.url, "/api/models?full=True&search=demo").json()[0]
    assert [sibling["rfilename"] for sibling in full["siblings"]] == ["large.bin", "small.txt", "sub/x.txt"]
    assert "siblings" not in fetch(served.url, "/api/models?search=demo").json()[0]
    for bad in ("limit=0", "limit=-1", "limit=x", "sort=none", "cursor=acme/none", "cursor=Acme/Secret"):
        assert fetch(served.url, f"/api/models?{bad}").status == 400, bad
    assert fetch(served.url, "/api/models", token="hf_nobody").status == 401


@CLIENT
def test_commits(served, home, interpreter):
    sha = call(home, served.url, "info", interpreter=interpreter, repo_id="Acme/Demo-Model")["sha"]
    for options in ({}, {"revision": sha}, {"formatted": True}):
        found = call(home, served.url, "commits", interpreter=interpreter, repo_id="acme/demo-model", **options)
        assert [commit["id"] for commit in found] == [sha] and found[0]["authors"]
    got = call(home, served.url, "commits", interpreter=interpreter, repo_id="Acme/Demo-Model", revision="none")
    assert got["error"] == "RevisionNotFoundError"
    info = call(home, served.url, "file_system_info", interpreter=interpreter, path="Acme/Demo-Model/large.bin")
    assert info == {"size": len(LARGE), "commit": sha}


def test_raw_is_what_git_has(served):
    pointer = fetch(served.url, path_target("Acme/Demo-Model", "raw", "main", "large.bin"))
    sha256 = hashlib.sha256(LARGE).hexdigest()
    assert pointer.body.decode() == f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 300000\n"
    small = fetch(served.url, path_target("Acme/Demo-Model", "raw", "main", "small.txt"))
    assert (small.status, small.body) == (200, b"small")
    assert fetch(served.url, path_target("Acme/Secret", "raw", "main", "x.txt")).status == 401


@CLIENT
def test_whoami(served, home, interpreter):
    assert call(home, served.url, "whoami", token=ALICE, interpreter=interpreter)["name"] == "user0"
    env = environment(home, HF_ENDPOINT=served.url, HF_TOKEN=ALICE)
    finished = run_command_line(interpreter, env, "auth", "whoami")
    assert finished.returncode == 0, finished.stderr
    assert "user0" in finished.stdout
