"""Servers at loopback and other private addresses: asked for the operator's own Hub, not where others lead."""

import pytest

import faults
from catalogue import MODEL, file_of
from endpoint_calls import get_xorb, spans_of
from expectations import assert_right, is_visible_failure
from http_probe import fetch, path_target
from proxy_calls import download
from xet_process import environment, run_xet

SPELLINGS = [
    "127.0.0.1",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "0x7f.0.0.1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "127.0.0.1.",
]
ELSEWHERE = ["169.254.169.254", "10.0.0.1", "[fd00::1]", "[fe80::1]", "100.64.0.1", "2852039166", "[64:ff9b::7f00:1]"]


def assert_refused(got):
    assert got.status == 502 and got.complete, got
    assert "--private-upstreams" in got.json()["error"], got


def asks_for(part, method="GET"):
    return lambda request: part in request.path and request.method == method


def test_a_private_hub_leads_to_private_servers(proxy, origin):
    for path in ("random.bin", "lfs.bin", "config.json"):
        assert_right(download(proxy, origin, path), file_of(origin, path).content)


def test_but_not_to_the_metadata_of_a_cloud(proxy, origin):
    for host in ("169.254.169.254", "2852039166", "[fe80::1]", "[::ffff:169.254.169.254]"):
        elsewhere = faults.status(302, [("Location", f"http://{host}/latest/meta-data")])
        origin.hub.script(elsewhere, when=asks_for("/resolve/", "HEAD"))
        assert_refused(download(proxy, origin, "config.json"))


def test_denied_the_hub_itself_is_asked_and_nobody_else(start_proxy, origin):
    server = start_proxy("--private-upstreams", "deny")
    assert_right(download(server, origin, "config.json"), file_of(origin, "config.json").content)
    for path in ("random.bin", "lfs.bin"):
        assert_refused(download(server, origin, path))
        assert download(server, origin, path, method="HEAD").status == 200
    assert not [r for r in origin.log.all() if r.server != "hub"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_whoever_leads_there(start_proxy, origin, host):
    """Redirects of HEAD, GET and token route, CAS addresses: each is looked at where it is connected to."""
    server = start_proxy("--private-upstreams", "deny")
    address = f"http://{host}:{origin.mirror.port}"
    redirect = faults.status(302, [("Location", f"{address}/plain/x")])
    for path, when in [
        ("random.bin", asks_for("/xet-read-token/")),
        ("config.json", asks_for("/resolve/", "HEAD")),
        ("config.json", asks_for("/resolve/")),
    ]:
        entry = origin.hub.script(redirect, times=None, when=when)
        assert_refused(download(server, origin, path))
        assert entry.uses
        origin.hub.clear_script()
    origin.hub.script(
        faults.json_body(lambda document: document.update(casUrl=address)), when=asks_for("/xet-read-token/"), times=None
    )
    assert_refused(download(server, origin, "random.bin", token=origin.bob))
    assert not origin.log.all("mirror")


@pytest.mark.parametrize("host", SPELLINGS + ELSEWHERE)
def test_signed_addresses(start_endpoint, origin, forward_proxy, host):
    server = start_endpoint()
    origin.cas_side.data_url = f"http://{host}:{origin.mirror.port}"
    assert is_visible_failure(download(server, origin, "random.bin"))
    _, url, ranges = spans_of(server, file_of(origin, "random.bin"))[0]
    assert_refused(get_xorb(server, url, ranges[:1]))
    assert "--private-upstreams" in server.errors()
    assert {request.host for request in forward_proxy.requests} == {"hub.invalid", "cas.invalid"}
    assert not origin.log.all("mirror")


@pytest.mark.parametrize("host", SPELLINGS + ELSEWHERE)
def test_a_hub_on_the_internet(start_endpoint, origin, forward_proxy, host):
    """It is reached through a forward proxy, which resolves names: what is written out is looked at."""
    server = start_endpoint()
    redirect = faults.status(302, [("Location", f"http://{host}:{origin.mirror.port}/latest")])
    for method, path in (("HEAD", "config.json"), ("GET", "config.json")):
        entry = origin.hub.script(redirect, times=None, when=asks_for("/resolve/", method))
        assert_refused(download(server, origin, path))
        assert entry.uses
        origin.hub.clear_script()
    assert {request.host for request in forward_proxy.requests} == {"hub.invalid"}
    assert not origin.log.all("mirror")
    assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)


def test_allowed(start_endpoint, origin):
    server = start_endpoint("--private-upstreams", "allow")
    origin.cas_side.data_url = origin.cdn.url
    assert_right(download(server, origin, "random.bin"), file_of(origin, "random.bin").content)


def test_a_hub_by_a_name_that_is_private(start_proxy, origin):
    """A CAS token may come from another proxy: where the Hub is has to be found out then."""
    hub = origin.url.replace("127.0.0.1", "localhost")
    key = {"XET_SIGNING_KEY": "a key of more than sixteen bytes"}
    first, second = (start_proxy(hub=hub, **key) for _ in range(2))
    token = fetch(first.url, f"/api/models/{MODEL}/xet-read-token/main", token=origin.alice).json()["accessToken"]
    file = file_of(origin, "random.bin")
    got = fetch(second.url, f"/v2/reconstructions/{file.stored.hash}", token=token)
    assert got.status == 200, got
    assert_right(download(second, origin, "random.bin"), file.content)


def test_command_line(xet_binary, origin, home, tmp_path):
    def run(*arguments):
        env = environment(home, HF_ENDPOINT=origin.url, HF_TOKEN=origin.alice)
        return run_xet(xet_binary, *arguments, "--output", tmp_path / "file", env=env)

    done = run("download", "--private-upstreams", "deny", MODEL, "random.bin")
    assert done.returncode == 5 and b"--private-upstreams" in done.stderr, done.stderr
    assert not origin.log.all("cas")
    assert run("download", "--private-upstreams", "perhaps", MODEL, "random.bin").returncode == 2
    assert run("download", MODEL, "random.bin").returncode == 0
