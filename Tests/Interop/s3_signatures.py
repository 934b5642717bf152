"""AWS Signature Version 4 for S3, as the documentation has it: what signs the tests' own requests, and judges a client's.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

EMPTY = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def encoded(text, safe=""):
    """Percent-encoded as S3 wants it: all but letters, digits and -._~"""
    return quote(text, safe=safe + "-._~")


def canonical_query(query):
    """The query of a target, sorted by what is encoded."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{name}={value}" for name, value in sorted((encoded(n), encoded(v)) for n, v in pairs))


def canonical_request(method, target, headers, names, payload_hash):
    """What is signed of a request; `headers` by names in lower case."""
    path, _, query = target.partition("?")
    fields = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names)
    # The path that a server sees is the one that was signed, in its canonical form.
    return "\n".join(
        [method, encoded(unquote(path), "/"), canonical_query(query), fields, ";".join(names), payload_hash]
    )


def signature(secret, day, region, time, request):
    """The signature of a canonical request at `time`, such as 20261129T113000Z."""
    key = b"AWS4" + secret.encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(
        ["AWS4-HMAC-SHA256", time, f"{day}/{region}/s3/aws4_request", hashlib.sha256(request.encode()).hexdigest()]
    )
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def authorization(key, secret, region, time, method, target, headers, payload_hash):
    """The value of `Authorization` for a request whose `headers`, names in lower case, are all signed."""
    names = sorted(headers)
    request = canonical_request(method, target, headers, names, payload_hash)
    signed = signature(secret, time[:8], region, time, request)
    scope = f"{key}/{time[:8]}/{region}/s3/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(names)}, Signature={signed}"


@dataclass(frozen=True)
class Refusal:
    """Why a request is not accepted: an error code of S3, and what is wrong in words."""

    code: str
    message: str


def checked(method, target, headers, body, secrets, region):
    """The key that signed a request, or a `Refusal`. `secrets` are those of all keys."""
    found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not found:
        return Refusal("AccessDenied", "no Authorization of Signature Version 4")
    if found["key"] not in secrets:
        return Refusal("InvalidAccessKeyId", found["key"])
    if found["region"] != region:
        return Refusal("AuthorizationHeaderMalformed", f"the region is {region}, not {found['region']}")
    names = found["names"].split(";")
    if names != sorted(set(names)):
        return Refusal("AuthorizationHeaderMalformed", "signed headers are not in order")
    # Whatever says what is to be done has to be signed, or somebody on the way could change it.
    must = {"host", "x-amz-date", "x-amz-content-sha256", *(name for name in headers if name.startswith("x-amz-"))}
    if missing := must - set(names):
        return Refusal("AccessDenied", f"not signed: {', '.join(sorted(missing))}")
    if absent := [name for name in names if name not in headers]:
        return Refusal("AccessDenied", f"signed, and not there: {', '.join(absent)}")
    time, payload_hash = headers["x-amz-date"], headers["x-amz-content-sha256"]
    if not re.fullmatch(r"\d{8}T\d{6}Z", time) or time[:8] != found["day"]:
        return Refusal("AccessDenied", f"x-amz-date is {time}, the scope's day {found['day']}")
    request = canonical_request(method, target, headers, names, payload_hash)
    if signature(secrets[found["key"]], found["day"], region, time, request) != found["signature"]:
        return Refusal("SignatureDoesNotMatch", request)
    if payload_hash != UNSIGNED and payload_hash != hashlib.sha256(body).hexdigest():
        return Refusal("XAmzContentSHA256Mismatch", payload_hash)
    return found["key"]
