"""Answers that Hub, CAS and data hosts have in common: JSON, errors, ranges, CAS tokens."""

import json
import re

from http_peer import Response

SINGLE_RANGE = re.compile(r"bytes=(\d+)-(\d*)|bytes=-(\d+)")


def json_response(document, status=200, headers=()):
    return Response(status, [("Content-Type", "application/json"), *headers], json.dumps(document).encode())


def error_response(status, code=None, message=None, headers=()):
    """An error as the Hub gives it: in the headers and as JSON."""
    fields = [("X-Error-Code", code)] if code else []
    fields += [("X-Error-Message", message)] if message else []
    return json_response({"error": message or f"status {status}"}, status, [*fields, *headers])


def token_answer(origin, token):
    """A CAS token as the Hub hands it out: in the body and in header fields."""
    url = origin.public_cas_url
    headers = [
        ("X-Xet-Cas-Url", url),
        ("X-Xet-Access-Token", token.value),
        ("X-Xet-Token-Expiration", str(token.expires)),
    ]
    return json_response({"casUrl": url, "accessToken": token.value, "exp": token.expires}, headers=headers)


def requested_range(value, size):
    """The (start, end) of a single byte range, end exclusive; None if it is absent or not one; "unsatisfiable"."""
    match = SINGLE_RANGE.fullmatch((value or "").strip())
    if not match:
        return None
    if match[3] is not None:
        start, end = max(size - int(match[3]), 0), size
        return (start, end) if int(match[3]) and size else "unsatisfiable"
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return None
    return (start, end) if start < size else "unsatisfiable"


def ranged_response(content, request, headers):
    """200 with all of `content`, or 206 or 416 for the single range of a GET whose If-Range, if any, is the ETag."""
    condition = request.headers.get("if-range")
    applies = request.method == "GET" and (condition is None or ("ETag", condition) in headers)
    wanted = requested_range(request.range, len(content)) if applies else None
    if wanted is None:
        return Response(200, list(headers), content)
    if wanted == "unsatisfiable":
        return Response(416, [*headers, ("Content-Range", f"bytes */{len(content)}")], b"")
    start, end = wanted
    return Response(206, [*headers, ("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")], content[start:end])
