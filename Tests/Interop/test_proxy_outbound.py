"""The ways out: forward proxies, exceptions to them, and who may vouch for servers."""

import base64
import os
import socket
import subprocess

import pytest

from catalogue import MODEL, file_of
from command_line import listed_files
from expectations import assert_right
from forward_proxy import ForwardProxy
from proxy_calls import download
from secure_origin import SecureOrigin
from xet_process import environment, run_xet

HIDDEN = {"hub.invalid", "cas.invalid", "cdn.invalid"}
CREDENTIALS = "user:p@ss/word"
ENCODED = "user:p%40ss%2Fword"
AUTHORIZATION = "Basic " + base64.b64encode(CREDENTIALS.encode()).decode()


@pytest.fixture
def secure(origin, tmp_path):
    server = SecureOrigin(origin, tmp_path)
    yield server
    server.stop()


@pytest.fixture
def start_forward_proxy():
    """Starts forward proxies: `start(names, require_auth=…)`."""
    running = []

    def start(names, **options):
        running.append(ForwardProxy(names, **options))
        return running[-1]

    yield start
    for proxy in running:
        proxy.stop()


@pytest.fixture
def xet(xet_binary, origin, home, tmp_path):
    """Runs `xet` as alice."""

    def run(*arguments, **variables):
        return run_xet(xet_binary, *arguments, env=environment(home, HF_TOKEN=origin.alice, **variables))

    return run


def assert_refused(got, *words):
    """An error that says why, and was not asked for again and again."""
    assert got.status == 502, got
    for word in words:
        assert word in got.json()["error"], got


def unused_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


# Plain HTTP: the whole URL


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_http_goes_through_the_proxy(start_proxy, origin, forward_proxy, variable):
    server = start_proxy(hub=origin.public_url, **{variable: forward_proxy.url})
    for path in ("scattered.bin", "lfs.bin", "config.json"):
        assert_right(download(server, origin, path), file_of(origin, path).content)
    assert {request.host for request in forward_proxy.requests} == HIDDEN
    for request in forward_proxy.requests:
        assert request.target.startswith("http://"), request
        assert request.headers["host"] == request.host
        assert "proxy-authorization" not in request.headers


def test_a_large_file_over_many_connections(start_proxy, origin, forward_proxy):
    server = start_proxy(hub=origin.public_url, HTTP_PROXY=forward_proxy.url)
    assert_right(download(server, origin, "large.bin"), file_of(origin, "large.bin").content)


def test_lower_case_wins(start_proxy, origin, forward_proxy):
    unused = f"http://127.0.0.1:{unused_port()}"
    server = start_proxy(hub=origin.public_url, http_proxy=forward_proxy.url, HTTP_PROXY=unused, ALL_PROXY=unused)
    assert_right(download(server, origin, "tiny.bin"), file_of(origin, "tiny.bin").content)


