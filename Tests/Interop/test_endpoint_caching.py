"""What answers say to caches in front of the proxy, and to browsers.

Nothing private is shared, and nothing of a repository runs.
"""

import pytest

from catalogue import MODEL, PRIVATE, file_of
from endpoint_calls import (
    PLAIN_CLIENT,
    XET_CLIENT,
    api_target,
    reconstruction,
    resolve_target,
    spans_of,
    get_xorb,
)
from http_peer import Response
from http_probe import fetch, path_target

SHARED = "public, max-age=3600, s-maxage=7200"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.domain)</script></svg>"


def directives(got):
    return {part.strip().partition("=")[0].lower() for part in (got.header("Cache-Control") or "").split(",")} - {""}


def varying(got):
    return {part.strip().lower() for part in (got.header("Vary") or "").split(",")} - {""}


def targets(origin, repository=MODEL):
    """Requests of every kind: (method, target, headers)."""
    file = file_of(origin, "random.bin", repository)
    etag = {"If-None-Match": f'"{file.sha256}"'}
    plain = "config.json" if repository == MODEL else "plain.txt"
    for method in ("GET", "HEAD"):
        for path in ("random.bin", plain, "lfs.bin", "is-not-there"):
            for headers in ({}, {"Range": "bytes=0-9"}, {"Range": "bytes=99999999-"}):
                yield method, path_target("download", repository, path), headers
                yield method, resolve_target(path, repository=repository), headers
        yield method, path_target("download", repository, "random.bin"), etag
        yield method, resolve_target("random.bin", repository=repository), etag
        yield method, resolve_target("random.bin", repository=repository), XET_CLIENT
        yield method, f"/download-hash/{file.stored.hash}?repo={repository}", {}
        yield method, f"/{repository}/raw/main/{plain}", {}
        yield method, api_target(repository=repository), {}
        yield method, api_target("tree", "main", repository=repository), {}
        yield method, "/api/models", {}
        yield method, "/no/such/path", {}
    yield "GET", api_target("xet-read-token", "main", repository=repository), {}
    yield "POST", api_target("paths-info", "main", repository=repository), {}
    yield "DELETE", "/download/a/b/c", {}


@pytest.mark.parametrize("repository", [MODEL, PRIVATE])
@pytest.mark.parametrize("said", [SHARED, None, "no-store", "no-cache, max-age=5", 'private="x-a"'])
def test_answers_to_a_token_are_private(endpoint, origin, repository, said):
    if said is not None:
        origin.hub.script(lambda request, response: response.with_header("Cache-Control", said), times=None)
    seen = set()
    for method, target, headers in targets(origin, repository):
        got = fetch(endpoint.url, target, method, {**PLAIN_CLIENT, **headers}, origin.alice)
        found = directives(got)
        assert {"private", "no-store"} & found and not {"public", "s-maxage"} & found, (target, got, found)
        if said == "no-store" and got.status == 200 and "/download-hash" not in target:
            assert "no-store" in found, (target, got.headers)
        seen.add(got.status)
    assert {200, 206, 302, 304, 404, 405, 416} <= seen


def test_anonymous_answers_keep_what_the_hub_says(start_endpoint, origin):
    server = start_endpoint("--allow-anonymous")
    for said in (SHARED, "no-store", None):
        if said is not None:
            origin.hub.script(lambda request, response: response.with_header("Cache-Control", said), times=None)
        for method, target, headers in targets(origin):
            if target.startswith(("/no/", "/download-hash")) or method not in ("GET", "HEAD"):
                continue
            got = fetch(server.url, target, method, {**PLAIN_CLIENT, **headers})
            if got.status in (200, 206, 304) and "token" not in target:
                assert got.header("Cache-Control") == said, (target, got)
        origin.hub.clear_script()


def test_answers_that_give_access_are_never_shared(start_endpoint, origin):
    server = start_endpoint("--allow-anonymous")
    for peer in origin.servers:
        peer.script(lambda request, response: response.with_header("Cache-Control", SHARED), times=None)
    token = fetch(server.url, api_target("xet-read-token", "main"))
    assert "accessToken" in token.json() and "private" in directives(token) and "public" not in directives(token)
    file = file_of(origin, "random.bin")
    answer = reconstruction(server, file, token.json()["accessToken"])
    assert answer.status == 200 and "private" in directives(answer) and "public" not in directives(answer)
    _, url, ranges = spans_of(server, file)[0]
    xorb = get_xorb(server, url, ranges[:1])
    assert xorb.status == 206 and "private" in directives(xorb) and "public" not in directives(xorb)
    # A redirect elsewhere becomes an address that the proxy signed.
    elsewhere = origin.plain_url(file)
    origin.hub.script(lambda request, response: Response(302, [("Location", elsewhere), ("Cache-Control", SHARED)]))
    got = fetch(server.url, api_target("refs"), headers=PLAIN_CLIENT)
    assert got.status == 302 and "/addresses/" in got.header("Location")
    assert "private" in directives(got) and "public" not in directives(got)
    behind = fetch(server.url, got.header("Location").removeprefix(server.url))
    assert behind.status == 200 and "private" in directives(behind) and "public" not in directives(behind)


