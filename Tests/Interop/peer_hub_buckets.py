"""The buckets of the peer Hub: XET files without Git, revisions or commits, named by paths that are one segment."""

import json
from urllib.parse import quote

from http_peer import Response
from peer_answers import error_response, json_response, token_answer
from peer_repositories import PeerFile, PeerRepository

CREATED = "2026-03-03T10:20:30.000Z"
BATCH_LIMIT = 1000


class PeerHubBuckets:
    """Answers of the Hub about buckets, which are repositories of the type "bucket" with one revision, "main"."""

    def __init__(self, hub):
        self.hub = hub
        self.origin = hub.origin

    def answer(self, request, segments):
        """Answers a request to `/api/buckets/` and these segments."""
        user, error = self.hub.user_of(request)
        if error is not None:
            return error
        if len(segments) == 1 and request.method == "GET":
            return self._list(request, user, segments[0])
        if len(segments) < 2:
            return error_response(404, message="no such route")
        owner = user if segments[0] == "me" else segments[0]
        name, tail = f"{owner}/{segments[1]}", segments[2:]
        if not tail and request.method == "POST":
            return self._create(request, user, name)
        route = {
            ("GET", ""): self._info,
            ("DELETE", ""): self._delete,
            ("GET", "tree"): self._tree,
            ("POST", "paths-info"): self._paths_info,
            ("POST", "batch"): self._batch,
            ("PUT", "settings"): self._settings,
            ("GET", "events"): self._events,
            ("GET", "xet-read-token"): self._read_token,
            ("GET", "xet-write-token"): self._write_token,
        }.get((request.method, tail[0] if tail else ""))
        if route is None or len(tail) > (2 if tail[:1] == ["tree"] else 1):
            return error_response(404, message="no such route")
        return self.hub.with_repository(
            request, "bucket", name, lambda bucket, user: route(request, bucket, user, *tail[1:])
        )

    def resolve(self, request, bucket, path):
        """Where the file `path` is."""
        file = self._files(bucket).get(path)
        if file is None:
            return error_response(404, "EntryNotFound", "Entry not found")
        token = f"{self.origin.public_url}/api/buckets/{bucket.id}/xet-read-token"
        reconstruction = f"{self.origin.public_cas_url}/v1/reconstructions/{file.stored.hash}"
        location = self.origin.plain_url(file)
        headers = [
            ("X-Linked-Size", str(file.size)),
            ("ETag", f'"{file.stored.hash}"'),
            ("X-Xet-Hash", file.stored.hash),
            ("Link", f'<{token}>; rel="xet-auth", <{reconstruction}>; rel="xet-reconstruction-info"'),
            ("Location", location),
        ]
        return Response(302, headers, f"Found. Redirecting to {location}".encode())

    def _files(self, bucket):
        return bucket.commits[bucket.revisions["main"]]

    # Reads

    def _info(self, request, bucket, user):
        files = self._files(bucket)
        return json_response(
            {
                "id": bucket.id,
                "private": bucket.visibility == "private",
                "createdAt": CREATED,
                "size": sum(file.size for file in files.values()),
                "totalFiles": len(files),
            }
        )

    def _list(self, request, user, owner):
        owner = user if owner == "me" else owner
        wanted = request.query.get("search", [""])[0]
        buckets = [
            bucket
            for (kind, name), bucket in sorted(self.origin.repositories.items())
            if kind == "bucket" and name.startswith(f"{owner}/") and wanted in name
            if bucket.visibility == "public" or user in bucket.readers
        ]
        return self.hub.page(request, [json.loads(self._info(request, b, user).body) for b in buckets], [])

    def _entry(self, path, file):
        return {
            "type": "file",
            "path": path,
            "size": file.size,
            "xetHash": file.stored.hash,
            "mtime": CREATED,
            "uploadedAt": CREATED,
        }

    def _tree(self, request, bucket, user, prefix=""):
        recursive = request.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        folder = prefix.rstrip("/") + "/" if prefix else ""
        entries = {}
        for path, file in self._files(bucket).items():
            if not path.startswith(folder):
                continue
            first, slash, _ = path[len(folder) :].partition("/")
            if slash and not recursive:
                entries[folder + first] = {"type": "directory", "path": folder + first, "uploadedAt": CREATED}
            else:
                entries[path] = self._entry(path, file)
        return self.hub.page(request, [entries[path] for path in sorted(entries)], [])

    def _paths_info(self, request, bucket, user):
        files = self._files(bucket)
        try:
            paths = list(json.loads(request.body)["paths"])
        except (ValueError, TypeError, KeyError):
            paths = [None]
        if len(paths) > BATCH_LIMIT or not all(isinstance(path, str) for path in paths):
            return error_response(400, message="no JSON object with paths, or too many")
        return json_response([self._entry(path, files[path]) for path in paths if path in files])

    def _events(self, request, bucket, user):
        """What is happening, as server-sent events; these end."""
        events = "event: ready\ndata: {\"cursor\": \"1\"}\n\nevent: changes\ndata: {\"paths\": [\"random.bin\"]}\n\n"
        response = Response(200, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")], events.encode())
        response.delivery.framing = "chunked"
        return response

    def _read_token(self, request, bucket, user):
        return token_answer(self.origin, self.origin.cas_side.issue_token(user, bucket))

    # Writes

    def _refused(self, bucket, user):
        if user is None:
            return error_response(401, message="Invalid username or password.")
        return None if user in bucket.writers else error_response(403, message=f"{user} may not write to {bucket.id}")

    def _write_token(self, request, bucket, user):
        refused = self._refused(bucket, user)
        return refused or token_answer(self.origin, self.origin.cas_side.issue_token(user, bucket, scope="write"))

    def _create(self, request, user, name):
        if user is None:
            return error_response(401, message="Invalid username or password.")
        url = f"{self.origin.public_url}/buckets/{name}"
        if ("bucket", name) in self.origin.repositories:
            return json_response({"error": "You already created this bucket", "url": url}, 409)
        hidden = json.loads(request.body or b"{}").get("visibility") == "private"
        bucket = PeerRepository(name, "bucket", "private" if hidden else "public", {user}, {user})
        bucket.commit_files("main", {})
        self.origin.repositories[("bucket", name)] = bucket
        return json_response({"url": url})

    def _delete(self, request, bucket, user):
        if (refused := self._refused(bucket, user)) is not None:
            return refused
        del self.origin.repositories[("bucket", bucket.id)]
        return Response(204)

    def _settings(self, request, bucket, user):
        if (refused := self._refused(bucket, user)) is not None:
            return refused
        wanted = json.loads(request.body)
        hidden = wanted.get("private") or wanted.get("visibility") == "private"
        bucket.visibility = "private" if hidden else "public"
        return json_response({"private": bool(hidden)})

    def _batch(self, request, bucket, user):
        if (refused := self._refused(bucket, user)) is not None:
            return refused
        if "application/x-ndjson" not in request.headers.get("content-type", ""):
            return error_response(415, message="not NDJSON")
        lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
        if len(lines) > BATCH_LIMIT:
            return error_response(400, message="too many operations")
        files, failed = dict(self._files(bucket)), []
        for line in lines:
            error = self._apply(files, user, **line)
            if error is not None:
                failed.append({"path": line["path"], "error": error})
        bucket.commit_files("main", files)
        done = len(lines) - len(failed)
        answer = {"success": not failed, "processed": len(lines), "succeeded": done, "failed": failed}
        return json_response(answer, 200 if done else 422)

    def _apply(self, files, user, type, path, xetHash=None, sourceRepoType=None, sourceRepoId=None, **_):
        """Makes one change in `files`; the error if it cannot."""
        if type == "deleteFile":
            return None if files.pop(path, None) else f"{quote(path)} is not there"
        stored = self.origin.store.files.get(xetHash)
        if stored is None:
            return f"{xetHash} was not uploaded"
        if type == "copyFile":
            source = self.origin.repositories.get((sourceRepoType, sourceRepoId))
            if source is None or not source.holds(xetHash):
                return f"{sourceRepoId} has no such file"
        files[path] = PeerFile(self.origin.cas_side.uploads.content(stored), "xet", stored)
        return None
