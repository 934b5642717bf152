"""Requests to a proxy as an HF_ENDPOINT, and the addresses in its answers."""

import json
import re
from urllib.parse import quote

from catalogue import MODEL
from http_probe import fetch, target_of

PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/", "kernel": "kernels/"}
XET_CLIENT = {"User-Agent": "unknown/None; hf_hub/1.33.0; python/3.11.7; hf_xet/1.8.0"}
PLAIN_CLIENT = {"User-Agent": "curl/8.5.0"}
TIMEOUT = 100


def resolve_target(path, repository=MODEL, kind="model", revision="main"):
    return f"/{PREFIXES[kind]}{repository}/resolve/{quote(revision, safe='')}/{quote(path, safe='/')}"


def api_target(*tail, repository=MODEL, kind="model", query=""):
    """The API route of a repository; each segment of `tail` is encoded whole."""
    segments = "".join("/" + quote(segment, safe="") for segment in tail)
    return f"/api/{kind}s/{repository}{segments}{query}"


def resolve(server, path, method="GET", headers=PLAIN_CLIENT, token=None, **where):
    return fetch(server.url, resolve_target(path, **where), method, headers, token, timeout=TIMEOUT)


def cas_token(server, token=None, scope="read", revision="main", **where):
    """The document of a token route."""
    answer = fetch(server.url, api_target(f"xet-{scope}-token", revision, **where), token=token)
    assert answer.status == 200, answer
    return answer.json()


def reconstruction(server, file, token, version="v2", headers=()):
    """The answer for `file` with the CAS token `token`."""
    return fetch(server.url, f"/{version}/reconstructions/{file.stored.hash}", headers=headers, token=token)


def granted_spans(document):
    """Every (xorb, address, [(first, last byte)]) of a reconstruction of any version."""
    for xorb, entries in document.get("fetch_info", {}).items():
        for entry in entries:
            yield xorb, entry["url"], [(entry["url_range"]["start"], entry["url_range"]["end"])]
    for xorb, entries in document.get("xorbs", {}).items():
        for entry in entries:
            yield xorb, entry["url"], [(part["bytes"]["start"], part["bytes"]["end"]) for part in entry["ranges"]]


def spans_of(server, file, version="v2", token=None, **where):
    """The spans that the proxy hands out for `file`."""
    access = cas_token(server, token, **where)["accessToken"]
    answer = reconstruction(server, file, access, version)
    assert answer.status == 200, answer
    return list(granted_spans(answer.json()))


def range_field(spans):
    return {"Range": "bytes=" + ",".join(f"{first}-{last}" for first, last in spans)}


def get_xorb(server, url, spans, headers=(), **options):
    """The answer to a GET of these bytes of a xorb."""
    assert url.startswith(server.url), f"{url} is not at {server.url}"
    return fetch(server.url, target_of(url), headers={**range_field(spans), **dict(headers)}, **options)


def parts_of(outcome):
    """The [(Content-Range, bytes)] of a multipart/byteranges answer."""
    kind = outcome.header("Content-Type")
    match = re.fullmatch(r'multipart/byteranges; *boundary="?([^"]+)"?', kind or "")
    assert match, kind
    pieces = outcome.body.split(b"--" + match[1].encode())
    assert pieces[0].strip() == b"" and pieces[-1].strip() == b"--"
    parts = []
    for piece in pieces[1:-1]:
        head, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        parts.append((fields["Content-Range"], body.removesuffix(b"\r\n")))
    return parts


def addresses_in(outcome):
    """Every http(s) address in header fields and body; a JSON body is read first."""
    texts = [value for _, value in outcome.headers]
    try:
        texts += list(_strings(json.loads(outcome.body)))
    except ValueError:
        texts.append(outcome.body.decode("latin-1"))
    return [address for text in texts for address in re.findall(r"https?://[^\s\"'<>]+", text)]


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def everything(outcome):
    """Header fields and body as one text."""
    fields = "\n".join(f"{name}: {value}" for name, value in outcome.headers)
    return fields + "\n\n" + outcome.body.decode("latin-1")


def assert_addresses(outcome, base):
    """There are addresses in an answer, all below `base`; no name of the origin is in it."""
    found = addresses_in(outcome)
    assert found, f"no address in {everything(outcome)[:2000]}"
    assert_no_other_address(outcome, base)


def assert_no_other_address(outcome, base):
    for address in addresses_in(outcome):
        assert address == base or address.startswith((base + "/", base + "?")), f"{address} is not below {base}"
    assert ".invalid" not in everything(outcome)


def assert_refused(outcome, *statuses):
    """An error of the proxy: JSON, with its message in the header field too."""
    assert outcome.status in statuses, outcome
    assert outcome.complete and outcome.json()["error"], outcome
    assert outcome.header("X-Error-Message"), outcome.headers
