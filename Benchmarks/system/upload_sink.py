"""A Hub and a CAS on one port that take every upload, count the bytes of its bodies and keep none of them.

As a program it says on stderr where it is. `POST /counted` tells what has come since it was asked last.
"""

import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 1 << 20
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "upload-sink"
TOKEN_LIFETIME = 6 * 3600
JSON = "application/json"
LFS_JSON = "application/vnd.git-lfs+json"
NDJSON = "application/x-ndjson"
KINDS = ("xorbs", "shards", "other")


class Counts:
    """Bytes of request bodies by kind, and the files that commits named."""

    def __init__(self):
        self._lock = threading.Lock()
        self._start()

    def _start(self):
        self._bytes = dict.fromkeys(KINDS, 0)
        self._files = []

    def add(self, kind, byte_count):
        with self._lock:
            self._bytes[kind] += byte_count

    def add_files(self, files):
        with self._lock:
            self._files += files

    def take(self):
        with self._lock:
            taken = {"bytes": self._bytes, "files": self._files}
            self._start()
        return taken


class Routes:
    """What is answered: (document, content type, header fields) for the base address, the path's parts and the body."""

    def __init__(self, counts):
        self._counts = counts
        repository = r"/api/models/([^/]+/[^/]+)"
        self._hub = [
            ("POST", r"/counted", self._counted),
            ("POST", r"/api/repos/create", self._create),
            ("GET", rf"{repository}(?:/revision/[^/]+)?", self._repository),
            ("POST", rf"{repository}/preupload/[^/]+", self._preupload),
            ("POST", r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", self._batch),
            ("GET", rf"{repository}/xet-write-token/[^/]+", self._write_token),
            ("POST", rf"{repository}/commit/[^/]+", self._commit),
        ]
        self._cas = [
            ("POST", r"(?:/v1)?/xorbs?/[^/]+/[0-9a-f]{64}", "xorbs", {"was_inserted": True}, JSON),
            ("POST", r"(?:/v1)?/shards", "shards", {"result": 1}, JSON),
            ("POST", r"/v2/shards", "shards", {"type": "result"}, NDJSON),
        ]

    def find(self, method, path):
        """(kind of the body, answer or None, whether the answer needs the body)."""
        for route_method, pattern, answer in self._hub:
            if method == route_method and (match := re.fullmatch(pattern, path)):
                return "other", lambda base, body: answer(base, *match.groups(), body), True
        for route_method, pattern, kind, document, content_type in self._cas:
            if method == route_method and re.fullmatch(pattern, path):
                return kind, lambda base, body: (document, content_type, {}), False
        return "other", None, False

    def _counted(self, base, body):
        return self._counts.take(), JSON, {}

    def _create(self, base, body):
        wanted = json.loads(body)
        name = f"{wanted.get('organization') or 'bench'}/{wanted['name']}"
        return {"url": f"{base}/{name}", "id": name, "name": name}, JSON, {}

    def _repository(self, base, name, body):
        document = {"id": name, "modelId": name, "sha": COMMIT, "private": False, "tags": [], "siblings": []}
        return document, JSON, {"X-Repo-Commit": COMMIT}

    def _preupload(self, base, name, body):
        files = [
            {"path": file["path"], "uploadMode": "lfs", "shouldIgnore": False, "oid": None}
            for file in json.loads(body)["files"]
        ]
        return {"files": files, "commitOid": COMMIT}, JSON, {}

    def _batch(self, base, name, body):
        upload = {"href": f"{base}/api/models/{name}/xet-write-token/main", "header": token(base)}
        objects = [
            {"oid": wanted["oid"], "size": wanted["size"], "authenticated": True, "actions": {"upload": upload}}
            for wanted in json.loads(body)["objects"]
        ]
        return {"transfer": "xet", "objects": objects}, LFS_JSON, {}

    def _write_token(self, base, name, body):
        fields = token(base)
        url, value, expiration = fields.values()
        return {"casUrl": url, "accessToken": value, "exp": int(expiration)}, JSON, fields

    def _commit(self, base, name, body):
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        self._counts.add_files(line["value"] for line in lines if line["key"] == "lfsFile")
        url = f"{base}/{name}/commit/{COMMIT}"
        document = {"success": True, "commitOid": COMMIT, "commitUrl": url, "hookOutput": "", "pullRequestUrl": None}
        return document, JSON, {}


def token(base):
    """A CAS token in header fields."""
    return {
        "X-Xet-Cas-Url": base,
        "X-Xet-Access-Token": TOKEN,
        "X-Xet-Token-Expiration": str(int(time.time()) + TOKEN_LIFETIME),
    }


class Sink(ThreadingHTTPServer):
    """The server: a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Connection)
        self.counts = Counts()
        self.routes = Routes(self.counts)


class Connection(BaseHTTPRequestHandler):
    """One connection and its requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def setup(self):
        super().setup()
        self._piece = memoryview(bytearray(PIECE))

    def _answer(self):
        path = self.path.partition("?")[0]
        kind, answer, needs_body = self.server.routes.find(self.command, path)
        kept = bytearray() if needs_body else None
        for piece in self._body():
            self.server.counts.add(kind, len(piece))
            if needs_body:
                kept += piece
        if answer is None:
            self._send(404, {"error": f"no {path} here"}, JSON, {})
        else:
            self._send(200, *answer(f"http://{self.headers['Host']}", kept))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer

    def _body(self):
        """The body in pieces, each of which is gone when the next one comes."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            yield from self._next(int(self.headers.get("Content-Length") or 0))
            return
        while length := int(self.rfile.readline().partition(b";")[0], 16):
            yield from self._next(length)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _next(self, byte_count):
        while byte_count:
            length = self.rfile.readinto(self._piece[: min(byte_count, PIECE)])
            if not length:
                raise ConnectionError("the connection ended within a body")
            yield self._piece[:length]
            byte_count -= length

    def _send(self, status, document, content_type, fields):
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": len(body), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


def main():
    sink = Sink()
    print(f"upload sink: ready on http://127.0.0.1:{sink.server_port}", file=sys.stderr, flush=True)
    sink.serve_forever()


if __name__ == "__main__":
    main()
