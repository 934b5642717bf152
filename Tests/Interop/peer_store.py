"""An S3 store of our own, in memory: it checks every signature, keeps a log of all requests, and lies on demand.

`store.server.script(fault, times, skip, when)` breaks chosen answers (`faults.py`, and those below); `broken()` does so for a
block. `store.pass_time(seconds)` makes what it holds older.
"""

import contextlib
import email.utils
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import md5
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import faults
from http_peer import PeerServer, RequestLog, Response
from s3_calls import S3Bucket
from s3_signatures import Refusal, checked
from s3_store import REGION, new_credentials

BUCKET = "shared"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
STATUSES = {
    "AccessDenied": 403, "InvalidAccessKeyId": 403, "SignatureDoesNotMatch": 403, "AuthorizationHeaderMalformed": 400,
    "XAmzContentSHA256Mismatch": 400, "NoSuchKey": 404, "NoSuchBucket": 404, "PreconditionFailed": 412, "InvalidRange": 416,
    "InvalidRequest": 400, "NotImplemented": 501,
}


@dataclass(frozen=True)
class Kept:
    """An object; `time` is when it was put, in Unix seconds by the store's clock."""

    body: bytes
    time: float

    @property
    def tag(self):
        return f'"{md5(self.body).hexdigest()}"'


