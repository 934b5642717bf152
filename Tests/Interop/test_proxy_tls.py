"""TLS and HTTP/2: one port for both versions, certificates that are renewed, streams that end as they should."""

import os
import signal
import socket
import ssl
import subprocess

import pytest
import trustme

import faults
from catalogue import MODEL, file_of
from contents import noise
from expectations import assert_right
from http2_probe import HTTP2Client
from http_peer import wait_until
from http_probe import address_of, fetch, fetch_raw, open_exchange, path_target, request_bytes
from xet_process import XetServer, environment, run_xet

BIG_REPOSITORY = "acme/streams"
BIG_SIZE = 48_000_000


@pytest.fixture(scope="module")
def big_content(filled_origin):
    content = noise(BIG_SIZE, "streams")
    filled_origin.add_repository(BIG_REPOSITORY, {"big.bin": filled_origin.xet_file(content, compression="none")})
    return content


class Certificates:
    """Certificate and key of a server, and the authority that its clients trust."""

    def __init__(self, folder):
        self._authority = trustme.CA()
        self.authority = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.authority)
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        self.renew()

    def renew(self):
        issued = self._authority.issue_cert("127.0.0.1", "localhost")
        self.replace(self.certificate, b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        self.replace(self.key, issued.private_key_pem.bytes())

    @staticmethod
    def replace(path, content):
        """As who renews certificates does it: the new file takes the place of the old one."""
        fresh = path.with_suffix(".new")
        fresh.write_bytes(content)
        os.replace(fresh, path)

    @property
    def options(self):
        return ["--tls-certificate", str(self.certificate), "--tls-key", str(self.key)]

    def connect(self, server):
        context = ssl.create_default_context(cafile=self.authority)
        plain = socket.create_connection(address_of(server.url), timeout=20)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")

    def presented(self, server):
        """What the server shows a new client."""
        with self.connect(server) as connection:
            return connection.getpeercert(binary_form=True)


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path)


@pytest.fixture
def secure(start_proxy, certificates):
    return start_proxy(*certificates.options)


def curl(server, certificates, target, *options, scheme="https"):
    """(version, status, body) that curl got."""
    command = ["curl", "-sS", "--max-time", "60", "-w", "%{stderr}%{http_version} %{http_code}", *options]
    if certificates is not None:
        command += ["--cacert", str(certificates.authority)]
    done = subprocess.run([*command, f"{scheme}://127.0.0.1:{server.port}{target}"], capture_output=True)
    assert done.returncode == 0, done.stderr
    version, status = done.stderr.decode().split()
    return version, int(status), done.stdout


def bearer(origin):
    return ("-H", f"Authorization: Bearer {origin.alice}")


def client(server, certificates):
    return HTTP2Client(address_of(server.url), certificates.authority)


@pytest.mark.parametrize("option, version", [("--http1.1", "1.1"), ("--http2", "2")])
@pytest.mark.parametrize("path", ["random.bin", "large.bin", "readme.md"])
def test_downloads_over_tls(secure, certificates, origin, option, version, path):
    target = path_target("download", MODEL, path)
    got = curl(secure, certificates, target, option, *bearer(origin))
    assert got == (version, 200, file_of(origin, path).content)


def test_a_range_over_http2(secure, certificates, origin):
    target = path_target("download", MODEL, "random.bin")
    content = file_of(origin, "random.bin").content
    got = curl(secure, certificates, target, "--http2", "-r", "1000-2000999", *bearer(origin))
    assert got == ("2", 206, content[1000:2_001_000])


def test_answers_name_the_proxy_by_its_secure_address(secure, certificates, origin):
    target = f"/{MODEL}/resolve/main/random.bin"
    _, status, head = curl(secure, certificates, target, "--http2", "-I", *bearer(origin))
    links = [line for line in head.decode().split("\r\n") if line.lower().startswith("link:")]
    assert status == 200 and links
    assert f"<https://127.0.0.1:{secure.port}/" in links[0] and "http://" not in links[0]


