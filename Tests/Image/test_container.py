"""The image at work: as a user without rights, over a root that cannot be written to."""

import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import trustme

from container import Container, SharedNetwork

STOP_DEADLINE = 5.0
DRAIN_DEADLINE = 40.0
PROXY = ("proxy", "--allow-anonymous", "--hub-endpoint", "http://origin:9000")
FILE = "http://127.0.0.1:8080/download/acme/demo/model.bin"


def mount_options(pid, place):
    with open(f"/proc/{pid}/mountinfo") as lines:
        mounts = {fields[4]: fields[5].split(",") for fields in map(str.split, lines)}
    return mounts[place]


def test_a_verified_download(start, network, origin, content):
    proxy = start(PROXY)
    assert "ro" in mount_options(proxy.pid, "/")
    assert network.get(FILE) == content


def test_health(start, image, network):
    proxy = start(image.settings["Cmd"])
    _, *command = image.settings["Healthcheck"]["Test"]
    well = proxy.run(*command)
    assert (well.returncode, well.stdout) == (0, "http://127.0.0.1:8080/health answered 200\n")
    proxy.terminate()
    assert proxy.wait(STOP_DEADLINE) == 0, proxy.errors()
    unwell = proxy.run(*command)
    assert unwell.returncode == 1
    assert "Connection refused" in unwell.stderr


def test_a_download_outlives_the_signal(start, network, origin, content):
    proxy = start(PROXY)
    # Slow enough that the buffers of the sockets are full from here to the end.
    command = network.inside("curl", "-fsSN", "--limit-rate", "32M", FILE)
    client = subprocess.Popen(command, stdout=subprocess.PIPE)
    received = client.stdout.read(1 << 20)
    proxy.terminate()
    received += client.stdout.read()
    assert client.wait(DRAIN_DEADLINE) == 0
    assert received == content
    assert proxy.wait(STOP_DEADLINE) == 0, proxy.errors()


class SecureHub:
    """A server over TLS that refuses everything; `requests` counts what it was asked."""

    def __init__(self):
        self.authority = trustme.CA()
        hub, self.requests = self, 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                hub.requests += 1
                self.send_response(401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.mark.parametrize("vouched", [True, False])
def test_the_certificates_of_the_image_are_used(image, tmp_path, vouched):
    hub = SecureHub()
    bundle = tmp_path / "bundle.pem"
    hub.authority.cert_pem.write_to_path(bundle)
    mounts = [(bundle, "/etc/ssl/certs/ca-certificates.crt", "ro")] if vouched else []
    container = Container(image, tmp_path, SharedNetwork(), ["proxy", "--port", "0"], mounts=mounts)
    try:
        container.wait_until_ready()
        result = container.run("/xet", "list", "acme/demo", "--hub-endpoint", hub.url)
    finally:
        container.close()
        hub.close()
    assert result.returncode == 5
    assert (hub.requests > 0) == vouched
    assert ("not trusted" in result.stderr) == (not vouched), result.stderr


def test_buildah_runs_it(image):
    def buildah(*arguments):
        command = ["buildah", "--storage-driver", "vfs", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    created = buildah("from", f"docker-archive:{image.archive}")
    assert created.returncode == 0, created.stderr
    name = created.stdout.split()[-1]
    try:
        version = buildah("run", "--isolation", "chroot", name, "/xet", "--version")
        health = buildah("run", "--isolation", "chroot", name, "/xet", "health", "--url", "http://127.0.0.1:1")
    finally:
        buildah("rm", name)
    assert version.returncode == 0, version.stderr
    assert version.stdout.strip()
    assert health.returncode == 1
    assert "cannot be reached" in health.stderr
