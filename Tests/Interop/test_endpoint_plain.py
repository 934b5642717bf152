"""Downloaders that know nothing of XET: curl, wget, aria2c, and plain requests on the Hub's resolve routes."""

import shutil
import subprocess

import pytest

from catalogue import DATA, LEGACY, MODEL, PRIVATE, RENAMED, SPACE, file_of
from endpoint_calls import PLAIN_CLIENT, XET_CLIENT, assert_no_other_address, resolve, resolve_target
from expectations import assert_right
from http_probe import fetch, target_of
from xet_process import environment

KINDS = ("random.bin", "scattered.bin", "lfs.bin", "config.json", "readme.md", "tiny.bin")
DESCRIBING = (
    "X-Repo-Commit",
    "ETag",
    "X-Linked-Size",
    "X-Linked-Etag",
    "X-Xet-Hash",
    "Accept-Ranges",
    "Content-Disposition",
)


def run(home, program, *arguments):
    """Runs a program of the system with no way to the origin but the address it is given."""
    path = shutil.which(program)
    assert path, f"{program} is not installed: scripts/setup.sh clients"
    return subprocess.run([path, *map(str, arguments)], env=environment(home), capture_output=True, timeout=100)


def run_well(home, program, *arguments):
    finished = run(home, program, *arguments)
    assert finished.returncode == 0, (finished.returncode, finished.stderr.decode()[-2000:], finished.stdout[-2000:])
    return finished


# Programs


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("options", [["-L"], []], ids=["follow", "as it is"])
def test_curl(endpoint, origin, home, path, options):
    out = home / "out"
    run_well(home, "curl", "-sSf", *options, "-o", out, endpoint.url + resolve_target(path))
    assert out.read_bytes() == file_of(origin, path).content


def test_curl_with_a_token(endpoint, origin, home):
    out = home / "out"
    bearer = f"Authorization: Bearer {origin.alice}"
    run_well(home, "curl", "-sSfL", "-H", bearer, "-o", out, endpoint.url + resolve_target("random.bin", PRIVATE))
    assert out.read_bytes() == file_of(origin, "random.bin", PRIVATE).content
    refused = run(home, "curl", "-sSfL", "-o", out, endpoint.url + resolve_target("random.bin", PRIVATE))
    assert refused.returncode == 22


@pytest.mark.parametrize("kind, repository", [("dataset", DATA), ("space", SPACE), ("model", LEGACY)])
def test_curl_on_other_repositories(endpoint, origin, home, kind, repository):
    out = home / "out"
    target = resolve_target("random.bin", repository, kind)
    run_well(home, "curl", "-sSf", "-o", out, endpoint.url + target + "?download=true")
    assert out.read_bytes() == file_of(origin, "random.bin", repository, kind).content


