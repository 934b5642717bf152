"""nginx with static files, as a data host that nobody here has written."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from http_peer import wait_until

BINARY = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")

CONFIGURATION = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    log_format ranges '$status $http_range';
    access_log {folder}/access.log ranges;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
    }}
}}
"""


class NginxHost:
    """Serves `files`, contents by path, from `folder`."""

    def __init__(self, folder, files):
        self.folder = Path(folder)
        for path, content in files.items():
            file = self.folder / "files" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        configuration = self.folder / "nginx.conf"
        # Workers of another user could not read the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        configuration.write_text(CONFIGURATION.format(folder=self.folder, port=self.port, user=user))
        self.process = subprocess.Popen(
            [BINARY, "-c", str(configuration), "-e", str(self.folder / "error.log")], stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, message="nginx does not answer")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self):
        """The (status, Range) of each finished request."""
        lines = (self.folder / "access.log").read_text().splitlines()
        return [(int(status), text) for status, _, text in (line.partition(" ") for line in lines)]

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait()
