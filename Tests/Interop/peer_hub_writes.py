"""The writes of the peer Hub: repositories, uploads before a commit, commits, pull requests."""

import base64
import gzip
import json
import secrets
from urllib.parse import quote

from http_peer import Response
from peer_answers import error_response, json_response, token_answer
from peer_repositories import PeerFile, PeerRepository

LFS_JSON = "application/vnd.git-lfs+json"
LARGE_SIZE = 50_000
PART_SIZE = 100_000
MULTIPART_SIZE = 250_000


class PeerHubWrites:
    """Answers of the Hub to what changes a repository, for the names in its `writers`.

    `transfers` are the LFS transfers that are offered. Objects of 250 kB and more come in parts of 100 kB where the
    caller knows "multipart".
    """

    def __init__(self, origin):
        self.origin = origin
        self.reset()

    def reset(self):
        self.transfers = ("xet", "multipart", "basic")
        self.objects = {}
        self._parts = {}

    # Routes

    def account_route(self, request, segments):
        """The answer to a route of no repository; None if it is not one. It is called with request and user."""
        return {
            ("POST", "repos", "create"): self._create,
            ("DELETE", "repos", "delete"): self._delete,
            ("POST", "repos", "move"): self._move,
            ("POST", "validate-yaml"): self._validate_yaml,
            ("POST", "complete_multipart"): self._complete,
        }.get((request.method, *segments))

    def repository_route(self, request, tail):
        """The answer to a write in a repository; None if it is not one. Called with request, repository, user, tail."""
        if not tail:
            return None
        return {
            ("POST", "preupload", 2): self._preupload,
            ("POST", "commit", 2): self._commit,
            ("GET", "xet-write-token", 2): self._write_token,
            ("POST", "branch", 2): self._branch,
            ("DELETE", "branch", 2): self._branch,
            ("POST", "discussions", 1): self._open_pull_request,
            ("GET", "discussions", 2): self._pull_request,
        }.get((request.method, tail[0], len(tail)))

    def lfs_route(self, segments):
        """(repository id, answer) of a Git LFS route; None if it is not one."""
        for count in (1, 2):
            if segments[count - 1].endswith(".git"):
                repository_id = "/".join(segments[:count]).removesuffix(".git")
                answer = {
                    ("info", "lfs", "objects", "batch"): self._batch,
                    ("info", "lfs", "objects", "verify"): self._verify,
                }.get(tuple(segments[count:]))
                return None if answer is None else (repository_id, answer)
        return None

    # Repositories

    def _create(self, request, user):
        if user is None:
            return error_response(401, message="Invalid username or password.")
        wanted = json.loads(request.body)
        kind = wanted.get("type") or "model"
        repository_id = f"{wanted.get('organization') or user}/{wanted['name']}"
        url = f"{self.origin.public_url}/{'' if kind == 'model' else f'{kind}s/'}{repository_id}"
        if (kind, repository_id) in self.origin.repositories:
            return json_response({"error": "You already created this repo", "url": url}, 409)
        hidden = wanted.get("private") or wanted.get("visibility") == "private"
        repository = PeerRepository(repository_id, kind, "private" if hidden else "public", {user}, {user})
        repository.commit_files("main", {})
        self.origin.repositories[(kind, repository_id)] = repository
        return json_response({"url": url, "id": repository_id, "name": repository_id})

    def _delete(self, request, user):
        wanted = json.loads(request.body)
        key = (wanted.get("type") or "model", f"{wanted.get('organization') or user}/{wanted['name']}")
        repository = self.origin.repositories.get(key)
        if repository is None:
            return error_response(404, "RepoNotFound", "Repository not found")
        if user not in repository.writers:
            return error_response(403, message="not yours")
        del self.origin.repositories[key]
        return Response(200, [("Content-Type", "text/plain")], b"OK")

    def _move(self, request, user):
        wanted = json.loads(request.body)
        kind, old, new = wanted.get("type") or "model", wanted["fromRepo"], wanted["toRepo"]
        repository = self.origin.repositories.get((kind, old))
        if repository is None or user not in repository.writers:
            return error_response(404, "RepoNotFound", "Repository not found")
        del self.origin.repositories[(kind, old)]
        repository.id = new
        self.origin.repositories[(kind, new)] = repository
        self.origin.renamed[(kind, old)] = new
        return Response(200, [("Content-Type", "text/plain")], b"OK")

    def _validate_yaml(self, request, user):
        is_packed = request.headers.get("content-encoding") == "gzip"
        document = json.loads(gzip.decompress(request.body) if is_packed else request.body)
        warnings = [] if document["content"].strip() else [{"message": "empty or missing yaml"}]
        return json_response({"errors": [], "warnings": warnings})

    def _branch(self, request, repository, user, tail):
        if (refused := self._refused(repository, user)) is not None:
            return refused
        if request.method == "DELETE":
            repository.revisions.pop(tail[1], None)
            return Response(204)
        if tail[1] in repository.revisions:
            return error_response(409, message="Reference already exists")
        start = json.loads(request.body or b"{}").get("startingPoint") or "main"
        repository.revisions[tail[1]] = repository.commit_of(start)
        return json_response({})

    def _open_pull_request(self, request, repository, user, tail):
        if user is None:
            return error_response(401, message="Invalid username or password.")
        number = self._add_pull_request(repository, repository.revisions["main"])
        return json_response({"num": number, "pullRequest": bool(json.loads(request.body)["pullRequest"])})

    def _add_pull_request(self, repository, commit):
        number = 1 + sum(name.startswith("refs/pr/") for name in repository.revisions)
        repository.revisions[f"refs/pr/{number}"] = commit
        return number

    def _pull_request(self, request, repository, user, tail):
        if f"refs/pr/{tail[1]}" not in repository.revisions:
            return error_response(404, message="no such discussion")
        return json_response(
            {
                "title": "a pull request",
                "num": int(tail[1]),
                "author": {"name": user},
                "createdAt": "2026-03-03T10:20:30.000Z",
                "status": "draft",
                "repo": {"name": repository.id, "type": repository.type},
                "isPullRequest": True,
                "changes": {"base": "refs/heads/main"},
                "filesWithConflicts": [],
                "events": [],
            }
        )

    def _refused(self, repository, user):
        if user is None:
            return error_response(401, message="Invalid username or password.")
        if user not in repository.writers:
            return error_response(403, message=f"{user} may not write to {repository.id}")
        return None

    # Before a commit

    def _write_token(self, request, repository, user, tail):
        if (refused := self._refused(repository, user)) is not None:
            return refused
        opens_pull_request = request.query.get("create_pr") == ["1"]
        if repository.commit_of(tail[1]) is None and not opens_pull_request:
            return error_response(404, "RevisionNotFound", f"Invalid rev id: {tail[1]}")
        return token_answer(self.origin, self.origin.cas_side.issue_token(user, repository, scope="write"))

    def _preupload(self, request, repository, user, tail):
        if (refused := self._refused(repository, user)) is not None:
            return refused
        commit = repository.commit_of(tail[1])
        if commit is None:
            return error_response(404, "RevisionNotFound", f"Invalid rev id: {tail[1]}")
        known = repository.commits[commit]
        files = []
        for file in json.loads(request.body)["files"]:
            base64.b64decode(file["sample"], validate=True)
            large = file["size"] >= LARGE_SIZE or (file["path"].endswith(".bin") and file["size"] > 0)
            files.append(
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                    "oid": known[file["path"]].etag if file["path"] in known else None,
                }
            )
        return json_response({"files": files, "commitOid": commit})

    def _batch(self, request, repository, user):
        if LFS_JSON not in request.headers.get("content-type", "") or LFS_JSON not in request.headers.get("accept", ""):
            return error_response(415, message="not Git LFS JSON")
        wanted = json.loads(request.body)
        if wanted["operation"] == "download":
            objects = [self._lfs_download(repository, **entry) for entry in wanted["objects"]]
            answer = {"transfer": "basic", "objects": objects}
            return Response(200, [("Content-Type", LFS_JSON)], json.dumps(answer).encode())
        if wanted["operation"] != "upload" or wanted.get("hash_algo", "sha256") != "sha256":
            return error_response(422, message="only uploads by SHA-256")
        if (refused := self._refused(repository, user)) is not None:
            return refused
        transfer = next((t for t in self.transfers if t in wanted.get("transfers", ["basic"])), "basic")
        objects = [self._lfs_object(request, transfer, user, repository, **entry) for entry in wanted["objects"]]
        used = "multipart" if any("chunk_size" in o["header"] for o in _uploads(objects)) else transfer
        answer = {"transfer": used if transfer == "multipart" else transfer, "objects": objects}
        return Response(200, [("Content-Type", LFS_JSON)], json.dumps(answer).encode())

    def _lfs_download(self, repository, oid, size):
        for files in repository.commits.values():
            for file in files.values():
                if file.sha256 == oid:
                    download = {"href": self.origin.plain_url(file), "header": {}, "expires_in": 3600}
                    return {"oid": oid, "size": size, "authenticated": True, "actions": {"download": download}}
        return {"oid": oid, "size": size, "error": {"code": 404, "message": "Object does not exist"}}

    def _lfs_object(self, request, transfer, user, repository, oid, size):
        entry = {"oid": oid, "size": size, "authenticated": True}
        if oid in self.objects or self._file_of_xet(oid) is not None:
            return entry
        verify = {"href": f"{self._git_url(repository)}/objects/verify", "header": {"Authorization": request.authorization}}
        if transfer == "xet":
            token = self.origin.cas_side.issue_token(user, repository, scope="write")
            header = {
                "X-Xet-Cas-Url": self.origin.public_cas_url,
                "X-Xet-Access-Token": token.value,
                "X-Xet-Token-Expiration": str(token.expires),
            }
            route = f"{self.origin.public_url}/api/{repository.type}s/{repository.id}/xet-write-token/main"
            return {**entry, "actions": {"upload": {"href": route, "header": header}, "verify": verify}}
        data = f"{self.origin.data_url}/lfs/{oid}"
        if transfer == "multipart" and size >= MULTIPART_SIZE:
            upload = secrets.token_hex(8)
            count = -(-size // PART_SIZE)
            self._parts[upload] = {}
            header = {"chunk_size": str(PART_SIZE)} | {
                str(n): f"{data}?part={n}&upload={upload}&X-Peer-Put={self._put_key(oid, n)}"
                for n in range(1, count + 1)
            }
            href = f"{self.origin.public_url}/api/complete_multipart?upload={upload}&X-Peer-Complete={upload[::-1]}"
        else:
            header, href = {}, f"{data}?X-Peer-Put={self._put_key(oid, 0)}"
        return {**entry, "actions": {"upload": {"href": href, "header": header}, "verify": verify}}

    def _git_url(self, repository):
        return f"{self.origin.public_url}/{repository.url_prefix}{repository.id}.git/info/lfs"

    def _put_key(self, oid, part):
        return f"put-{oid[:16]}-{part}"

    def put(self, request):
        """Answers a PUT of LFS bytes on the data host, as an object store does."""
        oid = request.path.rpartition("/")[2]
        part = int(request.query.get("part", ["0"])[0])
        if request.query.get("X-Peer-Put") != [self._put_key(oid, part)]:
            return error_response(403, message="bad key")
        if "content-length" not in request.headers:
            return error_response(411, message="MissingContentLength")
        if part:
            parts = self._parts.get(request.query.get("upload", [""])[0])
            if parts is None:
                return error_response(404, message="NoSuchUpload")
            parts[part] = request.body
        else:
            self.objects[oid] = request.body
        return Response(200, [("ETag", f'"part-{part}-{len(request.body)}"')])

    def _complete(self, request, user):
        upload = request.query.get("upload", [""])[0]
        parts = self._parts.get(upload)
        if parts is None or request.query.get("X-Peer-Complete") != [upload[::-1]]:
            return error_response(403, message="bad key")
        wanted = json.loads(request.body)
        listed = [(p["partNumber"], p["etag"].strip('"')) for p in wanted["parts"]]
        if listed != [(n, f"part-{n}-{len(parts[n])}") for n in sorted(parts)]:
            return error_response(400, message="InvalidPart")
        self.objects[wanted["oid"]] = b"".join(parts[n] for n in sorted(parts))
        return json_response({"success": True})

    def _verify(self, request, repository, user):
        if (refused := self._refused(repository, user)) is not None:
            return refused
        wanted = json.loads(request.body)
        return self._checked(wanted["oid"], wanted["size"])[1] or json_response({})

    # Commits

    def _file_of_xet(self, sha256):
        return self.origin.cas_side.uploads.file_of(sha256)

    def _checked(self, oid, size):
        """(the uploaded file with this SHA-256, the error if it is not there or not what it is called)."""
        stored = self._file_of_xet(oid)
        content = self.origin.cas_side.uploads.content(stored) if stored else self.objects.get(oid)
        if content is None:
            return None, error_response(422, message=f"LFS object {oid} was not uploaded")
        file = PeerFile(content, "xet" if stored else "lfs", stored)
        if file.sha256 != oid or file.size != size:
            return None, error_response(422, message=f"LFS object {oid} is {file.size} bytes of {file.sha256}")
        return file, None

    def _commit(self, request, repository, user, tail):
        opens_pull_request = request.query.get("create_pr") == ["1"]
        if user is None:
            return error_response(401, message="Invalid username or password.")
        if not opens_pull_request and (refused := self._refused(repository, user)) is not None:
            return refused
        if "application/x-ndjson" not in request.headers.get("content-type", ""):
            return error_response(415, message="not NDJSON")
        base = repository.commit_of(tail[1])
        if base is None:
            return error_response(404, "RevisionNotFound", f"Invalid rev id: {tail[1]}")
        lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
        if not lines or lines[0]["key"] != "header" or not lines[0]["value"]["summary"]:
            return error_response(400, message="no header with a summary")
        files = dict(repository.commits[base])
        for line in lines[1:]:
            error = self._apply(files, line["key"], line["value"])
            if error is not None:
                return error
        revision, number = tail[1], 0
        if opens_pull_request:
            number = self._add_pull_request(repository, base)
            revision = f"refs/pr/{number}"
        commit = repository.commit_files(revision, files)
        page = f"{self.origin.public_url}/{repository.url_prefix}{repository.id}"
        answer = {"success": True, "commitOid": commit, "commitUrl": f"{page}/commit/{commit}", "hookOutput": ""}
        if opens_pull_request:
            answer["pullRequestUrl"] = f"{page}/discussions/{number}"
        return json_response(answer)

    def _apply(self, files, key, value):
        """Makes one change of a commit in `files`; the error if it cannot."""
        path = value["path"]
        if key == "file" and value["encoding"] == "base64":
            files[path] = PeerFile(base64.b64decode(value["content"], validate=True), "regular")
        elif key == "lfsFile" and value["algo"] == "sha256":
            file, error = self._checked(value["oid"], value["size"])
            if error is not None:
                return error
            files[path] = file
        elif key == "deletedFile" and path in files:
            del files[path]
        elif key == "deletedFolder":
            inside = [name for name in files if name.startswith(path.rstrip("/") + "/")]
            for name in inside:
                del files[name]
        else:
            return error_response(400, message=f"{key} {quote(path)} cannot be done")
        return None


def _uploads(objects):
    return [entry["actions"]["upload"] for entry in objects if "actions" in entry]
