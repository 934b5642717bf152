"""What a service manager is told over NOTIFY_SOCKET (sd_notify)."""

import contextlib
import os
import socket

import pytest

from http_probe import fetch
from xet_process import XetServer, environment, run_xet

PATIENCE = 30.0


class Manager:
    """The socket of a service manager: a path, or with `@` a name in the abstract namespace."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(PATIENCE)

    def next(self):
        """The assignments of the next message."""
        lines = self.socket.recv(65536).decode("utf-8").split("\n")
        return dict(line.split("=", 1) for line in lines)

    def is_silent(self):
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.socket.recv(65536)
            return False
        return True


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    name = str(tmp_path / "notify") if request.param == "path" else f"@xet-{os.getpid()}-{tmp_path.name}"
    manager = Manager(name)
    yield manager
    manager.socket.close()


def test_ready_and_stopping(xet_binary, home, manager):
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0"]
    server = XetServer(xet_binary, arguments, environment(home, NOTIFY_SOCKET=manager.name))
    ready = manager.next()
    assert ready["READY"] == "1"
    assert str(server.port) in ready["STATUS"]
    assert fetch(server.url, "/health").status == 200
    assert server.stop() == 0
    assert manager.next()["STOPPING"] == "1"
    assert manager.is_silent()


def test_a_server_that_cannot_listen_is_never_ready(xet_binary, home, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_xet(
            xet_binary,
            *("proxy", "--host", "127.0.0.1", "--port", port),
            env=environment(home, NOTIFY_SOCKET=manager.name),
        )
    assert result.returncode == 1
    assert manager.is_silent()
    manager.socket.close()


@pytest.mark.parametrize("name", ["/nobody/listens/here", "@nobody-listens-here", "@", "relative", "/" + "long" * 40])
def test_a_manager_that_cannot_be_reached_is_no_reason_to_fail(start_proxy, name):
    server = start_proxy(NOTIFY_SOCKET=name)
    assert fetch(server.url, "/health").status == 200