def test_the_ready_line_names_the_scheme(secure):
    assert f"ready on https://127.0.0.1:{secure.port}" in secure.errors()


def test_who_does_not_speak_tls_gets_nothing(secure, certificates):
    with socket.create_connection(address_of(secure.url), timeout=20) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: proxy\r\n\r\n")
        assert b"HTTP/1.1 200" not in plain.recv(1000)
    assert curl(secure, certificates, "/health")[1] == 200


def test_a_handshake_that_does_not_come_is_not_waited_for(start_proxy, certificates):
    server = start_proxy(*certificates.options, "--idle-timeout", "1s")
    with socket.create_connection(address_of(server.url), timeout=20) as silent:
        assert silent.recv(1) == b""


def test_a_renewed_certificate_is_used_without_a_restart(secure, certificates, origin):
    before = certificates.presented(secure)
    with client(secure, certificates) as old:
        certificates.renew()
        wait_until(lambda: certificates.presented(secure) != before)
        assert old.finish(old.get("/health")).status == 200
    assert curl(secure, certificates, "/health")[1] == 200


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"])
def test_a_bad_certificate_does_not_replace_a_good_one(secure, certificates, content):
    before = certificates.presented(secure)
    certificates.replace(certificates.certificate, content)
    wait_until(lambda: "the one before stays" in secure.errors())
    assert certificates.presented(secure) == before
    certificates.renew()
    wait_until(lambda: certificates.presented(secure) != before)


def test_a_certificate_without_its_key_is_refused_at_start(xet_binary, certificates, origin, home, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    options = ["--tls-certificate", certificates.certificate, "--tls-key", Certificates(other).key]
    done = run_xet(xet_binary, "proxy", "--port", "0", "--hub-endpoint", origin.url, *options, env=environment(home))
    assert done.returncode != 0
    assert b"key" in done.stderr


def test_several_downloads_on_one_connection(secure, certificates, origin):
    paths = ["random.bin", "prose.txt", "floats.bin", "scattered.bin", "tiny.bin"]
    with client(secure, certificates) as connection:
        streams = {path: connection.get(path_target("download", MODEL, path), origin.alice) for path in paths}
        for path, stream in streams.items():
            assert connection.finish(stream).ending == "end"
            assert (stream.status, bytes(stream.body)) == (200, file_of(origin, path).content)


def test_a_stream_that_its_client_resets_is_let_go(secure, certificates, origin, big_content):
    with client(secure, certificates) as connection:
        stream = connection.get(path_target("download", BIG_REPOSITORY, "big.bin"), origin.alice)
        connection.paused.add(stream.number)
        assert connection.receive_until(lambda: stream.body)
        wait_until(lambda: origin.open_requests("cdn") or origin.log.all("cdn"))
        connection.reset(stream)
        wait_until(lambda: not origin.open_requests(), message="upstream requests still open")
        assert origin.sent_bytes("cdn") < BIG_SIZE
        other = connection.finish(connection.get(path_target("download", MODEL, "random.bin"), origin.alice))
        assert (other.ending, bytes(other.body)) == ("end", file_of(origin, "random.bin").content)


def test_a_download_that_breaks_off_never_ends_its_stream(secure, certificates, origin):
    origin.cdn.script(faults.flipped(-1), times=None)
    with client(secure, certificates) as connection:
        stream = connection.finish(connection.get(path_target("download", MODEL, "large.bin"), origin.alice))
        assert stream.ending == "reset"
        assert stream.status == 200
        assert 0 < len(stream.body) < len(file_of(origin, "large.bin").content)
        origin.cdn.clear_script()
        other = connection.finish(connection.get(path_target("download", MODEL, "random.bin"), origin.alice))
        assert (other.ending, bytes(other.body)) == ("end", file_of(origin, "random.bin").content)


def test_a_download_that_breaks_off_over_tls_is_short(secure, certificates, origin):
    origin.cdn.script(faults.flipped(-1), times=None)
    content = file_of(origin, "large.bin").content
    with certificates.connect(secure) as connection:
        request = request_bytes(
            path_target("download", MODEL, "large.bin"), headers={"Authorization": f"Bearer {origin.alice}"}
        )
        connection.sendall(request)
        received = bytearray()
        while data := connection.recv(256 * 1024):
            received += data
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    assert f"content-length: {len(content)}" in head.decode().lower()
    assert 0 < len(body) < len(content)


def test_a_running_stream_ends_whole_when_the_proxy_stops(xet_binary, certificates, origin, home, big_content):
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.url, *certificates.options]
    server = XetServer(xet_binary, arguments, environment(home))
    try:
        with client(server, certificates) as connection, client(server, certificates) as idle:
            assert idle.finish(idle.get("/health")).status == 200
            stream = connection.get(path_target("download", BIG_REPOSITORY, "big.bin"), origin.alice)
            assert connection.receive_until(lambda: stream.body)
            server.process.send_signal(signal.SIGTERM)
            assert connection.receive_until(lambda: connection.is_going_away)
            assert stream.ending is None
            assert connection.finish(stream).ending == "end"
            assert bytes(stream.body) == big_content
            assert not connection.receive_until(lambda: False)
            assert idle.is_going_away or idle.receive_until(lambda: idle.is_going_away)
        assert server.process.wait(30) == 0
    finally:
        server.process.kill()
        server.process.wait()


