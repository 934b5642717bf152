"""HTTP as RFC 9110 and 9112 have it, at proxy and origin alike, with TLS and without, byte by byte."""

import json
import socket
import ssl
import subprocess

import pytest
import trustme

from command_line import origin_options
from contents import noise
from http2_probe import HTTP2Client
from xet_process import XetServer, environment

LARGE = noise(700_000, "http")
SMALL = b"a small file\n"
TARGET = "/acme/model/resolve/main/small.txt"
TOKEN = "hf_http0123456789abcdef"
DEADLINE = 20
"""Seconds after which a connection counts as one that hangs."""


class Server:
    """A running server and the way to talk to it in bytes."""

    def __init__(self, process, authority=None):
        self.process = process
        self.port = process.port
        self._context = None if authority is None else ssl.create_default_context(cafile=authority)
        self.url = f"{'http' if authority is None else 'https'}://127.0.0.1:{self.port}"
        self.host = f"127.0.0.1:{self.port}"
        self.authority = authority

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        return plain if self._context is None else self._context.wrap_socket(plain, server_hostname="127.0.0.1")

    def exchange(self, request):
        """All that comes until the server closes the connection."""
        with self.connect() as connection:
            connection.sendall(request.encode("latin-1") if isinstance(request, str) else request)
            return read_all(connection)

    def ask(self, target=TARGET, method="GET", headers="", version="1.1"):
        return f"{method} {target} HTTP/{version}\r\nHost: {self.host}\r\n{headers}\r\n"


def read_all(connection):
    parts = []
    while piece := connection.recv(65536):
        parts.append(piece)
    return b"".join(parts)


def read_until(connection, end):
    data = b""
    while end not in data:
        piece = connection.recv(65536)
        assert piece, f"the connection ended after {data!r}"
        data += piece
    return data


def status_of(answer):
    assert answer.startswith(b"HTTP/1."), f"no answer: {answer[:100]!r}"
    return int(answer.split(b" ", 2)[1])


def head_of(answer):
    return answer.partition(b"\r\n\r\n")[0].decode("latin-1").lower()


def body_of(answer):
    return answer.partition(b"\r\n\r\n")[2]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http-tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    paths = folder / "authority.pem", folder / "certificate.pem", folder / "key.pem"
    authority.cert_pem.write_to_path(paths[0])
    issued.private_key_pem.write_to_path(paths[2])
    paths[1].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http-folder")
    repository = folder / "models" / "acme" / "model"
    repository.mkdir(parents=True)
    (repository / "small.txt").write_bytes(SMALL)
    (repository / "large.bin").write_bytes(LARGE)
    return folder


@pytest.fixture(scope="module")
def servers(xet_binary, folder, certificates, tmp_path_factory):
    """An origin and a proxy in front of it, each with TLS and without."""
    authority, certificate, key = certificates
    tls = ["--tls-certificate", str(certificate), "--tls-key", str(key)]
    started = {}

    def start(arguments):
        server = XetServer(xet_binary, arguments, environment(tmp_path_factory.mktemp("http-home")))
        return server

    for name, options, trusted in [("plain", [], None), ("tls", tls, authority)]:
        data = tmp_path_factory.mktemp("http-data")
        started["origin", name] = Server(start([*origin_options(folder, data, 100_000), *options]), trusted)
    hub = started["origin", "plain"].url
    for name, options, trusted in [("plain", [], None), ("tls", tls, authority)]:
        arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", hub, "--allow-writes", *options]
        started["proxy", name] = Server(start(arguments), trusted)
    yield started
    for server in started.values():
        assert server.process.is_running, server.process.errors()
    for key in reversed(started):
        started[key].process.stop()


@pytest.fixture(params=["proxy-plain", "proxy-tls", "origin-plain", "origin-tls"])
def server(request, servers):
    return servers[tuple(request.param.split("-"))]


# The end of a connection