def error(code, message="", status=None, headers=()):
    """An answer with an error as S3 writes it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    return Response(status or STATUSES[code], [("Content-Type", "application/xml"), *headers], body.encode())


class PeerStore:
    """The store, with the bucket `BUCKET`. `refused` holds every request with a wrong signature, as (request, Refusal)."""

    region = REGION

    def __init__(self):
        self.owner, self.reader, self.nobody = (new_credentials(name) for name in ("owner", "reader", "nobody"))
        self.log = RequestLog()
        self.refused = []
        self.ignores_conditions = False
        """Whether a put replaces what is there, whatever its conditions."""
        self._lock = threading.Lock()
        self._objects = {}
        self.skew = 0.0
        """How far its clock is ahead of others."""
        self.server = PeerServer("store", self.answer, self.log)

    @property
    def endpoint(self):
        return self.server.url

    @property
    def secrets(self):
        return [user.secret for user in (self.owner, self.reader, self.nobody)]

    def stop(self):
        self.server.clear_script()
        if self.server.is_away:
            self.server.come_back()
        self.server.stop()

    def bucket(self, credentials=None, name=BUCKET):
        """The bucket for tests, whose requests are in the log too."""
        return S3Bucket(self.endpoint, name, credentials or self.owner, self.region)

    # What it holds, without a request.

    @property
    def objects(self):
        """Contents by name."""
        with self._lock:
            return {name: kept.body for name, kept in self._objects.items()}

    @property
    def times(self):
        with self._lock:
            return {name: kept.time for name, kept in self._objects.items()}

    def put(self, name, body):
        with self._lock:
            self._objects[name] = Kept(body, self.now)

    def remove(self, name):
        with self._lock:
            self._objects.pop(name, None)

    def change(self, name, change):
        """An object becomes `change(content)`, and stays as old as it is."""
        with self._lock:
            kept = self._objects[name]
            self._objects[name] = replace(kept, body=change(kept.body))

    def rotate(self, names):
        """Each of the objects gets the contents of the next."""
        with self._lock:
            kept = [self._objects[name] for name in names]
            for name, other in zip(names, kept[1:] + kept[:1], strict=True):
                self._objects[name] = other

    # Its clock.

    @property
    def now(self):
        return time.time() + self.skew

    def pass_time(self, seconds):
        """Everything that it holds is so much older."""
        with self._lock:
            self._objects = {n: replace(kept, time=kept.time - seconds) for n, kept in self._objects.items()}

    # What it was asked.

    def requests(self, method=None, part=""):
        """The requests so far whose path contains `part`; `COPY` is a copy, `LIST` a list."""
        return [request for request in self.log.all(path=part) if method in (None, kind(request))]

    def count(self, method=None, part=""):
        return len(self.requests(method, part))

    @contextlib.contextmanager
    def broken(self, fault, when=None, times=None):
        """Does `fault` to each request, or to those that `when` says, until the block ends."""
        try:
            yield self.server.script(fault, times=times, when=when)
        finally:
            self.server.clear_script()

    @contextlib.contextmanager
    def stalled(self, after=-1, when=None):
        """Sends nothing of an answer, or no more than `after` bytes of its body, until the block ends."""
        event = threading.Event()
        try:
            with self.broken(faults.hold(event, after), when) as script:
                yield script
        finally:
            event.set()

    @contextlib.contextmanager
    def away(self):
        """Refuses connections until the block ends."""
        self.server.go_away()
        try:
            yield
        finally:
            self.server.come_back()

    # Answers.

    def answer(self, request):
        answer = self._answer(request)
        dated = [("Date", email.utils.formatdate(self.now, usegmt=True)), ("x-amz-request-id", "0123456789ABCDEF")]
        return replace(answer, headers=[*dated, *answer.headers])

    def _answer(self, request):
        secrets = {user.key: user.secret for user in (self.owner, self.reader, self.nobody)}
        user = checked(request.method, request.target, request.headers, request.body, secrets, self.region)
        if isinstance(user, Refusal):
            self.refused.append((request, user))
            return error(user.code, user.message)
        bucket, name = self._place(request)
        writes = request.method in ("PUT", "DELETE", "POST")
        if user == self.nobody.key or (user == self.reader.key and writes):
            return error("AccessDenied")
        if bucket != BUCKET:
            return error("NoSuchBucket", bucket)
        if not name:
            return self._list(request) if kind(request) == "LIST" else error("NotImplemented", request.target)
        answers = {"GET": self._get, "HEAD": self._get, "PUT": self._put, "COPY": self._copy, "DELETE": self._delete}
        chosen = answers.get(kind(request))
        return chosen(request, name) if chosen else error("NotImplemented", request.target)

    @staticmethod
    def _place(request):
        """Bucket and name, by path or by host."""
        path = unquote(request.path).removeprefix("/")
        first, dot, _ = request.headers.get("host", "").partition(".")
        if dot and first == BUCKET:
            return first, path
        bucket, _, name = path.partition("/")
        return bucket, name

    def _get(self, request, name):
        with self._lock:
            kept = self._objects.get(name)
        if kept is None:
            return error("NoSuchKey", name)
        headers = [
            ("ETag", kept.tag), ("Last-Modified", email.utils.formatdate(kept.time, usegmt=True)),
            ("Content-Type", "application/octet-stream"), ("Accept-Ranges", "bytes"),
        ]
        if request.range is None:
            return Response(200, headers, kept.body)
        first, _, last = request.range.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(kept.body) - int(last))
        end = min(int(last) + 1 if first and last else len(kept.body), len(kept.body))
        if start >= end:
            return error("InvalidRange", request.range, headers=[("Content-Range", f"bytes */{len(kept.body)}")])
        headers.append(("Content-Range", f"bytes {start}-{end - 1}/{len(kept.body)}"))
        return Response(206, headers, kept.body[start:end])

    def _put(self, request, name):
        condition = request.headers.get("if-none-match")
        if condition not in (None, "*"):
            return error("NotImplemented", f"If-None-Match: {condition}")
        with self._lock:
            if condition and name in self._objects and not self.ignores_conditions:
                return error("PreconditionFailed", name)
            kept = self._objects[name] = Kept(request.body, self.now)
        return Response(200, [("ETag", kept.tag)])

    def _copy(self, request, name):
        source = unquote(request.headers["x-amz-copy-source"]).removeprefix("/")
        bucket, _, source = source.partition("/")
        if bucket != BUCKET:
            return error("NoSuchBucket", bucket)
        if source == name and request.headers.get("x-amz-metadata-directive", "COPY").upper() != "REPLACE":
            return error("InvalidRequest", "a copy onto itself that changes nothing")
        with self._lock:
            kept = self._objects.get(source)
            if kept is None:
                return error("NoSuchKey", source)
            kept = self._objects[name] = replace(kept, time=self.now)
        body = (
            f'<CopyObjectResult xmlns="{NAMESPACE}"><LastModified>{iso(kept.time)}</LastModified>'
            f"<ETag>{escape(kept.tag)}</ETag></CopyObjectResult>"
        )
        return Response(200, [("Content-Type", "application/xml")], body.encode())

    def _delete(self, request, name):
        self.remove(name)
        return Response(204)

    def _list(self, request):
        def value(name, default=""):
            return request.query.get(name, [default])[0]

        if value("list-type") != "2" or "delimiter" in request.query:
            return error("NotImplemented", request.target)
        is_encoded = value("encoding-type") == "url"
        prefix, count = value("prefix"), min(1000, int(value("max-keys", "1000")))
        after = value("continuation-token") or value("start-after")
        with self._lock:
            following = sorted((n, kept) for n, kept in self._objects.items() if n.startswith(prefix) and n > after)
        page = following[:count]
        is_truncated = len(following) > len(page)
        return list_answer(
            [(name, len(kept.body), kept.time) for name, kept in page],
            page[-1][0] if is_truncated and page else None,
            is_encoded,
        )


def kind(request):
    """What a request is: its method, `COPY` or `LIST`."""
    if request.method == "PUT" and "x-amz-copy-source" in request.headers:
        return "COPY"
    if request.method == "GET" and "list-type" in request.query:
        return "LIST"
    return request.method


def iso(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def list_answer(entries, token=None, is_encoded=False):
    """A page of a list; `entries` are (name, size, time)."""
    write = quote if is_encoded else escape
    contents = "".join(
        f"<Contents><Key>{write(name)}</Key><LastModified>{iso(seconds)}</LastModified><ETag>&quot;0&quot;</ETag>"
        f"<Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for name, size, seconds in entries
    )
    more = f"<NextContinuationToken>{write(token)}</NextContinuationToken>" if token else ""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{NAMESPACE}"><Name>{BUCKET}</Name>'
        f"<IsTruncated>{'true' if token else 'false'}</IsTruncated><KeyCount>{len(entries)}</KeyCount>"
        f"{'<EncodingType>url</EncodingType>' if is_encoded else ''}{more}{contents}</ListBucketResult>"
    )
    return Response(200, [("Content-Type", "application/xml")], body.encode())


# What a store that fails or lies does; each is a fault as in `faults.py`.


def refused(code, status):
    """Answers an error of S3 instead."""
    return lambda request, response: error(code, status=status)


def flipped(body, at):
    """`body` with one bit changed, unless it is empty."""
    return body[:at] + bytes([body[at] ^ 0x10]) + body[at + 1 :] if body else body


def only(fault, *kinds):
    """`fault`, for these kinds of requests alone."""
    return lambda request, response: fault(request, response) if kind(request) in kinds else response


def answered(document):
    """A 200 with this XML."""
    return lambda request, response: Response(200, [("Content-Type", "application/xml")], document)


FAILURES = {
    "500": refused("InternalError", 500),
    "503 SlowDown": refused("SlowDown", 503),
    "403": refused("AccessDenied", 403),
    "507 full": refused("InsufficientStorage", 507),
    "404 of everything": refused("NoSuchKey", 404),
    "no bucket": refused("NoSuchBucket", 404),
    "an error with 200": refused("InternalError", 200),
    "a page in place of it": answered(b"<html><body>Sign in</body></html>"),
    "redirected": lambda request, response: Response(307, [("Location", "http://127.0.0.1:1" + request.target)]),
    "reset": faults.reset_after(0),
    "closed": faults.close_after(0),
    "412 of every put": only(refused("PreconditionFailed", 412), "PUT"),
    "409 of every put": only(refused("ConditionalRequestConflict", 409), "PUT"),
    "501 of every put": only(refused("NotImplemented", 501), "PUT"),
    "no copies": only(refused("NotImplemented", 501), "COPY"),
}
"""Faults in place of an answer, for as long as a test wants."""

LIES = {
    "a bit at the start": faults.flipped(0),
    "a bit in the middle": faults.body(lambda body: flipped(body, len(body) // 2)),
    "a bit at the end": faults.flipped(-1),
    "truncated": faults.body(lambda body: body[: len(body) // 2]),
    "nothing": faults.body(lambda body: b""),
    "longer": faults.body(lambda body: body + body[:1000]),
    "zeros": faults.body(lambda body: bytes(len(body))),
    "cut": faults.close_after(1000),
    "cut with a reset": faults.reset_after(1000),
    "length too large": faults.declared_length(lambda count: count + 100),
    "length too small": faults.declared_length(lambda count: count // 2),
    "length of an exabyte": faults.declared_length(lambda count: 1 << 60),
    "no length": faults.unframed("close"),
    "in chunks": faults.unframed("chunked"),
    "no ranges": lambda request, response: replace(response, status=200 if response.status == 206 else response.status),
    "a wrong range": faults.header("Content-Range", "bytes 0-0/1"),
}
"""Faults of what is read, for `only(fault, "GET")`."""


def endless_list(prefix):
    """Whatever it is asked, there is more."""
    return only(lambda request, response: list_answer([(f"{prefix}x", 1, 0.0)], f"{prefix}x"), "LIST")


def enormous_list(byte_count=64 << 20):
    """A list that no memory is for."""
    entry = f"<Contents><Key>{'k' * 1000}</Key><Size>1</Size></Contents>".encode()
    document = f'<ListBucketResult xmlns="{NAMESPACE}">'.encode() + entry * (byte_count // len(entry))
    return only(answered(document), "LIST")


def listed(*entries):
    """A list with these entries, whatever there is."""
    return only(lambda request, response: list_answer(entries), "LIST")


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a0 "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>&a9;</Key></Contents></ListBucketResult>"
)
ENTITY = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY f SYSTEM "file:///etc/passwd">]><ListBucketResult>'
    "<IsTruncated>false</IsTruncated><Contents><Key>&f;</Key><Size>1</Size></Contents></ListBucketResult>"
)
HOSTILE_XML = {
    "entities": BOMB.encode(),
    "a file": ENTITY.encode(),
    "not closed": b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a",
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "no text": bytes(range(128, 256)) * 100,
    "nothing": b"",
    "an attribute of 8 MiB": b'<ListBucketResult a="' + b"x" * (8 << 20) + b'"/>',
}
