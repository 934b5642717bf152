"""`xet health`: an exit status for whoever watches over a server, and one line for a person."""

import socket
import ssl

import pytest
import trustme

from http_peer import PeerServer, RequestLog, Response
from xet_process import environment, run_xet


@pytest.fixture
def server():
    """A server whose answers tests set: `server.status`."""
    log = RequestLog()
    server = PeerServer("proxy", lambda _: Response(server.status, [("Location", "/well")]), log)
    server.status = 200
    yield server
    server.stop()


@pytest.fixture
def health(xet_binary, home):
    """Runs `xet health`; the result is its exit status and its one line."""

    def run(*arguments, **variables):
        result = run_xet(xet_binary, "health", *arguments, env=environment(home, **variables))
        said, other = (result.stdout, result.stderr) if result.returncode == 0 else (result.stderr, result.stdout)
        assert other == b""
        return result.returncode, said.decode("utf-8").rstrip("\n")

    return run


def test_a_proxy_that_serves(health, proxy):
    assert health(PORT=proxy.port) == (0, f"http://127.0.0.1:{proxy.port}/health answered 200")


@pytest.mark.parametrize("arguments, path", [((), "/health"), (("--ready",), "/readyz")])
def test_what_is_asked(health, server, arguments, path):
    status, line = health("--url", server.url + "/below/", *arguments)
    assert (status, line) == (0, f"{server.url}/below{path} answered 200")
    (request,) = server.log.all()
    assert (request.method, request.target) == ("GET", "/below" + path)
    assert request.authorization is None


@pytest.mark.parametrize("code", [204, 301, 307, 404, 500, 503])
def test_other_answers(health, server, code):
    server.status = code
    status, line = health("--url", server.url)
    assert status == (0 if code == 204 else 1)
    assert line.endswith(f"answered {code}") and "\n" not in line
    assert len(server.log.all()) == 1, "no redirect is followed, nothing is tried again"


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "localhost", "", None])
def test_the_address_of_the_environment(health, server, host):
    status, _ = health(HOST=host, PORT=server.port)
    assert status == 0


def test_an_ipv6_address(health):
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    port = listener.getsockname()[1]
    listener.close()
    for host in ("::", "::1"):
        status, line = health(HOST=host, PORT=port)
        assert status == 1
        assert f"http://[::1]:{port}/health cannot be reached" in line


def test_nobody_listens(health):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert health(PORT=port) == (1, f"xet: http://127.0.0.1:{port}/health cannot be reached: Connection refused")


def test_nobody_answers(health):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        status, line = health("--timeout", "1", PORT=port)
    assert (status, line) == (1, f"xet: http://127.0.0.1:{port}/health gave no answer in 1 s")


def test_a_certificate_of_an_unknown_authority(health, server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("proxy.example").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    status, _ = health("--url", f"https://127.0.0.1:{server.port}")
    assert status == 0


def test_a_proxy_for_other_hosts_is_not_used(health, server):
    status, _ = health("--url", server.url, HTTP_PROXY="http://127.0.0.1:1", NO_PROXY=None)
    assert status == 0


@pytest.mark.parametrize(
    "arguments, variables",
    [
        (("--url", "ftp://127.0.0.1"), {}),
        (("--url", "127.0.0.1:8080"), {}),
        (("--timeout", "0"), {}),
        (("--timeout", "soon"), {}),
        ((), {"PORT": "0"}),
        ((), {"PORT": "none"}),
    ],
)
def test_what_makes_no_sense(health, arguments, variables):
    status, line = health(*arguments, **variables)
    assert status == 2
    assert "xet: " in line
