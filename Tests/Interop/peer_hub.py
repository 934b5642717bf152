"""The Hub side of the peer origin: resolve, listings, tokens, errors.

Its writes are in `peer_hub_writes.py`, its buckets in `peer_hub_buckets.py`.
"""

import gzip
import hashlib
import json
from urllib.parse import parse_qs, quote, unquote

from http_peer import Response
from peer_answers import error_response, json_response, ranged_response, token_answer
from peer_git import PeerGit, git_route, pointer
from peer_hub_buckets import PeerHubBuckets
from peer_hub_writes import PeerHubWrites

LAST_MODIFIED = "Tue, 03 Mar 2026 10:20:30 GMT"
PLURALS = {"models": "model", "datasets": "dataset", "spaces": "space", "kernels": "kernel"}
WEB_ROUTES = ("resolve", "raw")
API_ROUTES = (
    "revision",
    "tree",
    "paths-info",
    "refs",
    "xet-read-token",
    "xet-write-token",
    "preupload",
    "commit",
    "branch",
    "tag",
    "discussions",
)


class PeerHub:
    """Answers of the Hub over the repositories of `origin`; a page of a tree or list has `tree_page` entries.

    `base_path` goes in front of every path. With `sends_cookies` each answer sets one.
    """

    def __init__(self, origin):
        self.origin = origin
        self.writes = PeerHubWrites(origin)
        self.buckets = PeerHubBuckets(self)
        self.git = PeerGit()
        self.reset()

    def reset(self):
        self.tree_page = 1000
        self.base_path = ""
        self.sends_cookies = False
        self.writes.reset()
        self.git.reset()

    def answer(self, request):
        """Answers a request to the Hub."""
        response = self._answer(request)
        if self.sends_cookies:
            response.headers.append(("Set-Cookie", "session=upstream; Path=/"))
        return response

    def _answer(self, request):
        if not request.path.startswith(self.base_path + "/"):
            return error_response(404, message="outside the base path")
        segments = [unquote(segment) for segment in request.path[len(self.base_path) :].split("/")[1:]]
        if segments[0] == "api":
            return self._api(request, segments[1:])
        if segments[0] == "v2" and segments[3:4] == ["manifests"] and len(segments) == 5:
            return self.with_repository(
                request, "model", "/".join(segments[1:3]), lambda repository, user: self._manifest(request, repository)
            )
        if segments[0] == "buckets" and segments[3:4] == ["resolve"] and len(segments) == 5:
            return self.with_repository(
                request,
                "bucket",
                "/".join(segments[1:3]),
                lambda bucket, user: self.buckets.resolve(request, bucket, segments[4]),
            )
        repository_type = "model"
        if segments[0] in PLURALS and segments[0] != "models":
            repository_type = PLURALS[segments[0]]
            segments = segments[1:]
        if request.method == "POST" and len(segments) >= 2:
            lfs = self.writes.lfs_route(segments)
            if lfs is not None:
                repository_id, answer = lfs
                response = self.with_repository(
                    request, repository_type, repository_id, lambda repository, user: answer(request, repository, user)
                )
                return challenged(response, "LFS-Authenticate")
        if (asked := git_route(segments)) is not None:
            repository_id, service = asked
            response = self.with_repository(
                request,
                repository_type,
                repository_id,
                lambda repository, user: self.git.answer(request, repository, user, service),
            )
            return challenged(response, "WWW-Authenticate")
        repository_id, tail = split_repository(segments, WEB_ROUTES)
        if len(tail) >= 3 and request.method in ("GET", "HEAD"):
            answer = self._resolve if tail[0] == "resolve" else self._raw
            return self.with_repository(
                request,
                repository_type,
                repository_id,
                lambda repository, user: answer(request, repository, tail[1], "/".join(tail[2:])),
            )
        return error_response(404, message="no such route")

    def user_of(self, request):
        """The name of the caller, None if anonymous, or the error for a token that nobody has."""
        if request.authorization is None:
            return None, None
        user = self.origin.users.get(request.bearer or request.password)
        if user is None:
            return None, error_response(401, message="Invalid credentials in Authorization header")
        return user, None

    def with_repository(self, request, repository_type, repository_id, answer):
        """`answer(repository, user)` if the caller may read it, else the error that the Hub gives."""
        user, error = self.user_of(request)
        if error is not None:
            return error
        new_id = self.origin.renamed.get((repository_type, repository_id))
        if new_id is not None:
            return Response(307, [("Location", request.target.replace(f"/{repository_id}", f"/{new_id}", 1))])
        repository = self.origin.repositories.get((repository_type, repository_id))
        hidden = repository is not None and repository.visibility == "private" and user not in repository.readers
        if repository is None or hidden:
            return error_response(401 if user is None else 404, "RepoNotFound", "Repository not found")
        if repository.visibility == "gated" and user not in repository.readers:
            message = f"Access to {repository_type} {repository_id} is restricted."
            return error_response(401 if user is None else 403, "GatedRepo", message)
        return answer(repository, user)

    def _resolve(self, request, repository, revision, path):
        commit = repository.commit_of(revision)
        if commit is None:
            return error_response(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        file = repository.commits[commit].get(path)
        headers = [("X-Repo-Commit", commit), ("Accept-Ranges", "bytes")]
        if file is None:
            return error_response(404, "EntryNotFound", "Entry not found", headers)
        name = path.rpartition("/")[2]
        headers.append(("Content-Disposition", f"inline; filename*=UTF-8''{quote(name, safe='')}"))
        headers.append(("ETag", f'"{file.etag}"'))
        if file.storage == "regular":
            headers += [("Content-Type", "text/plain; charset=utf-8"), ("Last-Modified", LAST_MODIFIED)]
            response = ranged_response(file.content, request, headers)
            accepted = request.headers.get("accept-encoding", "")
            if request.method == "GET" and response.status == 200 and "gzip" in accepted and file.content:
                response = Response(200, [*headers, ("Content-Encoding", "gzip")], gzip.compress(file.content, 1))
                response.delivery.framing = "chunked"
            return response
        headers += [("X-Linked-Size", str(file.size)), ("X-Linked-Etag", f'"{file.sha256}"')]
        if file.storage == "xet":
            token_route = f"{self.origin.public_url}/api/{repository.type}s/{repository.id}/xet-read-token/{commit}"
            reconstruction = f"{self.origin.public_cas_url}/v1/reconstructions/{file.stored.hash}"
            headers.append(("X-Xet-Hash", file.stored.hash))
            links = f'<{token_route}>; rel="xet-auth", <{reconstruction}>; rel="xet-reconstruction-info"'
            headers.append(("Link", links))
        location = self.origin.plain_url(file)
        headers.append(("Location", location))
        return Response(302, headers, f"Found. Redirecting to {location}".encode())

    def _raw(self, request, repository, revision, path):
        """The content as git has it: of a file kept elsewhere its pointer."""
        commit = repository.commit_of(revision)
        file = repository.commits[commit].get(path) if commit else None
        if file is None:
            return error_response(404, "EntryNotFound", "Entry not found")
        content = file.content
        if file.storage != "regular":
            content = pointer(file)
        return Response(200, [("X-Repo-Commit", commit), ("Content-Type", "text/plain; charset=utf-8")], content)

    def _manifest(self, request, repository):
        """What llama.cpp asks for: the file of a tag, for its own User-Agent only."""
        if "llama-cpp" not in request.headers.get("user-agent", ""):
            return error_response(400, message="only for llama.cpp")
        path = sorted(repository.commits[repository.revisions["main"]])[0]
        return json_response({"ggufFile": {"rfilename": path}})

    def _api(self, request, segments):
        if segments == ["whoami-v2"] and request.method == "GET":
            return self._whoami(request)
        if segments[0] == "buckets":
            return self.buckets.answer(request, segments[1:])
        user, error = self.user_of(request)
        if error is None and (answer := self.writes.account_route(request, segments)) is not None:
            return answer(request, user)
        if len(segments) == 1 and segments[0] in PLURALS and request.method in ("GET", "HEAD"):
            return error or self._list(request, PLURALS[segments[0]])
        if len(segments) < 2 or segments[0] not in PLURALS:
            return error_response(404, message="no such route")
        repository_id, tail = split_repository(segments[1:], API_ROUTES)

        def answer(repository, user):
            written = self.writes.repository_route(request, tail)
            if written is not None:
                return written(request, repository, user, tail)
            if tail[:1] == ["xet-read-token"] and len(tail) == 2:
                return self._token(repository, user, tail[1])
            if tail == ["refs"]:
                return self._refs(repository)
            revision = tail[1] if len(tail) > 1 else "main"
            commit = repository.commit_of(revision)
            if commit is None:
                return error_response(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            if request.method == "GET" and (not tail or (tail[0] == "revision" and len(tail) == 2)):
                return json_response(self._info(repository, commit), headers=[("X-Repo-Commit", commit)])
            if tail[:1] == ["tree"] and request.method == "GET":
                return self._tree(request, repository, commit, "/".join(tail[2:]))
            if tail[:1] == ["paths-info"] and request.method == "POST":
                return self._paths_info(request, repository, commit)
            return error_response(404, message="no such route")

        return self.with_repository(request, PLURALS[segments[0]], repository_id, answer)

    def _whoami(self, request):
        user, error = self.user_of(request)
        if user is None:
            return error or error_response(401, message="Invalid username or password.")
        token = {"displayName": "test", "role": "write", "createdAt": "2026-01-01T00:00:00.000Z"}
        return json_response(
            {
                "type": "user",
                "name": user,
                "fullname": user,
                "orgs": [],
                "auth": {"type": "access_token", "accessToken": token},
            }
        )

    def _token(self, repository, user, revision):
        if repository.commit_of(revision) is None:
            return error_response(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return token_answer(self.origin, self.origin.cas_side.issue_token(user, repository))

    def _refs(self, repository):
        def listed(names):
            return [{"name": n, "ref": r, "targetCommit": repository.revisions[n]} for n, r in names]

        branches = [(n, f"refs/heads/{n}") for n in repository.revisions if not n.startswith(("refs/", "v"))]
        return json_response(
            {
                "branches": listed(branches),
                "tags": listed((n, f"refs/tags/{n}") for n in repository.revisions if n.startswith("v")),
                "converts": [],
                "pullRequests": listed((n, n) for n in repository.revisions if n.startswith("refs/pr/")),
            }
        )

    def _info(self, repository, commit):
        return {
            "id": repository.id,
            "sha": commit,
            "private": repository.visibility == "private",
            "gated": "auto" if repository.visibility == "gated" else False,
            "tags": [],
            "xetEnabled": True,  # Clients of before September 2025 ask, and upload to Git LFS otherwise.
            "siblings": [{"rfilename": path} for path in sorted(repository.commits[commit])],
        }

    def _list(self, request, kind):
        """The public repositories of a type, in pages."""
        found = [r for (k, _), r in sorted(self.origin.repositories.items()) if k == kind and r.visibility == "public"]
        wanted = request.query.get("search", [""])[0].lower()
        entries = [
            {"_id": hashlib.sha1(r.id.encode()).hexdigest()[:24], "id": r.id, "modelId": r.id, "private": False, "tags": []}
            for r in found
            if r.revisions and wanted in r.id.lower()
        ]
        return self.page(request, entries, [])

    def _entries(self, repository, commit, prefix, recursive):
        """Files and folders below `prefix`, by path."""
        entries = {}
        for path, file in repository.commits[commit].items():
            if prefix and not path.startswith(prefix + "/"):
                continue
            parts = path[len(prefix) + 1 if prefix else 0 :].split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(([prefix] if prefix else []) + parts[:depth])
                if recursive or depth == 1:
                    entries[folder] = {"type": "directory", "path": folder, "oid": "0" * 40, "size": 0}
            if recursive or len(parts) == 1:
                entries[path] = self._file_entry(path, file)
        return [entries[path] for path in sorted(entries)]

    def _file_entry(self, path, file):
        entry = {"type": "file", "path": path, "size": file.size, "oid": file.git_oid}
        if file.storage != "regular":
            entry["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": 134}
        if file.storage == "xet":
            entry["xetHash"] = file.stored.hash
        return entry

    def _tree(self, request, repository, commit, prefix):
        recursive = request.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        entries = self._entries(repository, commit, prefix, recursive)
        if prefix and not entries:
            return error_response(404, "EntryNotFound", f"{prefix} does not exist")
        return self.page(request, entries, [("X-Repo-Commit", commit)])

    def page(self, request, entries, headers):
        """The entries from the request's cursor on, with the address of those that follow."""
        at = int(request.query.get("cursor", ["0"])[0])
        if at + self.tree_page < len(entries):
            kept = "&".join(p for p in request.target.partition("?")[2].split("&") if p and not p.startswith("cursor="))
            following = (
                f"{self.origin.hub.public_url}{request.path}?{kept}{'&' if kept else ''}cursor={at + self.tree_page}"
            )
            headers = [*headers, ("Link", f'<{following}>; rel="next"')]
        return json_response(entries[at : at + self.tree_page], headers=headers)

    def _paths_info(self, request, repository, commit):
        if "json" in request.headers.get("content-type", ""):
            try:
                paths = list(json.loads(request.body)["paths"])
            except (ValueError, TypeError, KeyError):
                paths = [None]
            if not all(isinstance(path, str) for path in paths):
                return error_response(400, message="no JSON object with paths")
        else:
            paths = parse_qs(request.body.decode()).get("paths", [])
        known = {entry["path"]: entry for entry in self._entries(repository, commit, "", True)}
        return json_response([known[path] for path in paths if path in known])


def challenged(response, name):
    """The answer, with what Git needs to send its credentials."""
    return response.with_header(name, 'Basic realm="peer"') if response.status == 401 else response


def split_repository(segments, routes):
    """(repository id, what follows): an id has one segment if a route of `routes` comes right after it."""
    count = 1 if len(segments) == 1 or segments[1] in routes else 2
    return "/".join(segments[:count]), segments[count:]