@pytest.mark.parametrize(
    "value", ["close", "Close", "CLOSE", "keep-alive, close", "close, te", "te,  ClOsE ,x", "x\r\nConnection: close"]
)
def test_every_spelling_of_close_ends_the_connection(server, value):
    answer = server.exchange(server.ask(headers=f"Connection: {value}\r\n"))
    assert status_of(answer) == 200
    assert "connection: close" in head_of(answer)
    assert body_of(answer) == SMALL


@pytest.mark.parametrize("headers", ["", "Connection: keep-alive\r\n"])
@pytest.mark.parametrize("target", [TARGET, "/acme/model/resolve/main/large.bin", "/api/models/acme/model"])
def test_http_1_0_gets_one_answer_without_chunks(server, target, headers):
    answer = server.exchange(server.ask(target, headers=headers, version="1.0"))
    assert status_of(answer) in (200, 302)
    assert "transfer-encoding" not in head_of(answer)
    if target == TARGET:
        assert body_of(answer) == SMALL


def test_a_client_without_a_host_is_one_of_http_1_0(server):
    answer = server.exchange(f"GET {TARGET} HTTP/1.0\r\n\r\n")
    assert status_of(answer) in (200, 400)


def test_requests_one_behind_the_other(server):
    both = server.ask() + server.ask("/no/such/resolve/main/file") + server.ask(headers="Connection: close\r\n")
    answer = server.exchange(both)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert answer.count(SMALL) == 2
    assert answer.index(SMALL) < answer.index(b"HTTP/1.1 40")


# What is no request


