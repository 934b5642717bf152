"""What is no answer of a Hub: pages on the way there, files that are others than those that were asked for."""

import pytest

import faults
from catalogue import MODEL, file_of
from endpoint_calls import resolve
from expectations import assert_right, assert_visible_failure
from http_peer import Response
from proxy_calls import assert_alive, download
from xet_process import environment, run_xet

PAGE = b"<html><body>Please log in.</body></html>" * 20


def page(request, response):
    """What a captive portal says to everything."""
    return Response(200, [("Content-Type", "text/html")], PAGE)


def assert_refused(got, *words):
    assert got.status == 502 and got.complete, got
    for word in words:
        assert word in got.json()["error"], got


@pytest.fixture
def xet(xet_binary, origin, home):
    def run(*arguments):
        env = environment(home, HF_ENDPOINT=origin.url, HF_TOKEN=origin.alice)
        return run_xet(xet_binary, *arguments, env=env)

    return run


@pytest.mark.parametrize("path", ["config.json", "readme.md", "lfs.bin", "random.bin"])
def test_a_page_in_place_of_the_hub(proxy, origin, path):
    origin.hub.script(page, times=None)
    assert_refused(download(proxy, origin, path), "X-Repo-Commit")
    assert_refused(resolve(proxy, path, token=origin.alice), "X-Repo-Commit")
    assert resolve(proxy, path, "HEAD", token=origin.alice).status == 502
    assert_alive(proxy, origin)


@pytest.mark.parametrize("name", ["X-Repo-Commit", "ETag"])
@pytest.mark.parametrize("path", ["config.json", "random.bin"])
def test_what_every_hub_says(proxy, origin, path, name):
    for field in {name, {"ETag": "X-Linked-Etag"}.get(name, name)}:
        origin.hub.script(faults.header(field, None), times=None, when=lambda r: r.method == "HEAD")
    assert_refused(download(proxy, origin, path), name)
    assert_refused(resolve(proxy, path, token=origin.alice), name)


@pytest.mark.parametrize("portal", ["redirect", "redirect in place of the file"])
def test_a_portal_that_redirects(proxy, origin, portal):
    elsewhere = faults.status(302, [("Location", origin.mirror.url + "/login")])
    origin.mirror.script(page, times=None)
    origin.hub.script(elsewhere, times=None, when=lambda r: portal == "redirect" or r.method == "GET")
    got = download(proxy, origin, "readme.md")
    assert_visible_failure(got, file_of(origin, "readme.md").content)


@pytest.mark.parametrize("path", ["config.json", "readme.md"])
@pytest.mark.parametrize(
    "fault",
    [
        page,
        faults.header("X-Repo-Commit", None),
        faults.header("ETag", '"another"'),
        lambda q, r: faults.header("ETag", None)(q, faults.header("X-Repo-Commit", "0" * 40)(q, r)),
    ],
    ids=["page", "no commit", "other tag", "other commit"],
)
def test_the_bytes_are_of_the_same_file(proxy, origin, path, fault):
    origin.hub.script(fault, times=None, when=lambda r: r.method == "GET")
    assert_refused(download(proxy, origin, path))
    assert_refused(download(proxy, origin, path, headers={"Range": "bytes=1-5"}))
    assert_alive(proxy, origin)


def test_the_same_file_in_a_later_commit(proxy, origin):
    """Somebody may write to the branch between the two requests; the entity tag tells whether that concerns the file."""
    origin.hub.script(faults.header("X-Repo-Commit", "f" * 40), times=None, when=lambda r: r.method == "GET")
    assert_right(download(proxy, origin, "readme.md"), file_of(origin, "readme.md").content)


def test_a_page_in_place_of_a_token(proxy, origin):
    origin.hub.script(page, times=None, when=lambda r: "/xet-read-token/" in r.path)
    assert_refused(download(proxy, origin, "random.bin"), "no CAS token")


def test_command_line(xet, origin, tmp_path):
    target = tmp_path / "file"
    origin.hub.script(page, times=None)
    for path in ("config.json", "random.bin"):
        done = xet("download", MODEL, path, "--output", target)
        assert done.returncode == 5 and b"X-Repo-Commit" in done.stderr, done.stderr
        assert not target.exists()
    done = xet("list", MODEL)
    assert done.returncode == 5 and b"no listing" in done.stderr and not done.stdout, done.stderr
