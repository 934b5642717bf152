"""The CAS side of the peer origin: reconstructions, tokens, and signed xorb URLs."""

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from http_peer import Response
from peer_answers import error_response, json_response, requested_range
from peer_cas_uploads import PeerCASUploads


@dataclass
class AccessToken:
    """A CAS token: what it opens, for whom, and how many requests it still serves (None: any number).

    `scope` is "read" or "write"; the latter includes the former.
    """

    value: str
    owner: str | None
    repository: object
    expires: int
    uses_left: int | None = None
    scope: str = "read"


@dataclass
class SignedURL:
    """An issued URL: `ranges` are the byte ranges (both ends inclusive) its signature binds."""

    id: str
    xorb: str
    ranges: list
    expired: bool = False
    uses_left: int | None = None


@dataclass
class FetchSpan:
    """Chunks [start, end) of a xorb, to be fetched in one range; `bytes` has an inclusive end."""

    start: int
    end: int
    bytes: tuple = field(default=(0, 0))


def plan(store, stored, start, end):
    """Terms of bytes [start, end) of a file, trimmed to chunks, the offset into the first, and the spans by xorb."""
    terms, offset, at = [], 0, 0
    for term in stored.terms:
        chunks = store.xorbs[term.xorb].layout.chunks[term.start : term.end]
        first = last = None
        chunk_at = at
        for index, chunk in enumerate(chunks):
            if chunk_at < end and chunk_at + chunk.unpacked_length > start:
                if first is None:
                    first = index
                    if not terms:
                        offset = max(start - chunk_at, 0)
                last = index
            chunk_at += chunk.unpacked_length
        at = chunk_at
        if first is not None:
            length = sum(chunk.unpacked_length for chunk in chunks[first : last + 1])
            terms.append((term.xorb, term.start + first, term.start + last + 1, length))
    return terms, offset, merged_spans(store, terms)


def merged_spans(store, terms):
    """For each xorb the chunk ranges of `terms`, those that overlap or touch merged, sorted, with their bytes."""
    spans = {}
    for xorb, start, end, _ in terms:
        spans.setdefault(xorb, []).append((start, end))
    merged = {}
    for xorb, ranges in spans.items():
        chunks = store.xorbs[xorb].layout.chunks
        result = []
        for start, end in sorted(ranges):
            if result and start <= result[-1].end:
                result[-1].end = max(result[-1].end, end)
            else:
                result.append(FetchSpan(start, end))
        for span in result:
            span.bytes = (chunks[span.start].start, chunks[span.end - 1].end - 1)
        merged[xorb] = result
    return merged


