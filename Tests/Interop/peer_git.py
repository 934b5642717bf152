"""The Git side of the peer Hub: repositories of `git`, served by `git http-backend`."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from http_peer import Response

SERVICES = (("info", "refs"), ("git-upload-pack",), ("git-receive-pack",))
ATTRIBUTES = b"*.bin filter=lfs diff=lfs merge=lfs -text\n"
PERSON = b"peer <peer@example.invalid> 1772533230 +0000"


def git_route(segments):
    """(repository id, what Git asks for) of a path; None if it is not Git's."""
    for service in SERVICES:
        names = segments[: -len(service)]
        if tuple(segments[-len(service) :]) == service and 1 <= len(names) <= 2:
            return "/".join(names).removesuffix(".git"), "/".join(service)
    return None


class PeerGit:
    """Bare repositories with the files of `main`: what is large is a pointer of Git LFS."""

    def __init__(self):
        self._folder = None
        self._made = set()

    def reset(self):
        """Forgets all repositories, and what was pushed to them."""
        if self._folder is not None:
            shutil.rmtree(self._folder)
        self._folder = None
        self._made.clear()

    def run(self, repository, *arguments, **options):
        """What `git` prints in the repository."""
        command = ["git", "-C", str(self._path(repository)), *arguments]
        return subprocess.run(command, check=True, capture_output=True, env=self._environment(), **options).stdout

    def answer(self, request, repository, user, service):
        """Answers a request of Git's, as a web server with CGI does."""
        query = request.target.partition("?")[2]
        if user not in repository.writers and "receive-pack" in service + query:
            return Response(403 if user else 401, [("Content-Type", "text/plain")], b"not yours")
        self._make(repository)
        variables = {
            "GIT_PROJECT_ROOT": str(self._folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{self._name(repository)}/{service}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": user or "",
            "REMOTE_ADDR": "127.0.0.1",
        }
        command = ["git", "http-backend"]
        done = subprocess.run(command, input=request.body, capture_output=True, env=self._environment(**variables))
        if done.returncode != 0:
            return Response(400, [("Content-Type", "text/plain")], done.stderr)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        if not any(name == "Content-Type" for name, _ in headers):
            headers.append(("Content-Type", "text/plain"))
        response = Response(status, [(name, value) for name, value in headers if name != "Status"], body)
        response.delivery.framing = "chunked"
        return response

    def _environment(self, **variables):
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self._folder), "GIT_CONFIG_NOSYSTEM": "1", **variables}

    def _name(self, repository):
        return f"{repository.type}s/{repository.id}.git"

    def _path(self, repository):
        return Path(self._folder) / self._name(repository)

    def _make(self, repository):
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="peer-git-")
        if self._name(repository) in self._made:
            return
        path = self._path(repository)
        path.mkdir(parents=True)
        self._made.add(self._name(repository))
        self.run(repository, "init", "-q", "--bare", "-b", "main")
        self.run(repository, "config", "http.receivepack", "true")
        files = repository.commits[repository.revisions["main"]]
        content = {name: file.content if file.storage == "regular" else pointer(file) for name, file in files.items()}
        stream = [b"commit refs/heads/main\ncommitter ", PERSON, b"\ndata 5\nfirst\n"]
        for name, data in {**content, ".gitattributes": ATTRIBUTES}.items():
            stream += [b"M 100644 inline ", name.encode(), b"\ndata %d\n" % len(data), data, b"\n"]
        self.run(repository, "fast-import", "--quiet", input=b"".join(stream))


def pointer(file):
    """What Git has of a file that is kept elsewhere."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{file.sha256}\nsize {file.size}\n".encode()
