"""Addresses in the JSON of the Hub lead back to the proxy, wherever they stand; the rest stays byte for byte."""

import gzip
import json

import pytest

from catalogue import DATA, MODEL, file_of
from endpoint_calls import PLAIN_CLIENT, XET_CLIENT, api_target, assert_no_other_address, resolve_target
from expectations import assert_right
from http_peer import Response
from http_probe import fetch
from peer_answers import json_response

PARQUET = f"/api/datasets/{DATA}/parquet"


def says(origin, body, kind="application/json", framing="length", path=None, **options):
    """The Hub answers with these bytes."""

    def answer(request, response):
        response = Response(options.get("status", 200), [("Content-Type", kind), *options.get("headers", ())], body)
        response.delivery.framing = framing
        return response

    return origin.hub.script(answer, times=None, when=lambda r: path is None or r.path == path)


def test_parquet_files_of_a_dataset(endpoint, origin):
    """The addresses of an answer can be followed, and never leave the proxy."""
    file = f"{PARQUET}/default/train/0.parquet"
    says(origin, json.dumps({"default": {"train": [origin.public_url + file]}}).encode(), path=PARQUET)
    target = resolve_target("random.bin", DATA, "dataset")
    says(origin, b"", status=302, headers=[("Location", origin.public_url + target)], path=file)
    got = fetch(endpoint.url, PARQUET, token=origin.alice)
    assert got.json() == {"default": {"train": [endpoint.url + file]}}
    assert got.header("Content-Length") == str(len(got.body))
    redirect = fetch(endpoint.url, file, token=origin.alice)
    assert redirect.status == 302
    where = redirect.header("Location").removeprefix(endpoint.url)
    assert where == target
    assert_right(fetch(endpoint.url, where, headers=PLAIN_CLIENT), file_of(origin, "random.bin", DATA, "dataset").content)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/x-ndjson"])
@pytest.mark.parametrize("status", [200, 201, 400, 404])
def test_wherever_addresses_stand(endpoint, origin, kind, framing, status):
    hub, ours = origin.public_url, endpoint.url
    document = (
        '{ "url":"HUB/a/b" ,"x":[1.50,{"HUB/key":["HUB/c#part","http:\\/\\/hub.invalid/d"]}],\n'
        '"text":"see HUB/e, or HUB/f","other":"http://elsewhere.example/","é":"h\\u00e9"}\n"HUB/g"'
    )
    expected = (
        '{ "url":"OUR/a/b" ,"x":[1.50,{"OUR/key":["OUR/c#part","OUR/d"]}],\n'
        '"text":"see HUB/e, or HUB/f","other":"http://elsewhere.example/","é":"h\\u00e9"}\n"OUR/g"'
    )
    says(origin, document.replace("HUB", hub).encode(), kind, framing, status=status)
    for target in (api_target("refs"), "/api/models", "/api/anything/else"):
        got = fetch(endpoint.url, target, headers={"Accept-Encoding": "gzip"}, token=origin.alice)
        assert got.status == status and got.complete, got
        assert got.body.decode() == expected.replace("HUB", hub).replace("OUR", ours)
    got = fetch(endpoint.url, api_target("paths-info", "main"), "POST", token=origin.alice, body=b"paths=x")
    assert got.body.decode() == expected.replace("HUB", hub).replace("OUR", ours)


@pytest.mark.parametrize("count", [0, 1, 100_000])
def test_what_has_no_address_stays(endpoint, origin, count):
    body = b"[" + b',  {"path":"a\\u0062\\"c/http://x","size":1e3}'.replace(b",", b"", 1) * min(count, 1)
    body += b',\n {"path":"folder/http","url":null,"h":"https://other.example/x"}' * max(count - 1, 0) + b"]"
    says(origin, body)
    got = fetch(endpoint.url, api_target("tree", "main"), token=origin.alice)
    assert got.status == 200 and got.complete and got.body == body


def test_long_answers_pass_as_they_come(endpoint, origin):
    """A listing of any length is rewritten on its way, in little memory."""
    entry = b'{"url": "%s/acme/model/resolve/main/file-%%d.bin", "note": "%s"},' % (origin.public_url.encode(), b"x" * 500)
    body = b"[" + b"".join(entry % n for n in range(60_000)) + b"{}]"
    says(origin, body)
    before = endpoint.peak_memory
    got = fetch(endpoint.url, api_target("tree", "main"), token=origin.alice, timeout=100)
    assert got.complete and got.body == body.replace(origin.public_url.encode(), endpoint.url.encode())
    assert before is None or endpoint.peak_memory - before < 40_000_000 < len(body) + 10_000_000


def test_answers_that_are_cut(endpoint, origin):
    body = json.dumps({"url": origin.public_url + "/x", "rest": "y" * 400_000}).encode()

    def cut(request, response):
        response = json_response({})
        response.body = body
        response.delivery.stop_after = 300_000
        return response

    origin.hub.script(cut, times=None)
    got = fetch(endpoint.url, api_target("refs"), token=origin.alice)
    assert not got.complete


def test_compressed_answers_are_refused(endpoint, origin):
    """Nobody asked for them, and nobody knows what they name."""
    body = gzip.compress(json.dumps({"url": origin.public_url + "/x"}).encode())
    says(origin, body, headers=[("Content-Encoding", "gzip")])
    got = fetch(endpoint.url, api_target("refs"), headers={"Accept-Encoding": "gzip"}, token=origin.alice)
    assert got.status == 502 and got.json()["error"], got
    assert {r.headers.get("accept-encoding") for r in origin.log.all("hub")} == {"identity"}


