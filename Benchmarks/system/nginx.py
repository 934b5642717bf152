"""nginx as the address of the upstream: xorbs from memory as a CDN gives them, everything else from the origin."""

import os
import re
import shutil
import signal
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from line import Line
from processes import BenchError, start, wait_until

DEADLINE = 20.0
PACED_PIECE = 512 * 1024
"""nginx waits after each piece that it sent, so a capped answer has to go out in pieces small beside its rate."""
LATENCY_MODULES = ("ndk_http_module.so", "ngx_http_lua_module.so")

CONFIGURATION = """\
{modules}
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    log_format bytes '$bytes_sent';
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    output_buffers 2 1m;
    keepalive_timeout 600s;
    keepalive_requests 1000000;
    client_max_body_size 0;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    open_file_cache max=1000 inactive=600s;
    upstream origin {{
        server {origin};
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location = /ready {{ return 200 '{name}'; }}
        location /plain/ {{ alias {plain}/; }}
        location ~ '^/xorb-bytes/(?<folder>[0-9a-f]{{2}})(?<rest>[0-9a-f]{{62}})$' {{
            {latency}
            {rate}
            {log}
            alias {xorbs}/$folder/$folder$rest.xorb;
        }}
        {store}
        location / {{
            {latency}
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_set_header Host $http_host;
            proxy_buffers 8 256k;
            proxy_buffer_size 64k;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"""

STORE = """\
        location /store/ {{
            proxy_pass {endpoint}/;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_buffers 8 256k;
            proxy_buffer_size 64k;
            proxy_max_temp_file_size 0;
        }}
"""


@dataclass(frozen=True)
class Network:
    """How the upstream behaves: bytes per second of each CDN answer, seconds before each answer of Hub, CAS, CDN.

    `line` is what lies between it and its clients; `store` is an address that it gives as `/store/` too.
    """

    name: str = "unlimited"
    bytes_per_second: int | None = None
    latency: float = 0.0
    counts_bytes: bool = False
    line: Line | None = None
    store: str | None = None


def program():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def version():
    told = subprocess.run([program(), "-v"], capture_output=True, text=True, check=True)
    return re.search(r"nginx/([\d.]+)", told.stderr)[1]


def module_folder():
    """Where the loadable modules are, by what nginx was built with."""
    told = subprocess.run([program(), "-V"], capture_output=True, text=True, check=True)
    match = re.search(r"--modules-path=(\S+)", told.stderr)
    return Path(match[1]) if match else Path("/usr/lib/nginx/modules")


def has_latency_modules():
    return all((module_folder() / name).exists() for name in LATENCY_MODULES)


class Nginx:
    """A running nginx for one `Network`. `port` is chosen before, since the origin has to name it in its addresses."""

    def __init__(self, children, port, origin, stage, network):
        self.url = f"http://127.0.0.1:{port}"
        self.line_saw = None  # What a line in front of it counted, once that has ended.
        self._children = children
        self._log = stage.folder / f"sent-{network.name}.log"
        folder = stage.folder / "nginx"
        folder.mkdir(exist_ok=True)
        self._log.unlink(missing_ok=True)
        path = folder / f"{network.name}.conf"
        path.write_text(self._configuration(folder, port, origin, stage, network))
        self._errors = folder / "error.log"
        self.process = children.add(
            start([program(), "-e", self._errors, "-p", folder, "-c", path], stdin=subprocess.DEVNULL)
        )
        wait_until(lambda: self._answers(network.name), DEADLINE, f"nginx for {network.name}")

    def _configuration(self, folder, port, origin, stage, network):
        modules = [f"load_module {module_folder() / name};" for name in LATENCY_MODULES] if network.latency else []
        pace = f"limit_rate {network.bytes_per_second}; sendfile_max_chunk {PACED_PIECE};"
        return CONFIGURATION.format(
            modules="\n".join(modules),
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            origin=origin.removeprefix("http://"),
            port=port,
            name=network.name,
            plain=stage.plain,
            xorbs=stage.xorbs,
            latency=f"access_by_lua_block {{ ngx.sleep({network.latency}) }}" if network.latency else "",
            rate=pace if network.bytes_per_second else "",
            store=STORE.format(endpoint=network.store) if network.store else "",
            log=f"access_log {self._log} bytes;" if network.counts_bytes else "",
        )

    def _answers(self, name):
        if self.process.poll() is not None:
            raise BenchError(f"nginx ended with {self.process.returncode}: {self._errors.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=DEADLINE) as answer:
                return answer.read().decode() == name
        except (URLError, ConnectionError):
            return False

    def stop(self):
        """Lets answers end first, so that the log is complete."""
        self._children.stop(self.process, signal.SIGQUIT)

    def stop_and_count(self):
        """Stops, and returns the bytes that went out as xorb ranges, heads included."""
        self.stop()
        return sum(int(line) for line in self._log.read_text().split())