class PeerCAS:
    """Answers of the CAS and of the data service behind it.

    `token_lifetime` (seconds), `token_uses` and `url_uses` (requests, None: no limit) hold for what is issued next.
    `v2_status` (404 or 501) makes the v2 API unavailable. `ranges_per_url` splits v2 entries. `base_path` goes in front
    of every CAS path.
    """

    def __init__(self, store):
        self.store = store
        self.token_lifetime = 900
        self.token_uses = None
        self.url_uses = None
        self.v2_status = None
        self.ranges_per_url = 500
        self.base_path = ""
        self.data_url = None
        self._secret = secrets.token_bytes(32)
        self.lock = threading.RLock()
        self.tokens = {}
        self.urls = {}
        self.uploads = PeerCASUploads(self)

    def issue_token(self, owner, repository, scope="read"):
        with self.lock:
            expires = int(time.time()) + self.token_lifetime
            value = f"cas-{secrets.token_urlsafe(24)}"
            token = AccessToken(value, owner, repository, expires, self.token_uses, scope)
            self.tokens[token.value] = token
            return token

    def revoke_tokens(self):
        """Every token issued so far is refused from now on."""
        with self.lock:
            for token in self.tokens.values():
                token.expires = 0

    def expire_urls(self):
        """Every URL issued so far is answered with 403 from now on."""
        with self.lock:
            for url in self.urls.values():
                url.expired = True

    def forget_all_but(self, count):
        """Forgets the oldest tokens and URLs: they are refused, and no more than `count` of each are kept."""
        with self.lock:
            for table in (self.tokens, self.urls):
                for name in list(table)[: max(0, len(table) - count)]:
                    del table[name]

    def answer(self, request):
        """Answers a request to the CAS."""
        path = request.path
        if not path.startswith(self.base_path):
            return error_response(404, message="outside the base path")
        path = path[len(self.base_path) :]
        if path.endswith("/telemetry"):
            return Response(200)
        # Clients of before November 2025 use no version prefix.
        match = re.fullmatch(r"(?:/(v[12]))?(/.*)", path)
        version, path = match[1] or "v1", match[2]
        with self.lock:
            token = self.tokens.get(request.bearer)
            if token is None or token.expires <= time.time() or token.uses_left == 0:
                return error_response(401, message="token missing, unknown or expired")
            if token.uses_left is not None:
                token.uses_left -= 1
        uploaded = self.uploads.answer(request, version, path, token)
        if uploaded is not None:
            return uploaded
        if path == "/reconstructions" and version == "v1" and request.method in ("GET", "POST"):
            return self._batch(request, token)
        match = re.fullmatch(r"/reconstructions?/([^/]+)", path)
        if not match or request.method != "GET":
            return error_response(404, message="no such route")
        file_hash = unquote(match[1])
        if version == "v2" and self.v2_status is not None:
            return error_response(self.v2_status, message="no such version")
        if not re.fullmatch(r"[0-9a-f]{64}", file_hash):
            return error_response(400, message="malformed hash")
        stored = self.store.files.get(file_hash)
        if stored is None or not token.repository.holds(file_hash):
            return error_response(404, message="no such file")
        wanted = (0, stored.size)
        if request.range is not None and not (stored.size == 0 and re.match(r"bytes=0-", request.range)):
            wanted = requested_range(request.range, stored.size)
            if wanted in (None, "unsatisfiable"):
                return error_response(416, message="range not satisfiable")
        return json_response(self._reconstruction(stored, *wanted, version))

    def _batch(self, request, token):
        """Reconstructions of whole files, named in the query or in a JSON body."""
        names = request.query.get("file_id", [])
        if request.method == "POST":
            try:
                names = [entry["hash"] for entry in json.loads(request.body)]
            except (ValueError, TypeError, KeyError):
                names = [None]
            if not all(isinstance(name, str) for name in names):
                return error_response(400, message="no JSON array of hashes")
        answer = {"files": {}, "fetch_info": {}}
        for name in names:
            stored = self.store.files.get(name)
            if stored is None or not token.repository.holds(name):
                return error_response(404, message="no such file")
            one = self._reconstruction(stored, 0, stored.size, "v1")
            answer["files"][name] = one["terms"]
            for xorb, entries in one["fetch_info"].items():
                answer["fetch_info"].setdefault(xorb, []).extend(entries)
        return json_response(answer)

    def _reconstruction(self, stored, start, end, version):
        terms, offset, spans = plan(self.store, stored, start, end)
        answer = {
            "offset_into_first_range": offset,
            "terms": [
                {"hash": xorb, "unpacked_length": length, "range": {"start": first, "end": last}}
                for xorb, first, last, length in terms
            ],
        }
        if version == "v1":
            answer["fetch_info"] = {
                xorb: [
                    {
                        "range": {"start": span.start, "end": span.end},
                        "url": self.signed_url(xorb, [span.bytes]),
                        "url_range": {"start": span.bytes[0], "end": span.bytes[1]},
                    }
                    for span in ranges
                ]
                for xorb, ranges in spans.items()
            }
            return answer
        answer["xorbs"] = {}
        for xorb, ranges in spans.items():
            answer["xorbs"][xorb] = [
                {
                    "url": self.signed_url(xorb, [span.bytes for span in group]),
                    "ranges": [
                        {
                            "chunks": {"start": span.start, "end": span.end},
                            "bytes": {"start": span.bytes[0], "end": span.bytes[1]},
                        }
                        for span in group
                    ],
                }
                for group in (
                    ranges[at : at + self.ranges_per_url] for at in range(0, len(ranges), self.ranges_per_url)
                )
            ]
        return answer

    def signed_url(self, xorb, ranges):
        """A URL for `ranges` of `xorb`, known from now on."""
        with self.lock:
            url = SignedURL(secrets.token_hex(8), xorb, list(ranges), uses_left=self.url_uses)
            self.urls[url.id] = url
        listed = ",".join(f"{first}-{last}" for first, last in ranges)
        query = f"X-Peer-Ranges={quote(listed, safe='')}&X-Peer-Id={url.id}"
        return f"{self.data_url}/xorbs/default/{xorb}?{query}&X-Peer-Signature={self._signature(url.id, xorb, listed)}"

    def _signature(self, url_id, xorb, listed):
        return hmac.new(self._secret, f"{url_id} {xorb} {listed}".encode(), hashlib.sha256).hexdigest()

    def data(self, request):
        """Answers a GET of xorb bytes: only with a good signature and a range that it binds."""
        xorb = request.path.rpartition("/")[2]
        query = {name: values[0] for name, values in request.query.items()}
        listed = query.get("X-Peer-Ranges", "")
        signature = self._signature(query.get("X-Peer-Id"), xorb, listed)
        with self.lock:
            url = self.urls.get(query.get("X-Peer-Id"))
            if url is None or not hmac.compare_digest(signature, query.get("X-Peer-Signature", "")):
                return error_response(403, message="bad signature")
            if url.expired or url.uses_left == 0:
                return error_response(403, message="expired")
            whole_list = "bytes=" + listed
            singles = {f"bytes={first}-{last}": (first, last) for first, last in url.ranges}
            if request.range not in singles and request.range != whole_list:
                return error_response(403, message="range is not the signed one")
            if url.uses_left is not None:
                url.uses_left -= 1
        data = self.store.xorbs[xorb].data
        headers = [("Content-Type", "application/octet-stream"), ("ETag", f'"{xorb}"'), ("Accept-Ranges", "bytes")]
        if request.range in singles:
            first, last = singles[request.range]
            headers.append(("Content-Range", f"bytes {first}-{last}/{len(data)}"))
            return Response(206, headers, data[first : last + 1])
        return self._multipart(data, url.ranges)

    def _multipart(self, data, ranges):
        boundary = secrets.token_hex(12)
        body = bytearray()
        for first, last in ranges:
            body += f"--{boundary}\r\nContent-Type: application/octet-stream\r\n".encode()
            body += f"Content-Range: bytes {first}-{last}/{len(data)}\r\n\r\n".encode()
            body += data[first : last + 1]
            body += b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        return Response(206, [("Content-Type", f'multipart/byteranges; boundary="{boundary}"')], bytes(body))