def test_parts_of_an_answer(endpoint, origin):
    """A part could begin within an address: the client gets the whole, as HTTP lets it."""
    body = json.dumps({"url": origin.public_url + "/x"}).encode()

    def part(request, response):
        if request.range is None:
            return json_response({"url": origin.public_url + "/x"})
        return Response(206, [("Content-Type", "application/json"), ("Content-Range", f"bytes 9-/{len(body)}")], body[9:])

    origin.hub.script(part, times=None)
    got = fetch(endpoint.url, api_target("refs"), headers={"Range": "bytes=9-"}, token=origin.alice)
    assert got.status == 200 and got.json() == {"url": endpoint.url + "/x"}


def test_files_are_not_touched(endpoint, origin):
    """JSON that a repository holds is a file like any other."""
    from catalogue import regular

    body = json.dumps({"url": origin.public_url + "/x"}).encode()
    origin.add_repository("acme/json", {"a.json": regular(body)})
    typed = [("Content-Type", "application/json"), ("ETag", '"x"'), ("X-Repo-Commit", "0" * 40)]
    says(origin, body, headers=typed[1:])
    for target in (resolve_target("a.json", "acme/json"), "/acme/json/raw/main/a.json", "/v2/acme/json/manifests/latest"):
        assert_right(fetch(endpoint.url, target, headers=PLAIN_CLIENT), body)


def test_answers_to_writes(writable, origin):
    says(origin, json.dumps({"pullRequest": {"urls": [f"{origin.public_url}/{MODEL}/discussions/1"]}}).encode())
    got = fetch(writable.url, api_target("discussions"), "POST", token=origin.alice, body=b'{"pullRequest": true}')
    assert got.json() == {"pullRequest": {"urls": [f"{writable.url}/{MODEL}/discussions/1"]}}


def test_pages(endpoint, origin):
    """Links lead back too; one that leads elsewhere is left out."""
    links = f'<{origin.public_url}/api/models?cursor=x>; rel="next", <http://elsewhere.example/>; rel="last"'
    says(origin, b"[]", headers=[("Link", links)])
    got = fetch(endpoint.url, "/api/models", token=origin.alice)
    assert got.header("Link") == f'<{endpoint.url}/api/models?cursor=x>; rel="next"'
    assert_no_other_address(got, endpoint.url)


def test_filtered_lists_lead_back_too(start_endpoint, origin):
    server = start_endpoint("--deny", "acme/other")
    url = f"{origin.public_url}/{MODEL}"
    says(origin, json.dumps([{"id": MODEL, "url": url}, {"id": "acme/other", "url": url}]).encode())
    got = fetch(server.url, "/api/models", token=origin.alice)
    assert got.json() == [{"id": MODEL, "url": f"{server.url}/{MODEL}"}]


# A Hub that has recovered in between


@pytest.mark.parametrize("path", ["config.json", "readme.md"])
@pytest.mark.parametrize("code", [500, 503, 404, 429])
def test_a_range_is_kept_when_only_the_head_failed(endpoint, origin, path, code):
    content = file_of(origin, path).content
    origin.hub.script(lambda q, r: json_response({"error": "busy"}, code), times=None, when=lambda r: r.method == "HEAD")
    target = resolve_target(path)
    got = fetch(endpoint.url, target, headers={**PLAIN_CLIENT, "Range": "bytes=3-9", "Accept-Encoding": "gzip"})
    assert got.status == 206 and got.body == content[3:10], got
    assert got.header("Content-Range") == f"bytes 3-9/{len(content)}"
    etag = got.header("ETag")
    same = fetch(endpoint.url, target, headers={**PLAIN_CLIENT, "Range": "bytes=3-9", "If-Range": etag})
    assert same.status == 206
    other = fetch(endpoint.url, target, headers={**PLAIN_CLIENT, "Range": "bytes=3-9", "If-Range": '"other"'})
    assert other.status == 200 and other.body == content
    got = fetch(endpoint.url, target, headers={**PLAIN_CLIENT, "Range": f"bytes={len(content)}-"})
    assert got.status == 416
    assert fetch(endpoint.url, target, headers=PLAIN_CLIENT).body == content


@pytest.mark.parametrize("path", ["random.bin", "lfs.bin"])
def test_files_elsewhere_when_only_the_head_failed(endpoint, origin, path):
    """The redirect that the Hub gives to GET says what the file is: it is rebuilt as always."""
    file = file_of(origin, path)
    failing = origin.hub.script(lambda q, r: json_response({}, 503), times=None, when=lambda r: r.method == "HEAD")
    got = fetch(endpoint.url, resolve_target(path), headers={**PLAIN_CLIENT, "Range": "bytes=1000-1999"})
    if path == "random.bin":
        assert got.status == 206 and got.body == file.content[1000:2000], got
        assert fetch(endpoint.url, resolve_target(path), headers=XET_CLIENT).header("X-Xet-Hash") == file.stored.hash
        assert_right(fetch(endpoint.url, resolve_target(path), headers=PLAIN_CLIENT), file.content)
    else:
        assert got.status == 206 and got.body == file.content[1000:2000], got
    assert failing.uses