def test_credentials_go_to_the_proxy_alone(start_proxy, origin, start_forward_proxy):
    forward = start_forward_proxy(origin.hide(), require_auth=CREDENTIALS)
    server = start_proxy(hub=origin.public_url, HTTP_PROXY=forward.url_with(ENCODED))
    assert_right(download(server, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    assert all(request.headers["proxy-authorization"] == AUTHORIZATION for request in forward.requests)
    for request in origin.log.all():
        assert not [name for name in request.headers if name.startswith("proxy-")], request
        assert AUTHORIZATION not in request.headers.values()
    for secret in (CREDENTIALS, ENCODED, AUTHORIZATION):
        assert secret not in server.errors()


@pytest.mark.parametrize("credentials", [None, "user:wrong"])
def test_a_proxy_that_refuses_the_credentials(start_proxy, origin, start_forward_proxy, credentials):
    forward = start_forward_proxy(origin.hide(), require_auth=CREDENTIALS)
    url = forward.url if credentials is None else forward.url_with(credentials)
    server = start_proxy("--log-level", "info", hub=origin.public_url, HTTP_PROXY=url)
    assert_refused(download(server, origin, "tiny.bin"), f"the proxy {forward.url} wants a user and a password")
    assert not origin.log.all()
    assert len(forward.requests) <= 2, "once for the file, once for the CAS token"
    assert "wrong" not in server.errors()


def test_a_proxy_that_is_not_there(start_proxy, origin):
    origin.hide()
    unused = f"http://127.0.0.1:{unused_port()}"
    server = start_proxy(hub=origin.public_url, HTTP_PROXY=unused)
    assert_refused(download(server, origin, "tiny.bin"), "hub.invalid", f"through the proxy {unused}")


# Exceptions


@pytest.mark.parametrize("exceptions", ["127.0.0.1", "10.0.0.0/8, 127.0.0.0/8", "*", "hub.example 127.0.0.1"])
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_exceptions_are_asked_directly(start_proxy, origin, start_forward_proxy, variable, exceptions):
    forward = start_forward_proxy({})
    server = start_proxy(ALL_PROXY=forward.url, **{"NO_PROXY": None, variable: exceptions})
    assert_right(download(server, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    assert not forward.requests


def test_only_the_named_hosts_are_exceptions(start_proxy, origin, start_forward_proxy):
    """The Hub directly, by its port; all else through the proxy."""
    forward = start_forward_proxy({"127.0.0.1": origin.cas.port})
    server = start_proxy(HTTP_PROXY=forward.url, NO_PROXY=f"127.0.0.1:{origin.hub.port},127.0.0.1:{origin.cdn.port}")
    assert_right(download(server, origin, "tiny.bin"), file_of(origin, "tiny.bin").content)
    assert {request.target.split("/")[2] for request in forward.requests} == {f"127.0.0.1:{origin.cas.port}"}


def test_without_variables_there_is_no_proxy(start_proxy, origin):
    server = start_proxy(NO_PROXY=None)
    assert_right(download(server, origin, "tiny.bin"), file_of(origin, "tiny.bin").content)


# TLS: who vouches


def test_an_unknown_authority_is_refused(start_proxy, origin, secure):
    server = start_proxy(hub=secure.hub_url)
    assert_refused(download(server, origin, "tiny.bin"), secure.hub_url, "is not trusted", "--ca-file")
    server = start_proxy("--ca-file", secure.other_file, hub=secure.hub_url)
    assert_refused(download(server, origin, "tiny.bin"), secure.hub_url, "is not trusted", "--ca-file")
    assert not origin.log.all(), "nothing was sent to it"


@pytest.mark.parametrize("way", ["option", "environment", "both"])
def test_an_authority_can_be_named(start_proxy, origin, secure, start_forward_proxy, way):
    options = [] if way == "environment" else ["--ca-file", secure.authority_file]
    file = {"option": None, "environment": secure.authority_file, "both": secure.other_file}[way]
    forward = start_forward_proxy(secure.names)
    server = start_proxy(*options, hub=secure.hub_url, SSL_CERT_FILE=file, HTTPS_PROXY=forward.url)
    for path in ("scattered.bin", "lfs.bin", "config.json"):
        assert_right(download(server, origin, path), file_of(origin, path).content)


def test_a_certificate_of_another_host_is_refused(start_proxy, origin, tmp_path):
    secure = SecureOrigin(origin, tmp_path, certificate_names=("other.invalid",))
    try:
        server = start_proxy("--ca-file", secure.authority_file, hub=secure.hub_url)
        assert_refused(download(server, origin, "tiny.bin"), secure.hub_url, "another host")
        assert not origin.log.all()
    finally:
        secure.stop()


# TLS: tunnels


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_goes_through_tunnels(start_proxy, origin, secure, start_forward_proxy, variable):
    forward = start_forward_proxy(secure.names, require_auth=CREDENTIALS)
    variables = {variable: forward.url_with(ENCODED)}
    server = start_proxy("--ca-file", secure.authority_file, hub="https://hub.invalid", **variables)
    for path in ("large.bin", "lfs.bin", "config.json"):
        assert_right(download(server, origin, path), file_of(origin, path).content)
    assert {request.target for request in forward.requests} == {f"{name}:443" for name in HIDDEN}
    for request in forward.requests:
        assert request.method == "CONNECT"
        assert request.headers["proxy-authorization"] == AUTHORIZATION
        assert "authorization" not in request.headers, "tokens go to their host alone"
    for request in origin.log.all():
        assert AUTHORIZATION not in request.headers.values()


def test_the_end_of_a_tunnel_is_checked_too(start_proxy, origin, secure, start_forward_proxy):
    forward = start_forward_proxy(secure.names)
    server = start_proxy(hub="https://hub.invalid", HTTPS_PROXY=forward.url)
    assert_refused(download(server, origin, "tiny.bin"), "https://hub.invalid", "is not trusted", "--ca-file")
    assert not origin.log.all()


def test_a_tunnel_that_is_refused(start_proxy, origin, secure, start_forward_proxy):
    forward = start_forward_proxy({}, require_auth=CREDENTIALS)
    server = start_proxy(hub="https://hub.invalid", HTTPS_PROXY=forward.url)
    assert_refused(download(server, origin, "tiny.bin"), f"the proxy {forward.url} wants a user and a password")
    server = start_proxy(hub="https://hub.invalid", HTTPS_PROXY=forward.url_with(ENCODED))
    assert_refused(download(server, origin, "tiny.bin"), f"https://hub.invalid through the proxy {forward.url}")


# Other commands


def test_download_and_list_take_the_same_ways(xet, origin, secure, start_forward_proxy, tmp_path):
    forward = start_forward_proxy(secure.names)
    variables = {"HF_ENDPOINT": "https://hub.invalid", "HTTPS_PROXY": forward.url}
    target = tmp_path / "out.bin"
    done = xet("download", MODEL, "scattered.bin", "-o", target, "--ca-file", secure.authority_file, **variables)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == file_of(origin, "scattered.bin").content
    done = xet("list", MODEL, "--json", SSL_CERT_FILE=secure.authority_file, **variables)
    assert done.returncode == 0, done.stderr
    assert "scattered.bin" in listed_files(done.stdout)
    failed = xet("list", MODEL, **variables)
    assert failed.returncode == 5
    assert b"the certificate of https://hub.invalid is not trusted" in failed.stderr and b"--ca-file" in failed.stderr


# What cannot be used is told at the start


@pytest.mark.parametrize(
    ("options", "variables", "words"),
    [
        (["--ca-file", "{folder}/missing.pem"], {}, ["missing.pem", "cannot be read"]),
        (["--ca-file", "{folder}/empty"], {}, ["empty", "no certificates"]),
        ([], {"SSL_CERT_FILE": "{folder}/missing.pem"}, ["missing.pem", "cannot be read"]),
        ([], {"SSL_CERT_FILE": "{folder}/empty"}, ["empty", "no certificates"]),
        ([], {"HTTPS_PROXY": "socks5://user:hidden@proxy"}, ["HTTPS_PROXY", "http://"]),
        ([], {"http_proxy": "https://user:hidden@proxy"}, ["http_proxy", "http://"]),
        (["--public-url", "proxy.example"], {}, ["--public-url", "proxy.example"]),
        (["--public-url", "https://proxy.example/?x=1"], {}, ["--public-url"]),
        (["--trusted-proxy", "10.0.0.0/8,proxy.example"], {}, ["--trusted-proxy", "proxy.example"]),
        (["--allow", "acme/*", "--allow", "a/b/c"], {}, ["--allow", "a/b/c"]),
        (["--deny", "acme/*,datasets"], {}, ["--deny", "datasets"]),
        (["--signing-key-file", "{folder}/missing"], {}, ["missing", "cannot be read"]),
        (["--signing-key-file", "{folder}/short"], {}, ["short", "15 bytes", "at least 16"]),
        ([], {"XET_SIGNING_KEY": "hidden"}, ["XET_SIGNING_KEY", "6 bytes", "at least 16"]),
    ],
)
def test_settings_that_cannot_be_used(xet, tmp_path, options, variables, words):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "short").write_bytes(b"fifteen letters\r\n")
    options = [option.format(folder=tmp_path) for option in options]
    variables = {name: value.format(folder=tmp_path) for name, value in variables.items()}
    failed = xet("proxy", "--host", "127.0.0.1", "--port", "0", *options, **variables)
    message = failed.stderr.decode()
    assert failed.returncode == 2, message
    for word in words:
        assert word in message, message
    assert "hidden" not in message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take the system's certificates away")
@pytest.mark.skipif(not os.path.exists("/usr/bin/unshare"), reason="no unshare")
def test_a_system_without_certificates(xet_binary, origin, secure, home, tmp_path):
    """As in an image that holds the program alone."""
    empty = tmp_path / "empty"
    empty.mkdir()
    hidden = ["/etc/ssl", "/etc/pki"]
    script = " && ".join(f"(! test -d {path} || mount --bind {empty} {path})" for path in hidden) + ' && exec "$@"'

    def run(*options):
        command = ["unshare", "--mount", "sh", "-c", script, "sh", xet_binary, "list", MODEL, "--json", *options]
        env = environment(home, HF_ENDPOINT=secure.hub_url, HF_TOKEN=origin.alice)
        return subprocess.run([str(word) for word in command], env=env, capture_output=True, timeout=60)

    failed = run()
    if b"Operation not permitted" in failed.stderr:
        pytest.skip("no mount namespaces here")
    assert failed.returncode == 5
    assert b"this system has no certificates" in failed.stderr and b"--ca-file" in failed.stderr
    done = run("--ca-file", secure.authority_file)
    assert done.returncode == 0, done.stderr
    assert "tiny.bin" in listed_files(done.stdout)