def test_curl_follows_a_new_name(endpoint, origin, home):
    out = home / "out"
    run_well(home, "curl", "-sSfL", "-o", out, endpoint.url + resolve_target("random.bin", RENAMED))
    assert out.read_bytes() == file_of(origin, "random.bin").content
    answer = resolve(endpoint, "random.bin", repository=RENAMED)
    assert answer.status == 307
    assert_no_other_address(answer, endpoint.url)


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("program", ["curl", "wget"])
def test_a_partial_file_is_resumed(endpoint, origin, home, program, path):
    content = file_of(origin, path).content
    out = home / "out"
    out.write_bytes(content[: len(content) // 3])
    options = ["-sSf", "-C", "-", "-o", out] if program == "curl" else ["-q", "-c", "-O", out]
    run_well(home, program, *options, endpoint.url + resolve_target(path))
    assert out.read_bytes() == content


def test_a_whole_file_is_not_resumed(endpoint, origin, home):
    content = file_of(origin, "random.bin").content
    out = home / "out"
    out.write_bytes(content)
    run_well(home, "wget", "-q", "-c", "-O", out, endpoint.url + resolve_target("random.bin"))
    assert out.read_bytes() == content
    got = resolve(endpoint, "random.bin", headers={"Range": f"bytes={len(content)}-"})
    assert got.status == 416 and got.header("Content-Range") == f"bytes */{len(content)}"


@pytest.mark.parametrize("path", ["large.bin", "lfs.bin"])
def test_aria2_with_many_connections(endpoint, origin, home, path):
    options = ["-q", "-x8", "-s8", "-k1M", "--min-split-size=1M", "--file-allocation=none", "--async-dns=false"]
    options += ["--max-tries=1", "-d", home, "-o", "out"]
    run_well(home, "aria2c", *options, endpoint.url + resolve_target(path))
    assert (home / "out").read_bytes() == file_of(origin, path).content


def test_aria2_goes_on(endpoint, origin, home):
    content = file_of(origin, "random.bin").content
    (home / "out").write_bytes(content[:1_000_000])
    options = ["-q", "-c", "--file-allocation=none", "--async-dns=false", "--max-tries=1", "-d", home, "-o", "out"]
    run_well(home, "aria2c", *options, endpoint.url + resolve_target("random.bin"))
    assert (home / "out").read_bytes() == content
    starts = [int(request.range.removeprefix("bytes=").split("-")[0]) for request in origin.log.all("cas")]
    # aria2 asks for the whole file first, to see how large it is, and leaves; then for the rest, from a multiple of 16 KiB.
    assert starts.count(0) <= 1 and all(start == 0 or start >= 999_000 for start in starts)
    assert any(999_000 <= start <= 1_000_000 for start in starts), "what is there already is not asked for"


# HEAD and GET


@pytest.mark.parametrize("headers", [PLAIN_CLIENT, XET_CLIENT], ids=["plain client", "xet client"])
@pytest.mark.parametrize(
    "path", [*KINDS, "empty-xet.bin", "empty.txt", "folder with space/ünter#ordner/100%/file?.bin"]
)
def test_head_is_complete(endpoint, origin, path, headers):
    file = file_of(origin, path)
    direct = fetch(origin.url, resolve_target(path), "HEAD")
    origin.log.clear()
    got = resolve(endpoint, path, "HEAD", headers)
    assert got.status == 200
    assert got.header("Content-Length") == str(file.size)
    for name in DESCRIBING:
        assert got.header(name) == direct.header(name), name
    assert got.header("Content-Encoding") is None
    if file.storage == "xet":
        route = f"{endpoint.url}/api/models/{MODEL}/xet-read-token/{direct.header('X-Repo-Commit')}"
        information = f"{endpoint.url}/v1/reconstructions/{file.stored.hash}"
        links = dict(link.split("; rel=") for link in got.header("Link").split(", "))
        assert links == {f"<{route}>": '"xet-auth"', f"<{information}>": '"xet-reconstruction-info"'}
    else:
        assert got.header("Link") is None
    assert [(r.server, r.method) for r in origin.log.all()] == [("hub", "HEAD")], "one HEAD of the Hub and no more"


@pytest.mark.parametrize("path", [*KINDS, "empty-xet.bin", "empty.txt"])
def test_get_agrees_with_head(endpoint, origin, path):
    head = resolve(endpoint, path, "HEAD")
    got = resolve(endpoint, path)
    assert_right(got, file_of(origin, path).content)
    for name in (*DESCRIBING, "Content-Length", "Link"):
        assert got.header(name) == head.header(name), name
    assert_no_other_address(got, endpoint.url)


def test_answers_are_not_compressed(endpoint, origin):
    for headers in ({"Accept-Encoding": "gzip, deflate, br"}, {"Accept-Encoding": "gzip", "Range": "bytes=5-99"}):
        got = resolve(endpoint, "readme.md", headers=headers)
        assert got.header("Content-Encoding") is None
        content = file_of(origin, "readme.md").content
        assert got.body == (content[5:100] if "Range" in headers else content)
    assert {r.headers.get("accept-encoding", "identity") for r in origin.log.all("hub")} == {"identity"}


@pytest.mark.parametrize("path", KINDS)
def test_ranges(endpoint, origin, path):
    content = file_of(origin, path).content
    size = len(content)
    for field, start, end in (
        ("bytes=0-0", 0, 1),
        (f"bytes=0-{size + 5}", 0, size),
        (f"bytes={size // 2}-", size // 2, size),
        ("bytes=-3", size - 3, size),
        (f"bytes={size - 1}-{size - 1}", size - 1, size),
    ):
        got = resolve(endpoint, path, headers={"Range": field})
        assert_right(got, content[start:end], 206)
        assert got.header("Content-Range") == f"bytes {start}-{end - 1}/{size}", field
        assert got.header("ETag") == resolve(endpoint, path, "HEAD").header("ETag")
    got = resolve(endpoint, path, headers={"Range": f"bytes={size}-"})
    assert got.status == 416 and got.header("Content-Range") == f"bytes */{size}"


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin", "readme.md"])
def test_conditions(endpoint, origin, path):
    content = file_of(origin, path).content
    etag = resolve(endpoint, path, "HEAD").header("ETag")
    assert etag.startswith('"')
    assert_right(resolve(endpoint, path, headers={"Range": "bytes=7-9", "If-Range": etag}), content[7:10], 206)
    assert_right(resolve(endpoint, path, headers={"Range": "bytes=7-9", "If-Range": '"other"'}), content)
    for method in ("GET", "HEAD"):
        for value in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            got = resolve(endpoint, path, method, {"If-None-Match": value})
            assert (got.status, got.body, got.header("ETag")) == (304, b"", etag), (method, value)
    assert_right(resolve(endpoint, path, headers={"If-None-Match": '"other"'}), content)


# Two answers


@pytest.mark.parametrize("path", ["random.bin", "empty-xet.bin"])
def test_a_xet_client_is_told_where_to_go(endpoint, origin, path):
    """It gets all it needs to fetch the chunks itself, and an address of the bytes."""
    head = resolve(endpoint, path, "HEAD")
    got = resolve(endpoint, path, headers=XET_CLIENT)
    assert got.status == 302, got
    for name in ("X-Repo-Commit", "ETag", "X-Linked-Size", "X-Linked-Etag", "X-Xet-Hash", "Link"):
        assert got.header(name) == head.header(name), name
    assert not origin.log.all("cas") and not origin.log.all("cdn")
    assert_no_other_address(got, endpoint.url)
    location = got.header("Location")
    assert location.startswith((endpoint.url + "/", "/")) and not location.startswith("//")
    bytes_of_it = fetch(endpoint.url, target_of(location), headers=XET_CLIENT)
    assert_right(bytes_of_it, file_of(origin, path).content)
    content = file_of(origin, path).content
    if content:
        part = fetch(endpoint.url, target_of(location), headers={**XET_CLIENT, "Range": "bytes=0-99"})
        assert_right(part, content[:100], 206)


@pytest.mark.parametrize("path", ["config.json", "lfs.bin"])
def test_other_files_are_bytes_for_every_client(endpoint, origin, path):
    got = resolve(endpoint, path, headers=XET_CLIENT)
    if got.status == 302:
        got = fetch(endpoint.url, target_of(got.header("Location")), headers=XET_CLIENT)
    assert_right(got, file_of(origin, path).content)


def test_private_bytes_need_the_token_at_every_step(endpoint, origin):
    got = resolve(endpoint, "random.bin", headers=XET_CLIENT, token=origin.alice, repository=PRIVATE)
    assert got.status == 302
    location = target_of(got.header("Location"))
    whole = fetch(endpoint.url, location, headers=XET_CLIENT, token=origin.alice)
    assert_right(whole, file_of(origin, "random.bin", PRIVATE).content)
    for method in ("GET", "HEAD"):
        assert resolve(endpoint, "random.bin", method, repository=PRIVATE).status == 401
        assert resolve(endpoint, "random.bin", method, token=origin.bob, repository=PRIVATE).status == 404