def test_the_end_of_a_stream_waits_for_its_window(xet_binary, certificates, origin, home):
    """The proxy has nothing left but what waits for the window, and is told to stop."""
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", origin.url, *certificates.options]
    server = XetServer(xet_binary, arguments, environment(home))
    content = file_of(origin, "padding.bin").content[:200_000]
    target = path_target("download", MODEL, "padding.bin")
    try:
        with client(server, certificates) as connection:
            stream = connection.get(target, origin.alice, [("range", "bytes=0-199999")])
            connection.paused.add(stream.number)
            assert connection.receive_until(lambda: len(stream.body) == 65535)
            server.process.send_signal(signal.SIGTERM)
            assert connection.receive_until(lambda: connection.is_going_away)
            connection.paused.remove(stream.number)
            connection.open_window(stream, len(stream.body))
            assert connection.finish(stream).ending == "end"
            assert bytes(stream.body) == content
        assert server.process.wait(30) == 0
    finally:
        server.process.kill()
        server.process.wait()


def test_http2_without_tls_only_where_it_is_wanted(start_proxy, origin):
    target = path_target("download", MODEL, "random.bin")
    content = file_of(origin, "random.bin").content
    wanted = start_proxy("--h2c")
    assert curl(wanted, None, target, "--http2-prior-knowledge", *bearer(origin), scheme="http") == ("2", 200, content)
    assert curl(wanted, None, target, "--http1.1", *bearer(origin), scheme="http") == ("1.1", 200, content)
    assert_right(fetch(wanted.url, target, token=origin.alice), content)
    usual = start_proxy()
    assert fetch_raw(usual.url, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status in (400, 505, None)


def test_a_client_that_leaves_a_connection_of_either_kind(start_proxy, origin, big_content):
    server = start_proxy("--h2c")
    target = path_target("download", BIG_REPOSITORY, "big.bin")
    with HTTP2Client(address_of(server.url)) as connection:
        stream = connection.get(target, origin.alice)
        connection.paused.add(stream.number)
        assert connection.receive_until(lambda: stream.body)
    with open_exchange(server.url, target, token=origin.alice, receive_buffer=65536) as exchange:
        assert exchange.read_head() and exchange.status == 200
    wait_until(lambda: not origin.open_requests(), message="upstream requests still open")
