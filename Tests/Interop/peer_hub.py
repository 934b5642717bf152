"""The Hub side of the peer origin: resolve, listings, tokens, errors."""

import gzip
import json
from urllib.parse import parse_qs, quote, unquote

from http_peer import Response
from peer_cas import error_response, json_response, ranged_response

LAST_MODIFIED = "Tue, 03 Mar 2026 10:20:30 GMT"
PLURALS = {"models": "model", "datasets": "dataset", "spaces": "space"}


class PeerHub:
    """Answers of the Hub over the repositories of `origin`; a page of a tree has `tree_page` entries.

    `base_path` goes in front of every path.
    """

    def __init__(self, origin):
        self.origin = origin
        self.tree_page = 1000
        self.base_path = ""

    def answer(self, request):
        """Answers a request to the Hub."""
        if not request.path.startswith(self.base_path + "/"):
            return error_response(404, message="outside the base path")
        segments = [unquote(segment) for segment in request.path[len(self.base_path) :].split("/")[1:]]
        if segments[0] == "api":
            return self._api(request, segments[1:])
        repository_type = "model"
        if segments[0] in ("datasets", "spaces"):
            repository_type = PLURALS[segments[0]]
            segments = segments[1:]
        if len(segments) >= 5 and segments[2] == "resolve" and request.method in ("GET", "HEAD"):
            return self._with_repository(
                request,
                repository_type,
                "/".join(segments[:2]),
                lambda repository, user: self._resolve(request, repository, segments[3], "/".join(segments[4:])),
            )
        return error_response(404, message="no such route")

    def _with_repository(self, request, repository_type, repository_id, answer):
        """`answer(repository, user)` if the caller may read it, else the error that the Hub gives."""
        user = None
        if request.authorization is not None:
            user = self.origin.users.get(request.bearer)
            if user is None:
                return error_response(401, message="Invalid credentials in Authorization header")
        new_id = self.origin.renamed.get((repository_type, repository_id))
        if new_id is not None:
            return Response(307, [("Location", request.target.replace(f"/{repository_id}/", f"/{new_id}/", 1))])
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
            token_route = f"{self.origin.url}/api/{repository.type}s/{repository.id}/xet-read-token/{commit}"
            reconstruction = f"{self.origin.cas_url}/v1/reconstructions/{file.stored.hash}"
            headers.append(("X-Xet-Hash", file.stored.hash))
            links = f'<{token_route}>; rel="xet-auth", <{reconstruction}>; rel="xet-reconstruction-info"'
            headers.append(("Link", links))
        location = self.origin.plain_url(file)
        headers.append(("Location", location))
        return Response(302, headers, f"Found. Redirecting to {location}".encode())

    def _api(self, request, segments):
        if len(segments) < 3 or segments[0] not in PLURALS:
            return error_response(404, message="no such route")
        tail = segments[3:]

        def answer(repository, user):
            if tail[:1] == ["xet-read-token"] and len(tail) == 2:
                return self._token(repository, user, tail[1])
            revision = tail[1] if len(tail) > 1 else "main"
            commit = repository.commit_of(revision)
            if commit is None:
                return error_response(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            if not tail or (tail[0] == "revision" and len(tail) == 2):
                return json_response(self._info(repository, commit), headers=[("X-Repo-Commit", commit)])
            if tail[0] == "tree" and request.method == "GET":
                return self._tree(request, repository, commit, "/".join(tail[2:]))
            if tail[0] == "paths-info" and request.method == "POST":
                return self._paths_info(request, repository, commit)
            return error_response(404, message="no such route")

        return self._with_repository(request, PLURALS[segments[0]], "/".join(segments[1:3]), answer)

    def _token(self, repository, user, revision):
        if repository.commit_of(revision) is None:
            return error_response(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        token = self.origin.cas_side.issue_token(user, repository)
        url = self.origin.cas_url
        headers = [
            ("X-Xet-Cas-Url", url),
            ("X-Xet-Access-Token", token.value),
            ("X-Xet-Token-Expiration", str(token.expires)),
        ]
        return json_response({"casUrl": url, "accessToken": token.value, "exp": token.expires}, headers=headers)

    def _info(self, repository, commit):
        return {
            "id": repository.id,
            "sha": commit,
            "private": repository.visibility == "private",
            "gated": "auto" if repository.visibility == "gated" else False,
            "tags": [],
            "siblings": [{"rfilename": path} for path in sorted(repository.commits[commit])],
        }

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
        at = int(request.query.get("cursor", ["0"])[0])
        headers = [("X-Repo-Commit", commit)]
        if at + self.tree_page < len(entries):
            kept = "&".join(p for p in request.target.partition("?")[2].split("&") if p and not p.startswith("cursor="))
            following = f"{self.origin.hub.url}{request.path}?{kept}{'&' if kept else ''}cursor={at + self.tree_page}"
            headers.append(("Link", f'<{following}>; rel="next"'))
        return json_response(entries[at : at + self.tree_page], headers=headers)

    def _paths_info(self, request, repository, commit):
        if "json" in request.headers.get("content-type", ""):
            paths = json.loads(request.body)["paths"]
        else:
            paths = parse_qs(request.body.decode()).get("paths", [])
        known = {entry["path"]: entry for entry in self._entries(repository, commit, "", True)}
        return json_response([known[path] for path in paths if path in known])