def test_what_answers_depend_on(start_endpoint, origin):
    server = start_endpoint("--allow-anonymous")
    origin.hub.script(lambda request, response: response.with_header("Vary", "Origin, Accept"), times=None)
    for token in (None, origin.alice):
        for client in (PLAIN_CLIENT, XET_CLIENT):
            for method in ("GET", "HEAD"):
                for path in ("random.bin", "config.json", "is-not-there"):
                    got = fetch(server.url, resolve_target(path), method, client, token)
                    assert {"authorization", "user-agent"} <= varying(got), (path, got, got.headers)
                got = fetch(server.url, path_target("download", MODEL, "random.bin"), method, client, token)
                assert varying(got) == {"authorization", "origin", "accept"}, got.headers
                got = fetch(server.url, api_target("refs"), "GET", client, token)
                assert varying(got) == {"origin", "accept"} | (set() if token else {"authorization"}), got.headers


def test_a_cache_in_front_tells_callers_apart(start_endpoint, origin):
    """What the rules of HTTP let a shared cache keep of one caller's answers is never another's."""
    server = start_endpoint("--allow-anonymous")
    origin.hub.script(lambda request, response: response.with_header("Cache-Control", SHARED), times=None)
    kept = {}

    def through_the_cache(target, token):
        for (known, name), got in kept.items():
            if known == target and (name == token or "authorization" not in varying(got)):
                return got
        got = fetch(server.url, target, headers=PLAIN_CLIENT, token=token)
        if got.status == 200 and not {"private", "no-store"} & directives(got):
            kept[(target, token)] = got
        return got

    target = path_target("download", PRIVATE, "plain.txt")
    assert through_the_cache(target, origin.alice).status == 200
    assert through_the_cache(target, origin.bob).status == 404
    assert through_the_cache(target, None).status == 401
    target = path_target("download", MODEL, "config.json")
    assert through_the_cache(target, None) is through_the_cache(target, None), "what is public may be kept"


# Browsers


@pytest.fixture
def picture(origin):
    """A repository with pictures and pages that run scripts, in every form of storage."""
    from catalogue import lfs, regular

    origin.add_repository(
        "acme/pictures",
        {"a.svg": regular(SVG), "b.svg": lfs(SVG), "c.svg": origin.xet_file(SVG), "d.html": regular(SVG)},
    )

    def typed(request, response):
        kind = "text/html" if ".html" in request.path else "image/svg+xml"
        response.with_header("Content-Type", kind).with_header("Content-Security-Policy", "default-src *")
        return response.with_header("X-Content-Type-Options", "sniff")

    for server in (origin.hub, origin.cdn):
        server.script(typed, times=None, when=lambda r: "/api/" not in r.path)


def assert_inert(got):
    policy = got.header("Content-Security-Policy")
    assert "sandbox" in policy and "default-src 'none'" in policy, policy
    assert "script" not in policy and "*" not in policy
    assert got.header("X-Content-Type-Options") == "nosniff"


def test_nothing_of_a_repository_runs(start_endpoint, origin, picture):
    server = start_endpoint("--allow-anonymous")
    for name in ("a.svg", "b.svg", "c.svg", "d.html"):
        for target in (
            path_target("download", "acme/pictures", name),
            resolve_target(name, repository="acme/pictures"),
            f"/acme/pictures/raw/main/{name}",
        ):
            for method in ("GET", "HEAD"):
                got = fetch(server.url, target, method, PLAIN_CLIENT)
                assert got.status == 200, got
                assert_inert(got)
    file = file_of(origin, "c.svg", "acme/pictures")
    assert_inert(fetch(server.url, f"/download-hash/{file.stored.hash}?repo=acme/pictures"))
    _, url, ranges = spans_of(server, file, repository="acme/pictures")[0]
    assert_inert(get_xorb(server, url, ranges[:1]))
    elsewhere = origin.plain_url(file)
    origin.hub.script(lambda request, response: Response(302, [("Location", elsewhere)]))
    got = fetch(server.url, "/acme/pictures/raw/main/a.svg")
    behind = fetch(server.url, got.header("Location").removeprefix(server.url))
    assert behind.body == SVG
    assert_inert(behind)


def test_errors_and_lists_do_not_run_either(endpoint, origin):
    origin.hub.script(lambda request, response: Response(404, [("Content-Type", "text/html")], SVG), times=None)
    for target in (resolve_target("x"), api_target("x"), path_target("download", MODEL, "x"), "/api/models"):
        assert_inert(fetch(endpoint.url, target, token=origin.alice))


def test_the_page_still_works(endpoint):
    got = fetch(endpoint.url, "/")
    assert "script-src 'self'" in got.header("Content-Security-Policy")
    assert "sandbox" not in got.header("Content-Security-Policy")
