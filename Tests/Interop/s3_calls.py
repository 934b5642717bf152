"""Objects of a bucket, as tests list, read, write and remove them: S3 with the means of the standard library."""

import email.utils
import hashlib
import http.client
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import s3_signatures
from s3_signatures import encoded

TIMEOUT = 60


@dataclass(frozen=True)
class S3Answer:
    """An answer: status, header fields by names in lower case, body."""

    status: int
    headers: dict
    body: bytes

    @property
    def code(self):
        """The error code in the body; None if there is none."""
        try:
            return ElementTree.fromstring(self.body).findtext("{*}Code") or None
        except ElementTree.ParseError:
            return None

    @property
    def modified(self):
        """`Last-Modified`, in Unix seconds."""
        return email.utils.parsedate_to_datetime(self.headers["last-modified"]).timestamp()

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


@dataclass(frozen=True)
class S3Entry:
    """An object as a list names it; `time` in Unix seconds."""

    name: str
    size: int
    time: float


@dataclass(frozen=True)
class S3Credentials:
    key: str
    secret: str

    @property
    def variables(self):
        """What a program takes them from."""
        return {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}


class S3Bucket:
    """A bucket at `endpoint`, addressed by path."""

    def __init__(self, endpoint, name, credentials, region="us-east-1"):
        self.endpoint, self.name, self.credentials, self.region = endpoint, name, credentials, region

    def ask(self, method, name="", query=None, headers=(), body=b""):
        """Any request; `name` is that of an object, or empty for the bucket itself."""
        target = f"/{self.name}" + (f"/{encoded(name, '/')}" if name else "")
        if query:
            target += "?" + "&".join(f"{encoded(n)}={encoded(v)}" for n, v in sorted(query.items()))
        address = urlsplit(self.endpoint)
        payload_hash = hashlib.sha256(body).hexdigest()
        time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        fields = {"host": address.netloc, "x-amz-date": time, "x-amz-content-sha256": payload_hash}
        fields |= {name.lower(): value for name, value in dict(headers).items()}
        fields["authorization"] = s3_signatures.authorization(
            self.credentials.key, self.credentials.secret, self.region, time, method, target, fields, payload_hash
        )
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT)
        try:
            connection.request(method, target, body or None, fields)
            answer = connection.getresponse()
            return S3Answer(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def create(self):
        """The answer to making the bucket."""
        return self.ask("PUT")

    def put(self, name, body, **headers):
        """The answer to putting an object; `if_none_match="*"` and the like are its header fields."""
        return self.ask("PUT", name, headers={n.replace("_", "-"): v for n, v in headers.items()}, body=body)

    def get(self, name):
        return self.ask("GET", name)

    def head(self, name):
        return self.ask("HEAD", name)

    def delete(self, name):
        return self.ask("DELETE", name)

    def touch(self, name):
        """The answer to copying an object onto itself, so that it is as old as if it had been put now."""
        source = encoded(f"/{self.name}/{name}", "/")
        return self.ask("PUT", name, headers={"x-amz-copy-source": source, "x-amz-metadata-directive": "REPLACE"})

    def list_page(self, prefix="", after=None, count=1000, token=None):
        query = {"list-type": "2", "prefix": prefix, "max-keys": str(count)}
        if token:
            query["continuation-token"] = token
        elif after:
            query["start-after"] = after
        return self.ask("GET", query=query)

    def list(self, prefix="", after=None, count=1000):
        """All objects below `prefix` that follow `after`, by name."""
        found, token = [], None
        while True:
            answer = self.list_page(prefix, after, count, token)
            assert answer.status == 200, answer
            page = ElementTree.fromstring(answer.body)
            found += [
                S3Entry(
                    entry.findtext("{*}Key"),
                    int(entry.findtext("{*}Size")),
                    datetime.fromisoformat(entry.findtext("{*}LastModified").replace("Z", "+00:00")).timestamp(),
                )
                for entry in page.findall("{*}Contents")
            ]
            if page.findtext("{*}IsTruncated") != "true":
                return found
            token = page.findtext("{*}NextContinuationToken")

    def names(self, prefix=""):
        return [entry.name for entry in self.list(prefix)]

    def clear(self, prefix=""):
        """Removes every object below `prefix`."""
        for name in self.names(prefix):
            assert self.delete(name).status in (200, 204)