@pytest.mark.parametrize(
    "status, request_text",
    [
        (400, "GET {target} HTTP/1.1\r\n\r\n"),
        (400, "GET {target} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"),
        (400, "GET {target} HTTP/1.1\r\nHost: {host}\r\nhost: other.example\r\n\r\n"),
        (400, "GET {target} HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (400, "GET {target} HTTP/1.1\r\nHost: user@{host}\r\n\r\n"),
        (400, "GET http://other.example{target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        (400, "GET http://{host}{target} HTTP/1.1\r\n\r\n"),
        (501, "POST {target} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (400, "POST {target} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
        (400, "POST {target} HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, "POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, "POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        (505, "GET {target} HTTP/2.0\r\nHost: {host}\r\n\r\n"),
        (400, "GET {target} HTTP/1.1\r\nHost: {host}\r\nBad Name: x\r\n\r\n"),
        (417, "POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nExpect: miracles\r\n\r\nx"),
        (501, "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    ],
)
def test_what_is_no_request_gets_its_status_and_the_end(server, status, request_text):
    answer = server.exchange(request_text.format(target=TARGET, host=server.host))
    assert status_of(answer) == status
    assert "connection: close" in head_of(answer)
    assert b'"error"' in body_of(answer) or b'"error":' in answer


@pytest.mark.parametrize("chunks", ["x\r\n", "-5\r\n", "3\r\nabcd\r\n", "FFFFFFFFFFFFFFFFF\r\n", "\r\n"])
def test_malformed_chunks(server, chunks):
    begin = f"POST /api/models/acme/model/paths-info/main HTTP/1.1\r\nHost: {server.host}\r\n"
    answer = server.exchange(begin + "Transfer-Encoding: chunked\r\n\r\n3\r\npat\r\n" + chunks)
    assert status_of(answer) == 400


def test_an_absolute_target_is_a_path(server):
    scheme = server.url.partition(":")[0]
    target = f"{scheme}://{server.host}{TARGET}"
    answer = server.exchange(server.ask(target, headers="Connection: close\r\n"))
    assert status_of(answer) == 200
    assert body_of(answer) == SMALL


# Bodies


def write_token(server):
    """A CAS token that may write, and what a client has to send along."""
    path = "/api/models/acme/model/xet-write-token/main"
    answer = server.exchange(server.ask(path, headers=f"Authorization: Bearer {TOKEN}\r\nConnection: close\r\n"))
    assert status_of(answer) == 200, answer
    fields = dict(line.split(": ", 1) for line in answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
    return {name.lower(): value for name, value in fields.items()}["x-xet-access-token"]


def upload(server, token, size, expectation="100-continue"):
    return (
        f"POST /v1/shards HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {size}\r\nExpect: {expectation}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("expectation", ["100-continue", "100-Continue"])
def test_who_wants_a_body_says_so(server, expectation):
    body = b"this is no shard"
    with server.connect() as connection:
        connection.sendall(upload(server, write_token(server), len(body), expectation))
        assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(body)
        assert status_of(read_until(connection, b"\r\n\r\n")) == 400


def test_who_does_not_want_a_body_answers_at_once(server):
    with server.connect() as connection:
        connection.sendall(upload(server, "no-token", 1000))
        answer = read_all(connection)
    assert status_of(answer) == 401
    assert "connection: close" in head_of(answer)


def test_curl_uploads_without_waiting(server, tmp_path):
    """curl waits a second for its 100 before it sends a body of this size."""
    body = tmp_path / "body"
    body.write_bytes(b"x" * 2_000_000)
    options = ["--cacert", str(server.authority)] if server.authority else []
    got = subprocess.run(
        ["curl", "-sv", "--http1.1", "-X", "POST", "--data-binary", f"@{body}", *options,
         "-H", f"Authorization: Bearer {write_token(server)}", f"{server.url}/v1/shards"],
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert b"HTTP/1.1 400" in got.stderr
    assert b"Done waiting for 100-continue" not in got.stderr


@pytest.mark.parametrize("name", ["proxy", "origin"])
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_body_whose_length_nobody_announces(servers, name, version):
    server = servers[name, "tls"]
    got = subprocess.run(
        ["curl", "-s", version, "--cacert", str(server.authority), "-X", "POST", "-T", "-",
         "-H", "Content-Type: application/x-www-form-urlencoded", "-w", "\n%{http_version} %{http_code}",
         f"{server.url}/api/models/acme/model/paths-info/main"],
        input=b"paths=small.txt&expand=false", capture_output=True, timeout=60,
    )  # fmt: skip
    body, _, status = got.stdout.decode().rpartition("\n")
    assert status == ("2 200" if version == "--http2" else "1.1 200"), got
    assert [entry["path"] for entry in json.loads(body)] == ["small.txt"]


@pytest.mark.parametrize("name", ["proxy", "origin"])
@pytest.mark.parametrize(
    "status, headers",
    [
        (200, []),
        (400, [("host", "other.example")]),
        (417, [("expect", "miracles")]),
        (200, [("expect", "100-continue")]),
    ],
)
def test_what_http_2_asks_of_a_request(servers, name, status, headers):
    server = servers[name, "tls"]
    with HTTP2Client(("127.0.0.1", server.port), server.authority) as client:
        client.connection.config.validate_outbound_headers = False
        stream = client.finish(client.get(TARGET, headers=headers))
        assert (stream.status, stream.ending) == (status, "end")
        # The connection is none the worse for it.
        again = client.finish(client.get(TARGET))
        assert (again.status, bytes(again.body)) == (200, SMALL)


# HEAD


@pytest.mark.parametrize(
    "target", [TARGET, "/acme/model/resolve/main/large.bin", "/api/models/acme/model", "/no/such/resolve/main/x"]
)
def test_head_says_what_get_would(server, target):
    with server.connect() as connection:
        connection.sendall(server.ask(target, "HEAD").encode())
        head = head_of(read_until(connection, b"\r\n\r\n"))
        if " 404 " not in head.splitlines()[0]:
            assert "content-length: 0" not in head
        # What comes next is the answer to the next request.
        connection.sendall(server.ask(headers="Connection: close\r\n").encode())
        assert status_of(read_all(connection)) == 200


# Clients


def test_apache_bench(servers):
    for name in ("proxy", "origin"):
        url = servers[name, "plain"].url + TARGET
        for options in ([], ["-k"]):
            got = subprocess.run(["ab", *options, "-n", "5", "-c", "2", "-s", "15", url], capture_output=True, timeout=90)
            assert got.returncode == 0, got.stderr
            assert b"Complete requests:      5" in got.stdout
            assert b"Failed requests:        0" in got.stdout
