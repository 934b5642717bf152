"""What the peer CAS takes: xorbs, shards and upload grants, each checked as the protocol asks."""

import base64
import json
import re
import secrets

from http_peer import Response
from peer_answers import error_response, json_response
from reference_store import StoredFile, StoredXorb
from xet_formats import FILE_HAS_VERIFICATION, FormatError, dedup_answer, parse_shard
from xet_hashing import SERIALIZED_LIMIT, crc64_nvme, file_hash, keyed, unpacked_chunk, uploaded_xorb, verification_hash


class PeerCASUploads:
    """Answers of the CAS to uploads. `offers_grants` lets xorbs be put on the data host; `v2_status` hides /v2/shards.

    What is stored goes into `store`, which forgets it in `forget_uploads`.
    """

    def __init__(self, cas):
        self.cas = cas
        self.store = cas.store
        self.offers_grants = False
        self.v2_status = None
        self.answers_questions = False
        self.dedup_key = None
        self._grants = {}
        self._files = {}

    def answer(self, request, version, path, token):
        """Answers a request with a good token to `path` (without version), or gives None if it is no upload."""
        question = re.fullmatch(r"/chunks?/[a-z-]+/([0-9a-f]{64})", path)
        if question and request.method == "GET" and self.answers_questions:
            return self._xorbs_with(question[1])
        if request.method != "POST":
            return None
        xorb = re.fullmatch(r"/xorbs?/(default|[a-z-]+)/([0-9a-f]{64})", path)
        grant = re.fullmatch(r"/xorb-grants/default/([0-9a-f]{64})", path)
        commit = re.fullmatch(r"/xorb-commits/default/([0-9a-f]{64})/grant/([0-9a-f]+)", path)
        shard = path == "/shards" or re.fullmatch(r"/shard/[a-z-]+/[0-9a-f]{64}", path)
        if not (xorb or grant or commit or shard):
            return None
        if token.scope != "write":
            return error_response(403, message="a read token cannot write")
        if xorb:
            return self._xorb(xorb[2], request.body)
        if grant:
            return self._grant(grant[1], request)
        if commit:
            return self._committed(commit[1], self._grants.get(commit[2]))
        if version == "v2" and self.v2_status is not None:
            return error_response(self.v2_status, message="no such version")
        return self._shard(request.body, streamed=version == "v2")

    def _xorbs_with(self, chunk):
        """The xorbs that hold a chunk, as the CAS tells a client that knows the chunk."""
        found = [
            (name, [(c.hash, c.unpacked_length) for c in xorb.layout.chunks])
            for name, xorb in self.store.xorbs.items()
            if any(c.hash == chunk for c in xorb.layout.chunks)
        ]
        if not found:
            return error_response(404, message="no such chunk")
        body = dedup_answer(found, self.dedup_key, keyed)
        return Response(200, [("Content-Type", "application/octet-stream")], body)

    def _xorb(self, name, body):
        if name in self.store.xorbs:
            return json_response({"was_inserted": False})
        try:
            layout = uploaded_xorb(body)
        except (FormatError, RuntimeError, IndexError) as error:
            return error_response(400, message=f"not a xorb: {error}")
        if layout.hash != name:
            return error_response(400, message=f"the chunks are those of {layout.hash}")
        self.store.keep_xorb(name, StoredXorb(memoryview(body)[: layout.chunk_region_end], layout))
        return json_response({"was_inserted": True})

    # Grants

    def _grant(self, name, request):
        if not self.offers_grants:
            return error_response(404, message="no grants here")
        if name in self.store.xorbs:
            return json_response({})
        wanted = json.loads(request.body)
        if wanted["checksum"]["algo"] != "crc64nvme" or not 0 < wanted["length"] <= SERIALIZED_LIMIT:
            return error_response(400, message="length or checksum")
        value = int(wanted["checksum"]["value"])
        grant_id = secrets.token_hex(8)
        headers = {
            "x-peer-checksum-crc64nvme": base64.b64encode(value.to_bytes(8, "big")).decode(),
            "content-type": "application/x-xorb",
            "if-none-match": "*",
        }
        self._grants[grant_id] = {**wanted, "xorb": name, "crc": value, "headers": headers, "body": None}
        url = f"{self.cas.data_url}/grants/{grant_id}?X-Peer-Signature={self._grant_key(grant_id)}"
        return json_response({"id": grant_id, "method": "PUT", "url": url, "headers": headers}, 201)

    def _grant_key(self, grant_id):
        return f"grant-{grant_id[::-1]}"

    def put(self, request):
        """Answers a PUT of a granted xorb on the data host: only with the header fields of the grant."""
        grant_id = request.path.rpartition("/")[2]
        grant = self._grants.get(grant_id)
        if grant is None or request.query.get("X-Peer-Signature") != [self._grant_key(grant_id)]:
            return error_response(403, message="bad signature")
        if "content-length" not in request.headers:
            return error_response(411, message="MissingContentLength")
        missing = [name for name, value in grant["headers"].items() if request.headers.get(name) != value]
        if missing:
            return error_response(403, message=f"signed header fields differ: {missing}")
        if grant["body"] is not None:
            return error_response(412, message="already there")
        if len(request.body) != grant["length"] or crc64_nvme(request.body) != grant["crc"]:
            return error_response(400, message="length or checksum differ")
        grant["body"] = request.body
        return Response(200, [("ETag", '"granted"')])

    def _committed(self, name, grant):
        if grant is None or grant["xorb"] != name or grant["body"] is None:
            return error_response(404, message="nothing was uploaded")
        return self._xorb(name, grant["body"])

    # Shards

    def _shard(self, body, streamed):
        try:
            files = self._checked_files(parse_shard(body))
        except (FormatError, IndexError, KeyError) as error:
            return error_response(400, message=f"shard refused: {error!r}")
        is_new = False
        for sha256, stored in files:
            is_new |= self.store.keep_file(stored)
            if sha256 is not None:
                self._files[sha256] = stored
        if not streamed:
            return json_response({"result": int(is_new)})
        frames = [
            {"type": "validating", "verified": 0, "total": len(files)},
            {"type": "committing", "stage": "uploading"},
            {"type": "result"},
        ]
        lines = "".join(json.dumps(frame) + "\n" for frame in frames)
        response = Response(200, [("Content-Type", "application/x-ndjson")], lines.encode())
        response.delivery.framing = "chunked"
        return response

    def _checked_files(self, shard):
        """[(sha256, stored file)] of a shard whose every claim agrees with the stored xorbs."""
        for xorb in shard.xorbs:
            stored = self.store.xorbs[xorb.hash].layout.chunks
            listed = [(c.hash, c.unpacked_start, c.unpacked_length) for c in xorb.chunks]
            if listed != [(c.hash, c.unpacked_start, c.unpacked_length) for c in stored]:
                raise FormatError(f"the chunks of {xorb.hash} differ from the stored ones")
        return [(file.sha256, self._checked_file(file)) for file in shard.files]

    def _checked_file(self, file):
        if not file.flags & FILE_HAS_VERIFICATION or len(file.verification) != len(file.terms):
            raise FormatError(f"{file.hash} has no verification")
        leaves = []
        for term, proof in zip(file.terms, file.verification, strict=True):
            chunks = self.store.xorbs[term.xorb].layout.chunks
            if not 0 <= term.start < term.end <= len(chunks):
                raise FormatError(f"no chunks {term.start}..<{term.end} in {term.xorb}")
            used = chunks[term.start : term.end]
            if sum(chunk.unpacked_length for chunk in used) != term.unpacked_length:
                raise FormatError(f"a term of {term.unpacked_length} bytes has another length")
            if verification_hash([chunk.hash for chunk in used]) != proof:
                raise FormatError(f"the verification hash of a term of {file.hash} is wrong")
            leaves += [(chunk.hash, chunk.unpacked_length) for chunk in used]
        if file_hash(leaves) != file.hash:
            raise FormatError(f"the chunks are those of {file_hash(leaves)}, not of {file.hash}")
        return StoredFile(file.hash, sum(size for _, size in leaves), file.terms)

    def file_of(self, sha256):
        """The stored file that a shard linked with a SHA-256."""
        return self._files.get(sha256)

    def content(self, stored):
        """The bytes of a stored file."""
        parts = []
        for term in stored.terms:
            xorb = self.store.xorbs[term.xorb]
            for chunk in xorb.layout.chunks[term.start : term.end]:
                payload = xorb.data[chunk.payload_start : chunk.end]
                parts.append(unpacked_chunk(chunk.scheme, payload, chunk.unpacked_length))
        return b"".join(parts)
