"""Ways around the lists of repositories: paths with two meanings, redirects, listings, bodies that name others.

What is refused is never asked upstream, so the Hub need not be one that would fall for it.
"""

import json

import pytest

from catalogue import DATA, LEGACY, MODEL, OTHER, SPACE, file_of
from endpoint_calls import PLAIN_CLIENT, api_target, resolve_target
from expectations import assert_right
from http_peer import Response
from http_probe import fetch, path_target
from peer_answers import json_response
from test_endpoint_rules import assert_denied

COMMIT = "c0ffee42" * 5
SECRET = "what nobody may see"


@pytest.fixture
def obliging(origin):
    """A Hub that has an answer to everything but the questions which it answers properly."""
    proper = origin.hub_side.answer

    def answer(request):
        response = proper(request)
        if response.status == 404 and ("Content-Type", "application/json") in response.headers:
            if b"no such route" in response.body:
                return json_response({"secret": SECRET})
        return response

    origin.hub.route = answer
    yield origin
    origin.hub.route = proper


BYPASSES = [
    (["--deny", "denied/*"], "/api/datasets/denied/parquet"),
    (["--deny", "denied/parquet"], "/api/models/denied/parquet"),
    (["--deny", "denied/parquet"], "/api/models/DENIED/Parquet"),
    (["--deny", "denied/parquet"], "/api/datasets/denied/parquet/tree/main"),
    (["--deny", "tree/tree"], "/api/models/tree/tree/main"),
    (["--deny", "tree"], "/api/models/tree/tree/main"),
    (["--deny", "acme/resolve"], "/acme/resolve/resolve/main/a"),
    (["--deny", "acme"], "/acme/resolve/resolve/main/a"),
    (["--deny", "squad"], "/api/datasets/squad/croissant"),
    (["--deny", "squad"], "/api/datasets/squad/word-of-tomorrow"),
    (["--deny", "gpt2"], f"/api/resolve-cache/models/gpt2/{COMMIT}/f"),
    (["--deny", "gpt2"], f"/api/resolve-cache/models/gpt2/{COMMIT}/folder/f"),
    (["--deny", "gpt2"], "/api/resolve-cache/models/gpt2/main/folder/f"),
    (["--deny", OTHER], f"/api/resolve-cache/models/{OTHER}/{COMMIT}/f"),
    (["--deny", OTHER], f"/api/Resolve-Cache/Models/acme%2FOther/{COMMIT}/f"),
    (["--allow", MODEL], f"/api/resolve-cache/models/gpt2/{COMMIT}/f"),
    (["--deny", "gpt2"], "/models/gpt2/resolve/main/f"),
    (["--deny", "squad"], "/Datasets/squad/resolve/main/f"),
    (["--deny", OTHER], "/acme/other.git/resolve/main/f"),
    (["--deny", OTHER], "/acme/Other.GIT/raw/main/f"),
    (["--deny", OTHER], "/api/models/acme/other.git/tree/main"),
    (["--allow", MODEL], "/api/models/acme/model.git.git/tree/main"),
    (["--deny", OTHER], "/v2/acme/other/blobs/sha256:00"),
    (["--deny", LEGACY], f"/v2/{LEGACY}/manifests/latest"),
    (["--deny", LEGACY], f"/api/models/{LEGACY}%2Ftree/main"),
    (["--deny", "buckets/acme/*"], "/api/buckets/acme/x"),
    (["--deny", "acme/*"], "/api/buckets/acme/x/tree"),
    (["--deny", "acme/*"], "/api/buckets/acme/x/xet-read-token"),
    (["--deny", "acme/*"], "/buckets/acme/x/resolve/a%2Fb"),
    (["--deny", "alice/*"], "/api/buckets/me/x"),
    (["--deny", "acme/*"], "/kernels/acme/x/resolve/main/f"),
    (["--deny", "acme/*"], "/api/kernels/acme/x/tree/main"),
    *(
        (["--deny", OTHER], target)
        for target in (
            "/api/quicksearch?q=other",
            "/api/trending",
            "/api/organizations/acme/members",
            "/api/organizations/acme/overview",
            "/api/users/alice/overview",
            "/api/users/alice/likes",
            "/api/collections",
            "/api/collections/acme/x-1",
            "/api/daily_papers",
            "/api/papers/1",
            "/api/models-tags-by-type",
            "/api/datasets-tags-by-type",
            "/api/tasks",
            "/api/settings/webhooks",
            "/api/notifications",
            "/api/jobs/acme",
            "/api/recent-activity?feedType=all",
            "/api/posts",
            "/api/spaces-semantic/search",
        )
    ),
]


@pytest.mark.parametrize("options, target", BYPASSES, ids=lambda value: value if isinstance(value, str) else value[1])
def test_ways_around_the_lists(start_endpoint, obliging, options, target):
    server = start_endpoint("--allow-writes", *options)
    for method in ("GET", "HEAD"):
        got = fetch(server.url, target, method, PLAIN_CLIENT, obliging.alice)
        assert got.status in (403, 404) and SECRET not in got.body.decode(), got
        assert not obliging.log.all(), "asked upstream"


@pytest.mark.parametrize("target", [target for _, target in BYPASSES])
def test_without_lists_all_is_passed_on(endpoint, obliging, target):
    """The paths of the test above are those of requests that reach the Hub, but for those that no Hub knows."""
    got = fetch(endpoint.url, target, headers=PLAIN_CLIENT, token=obliging.alice)
    assert obliging.log.all("hub") or got.status == 404, got


def test_names_like_words_of_the_api(start_endpoint, obliging):
    """A path with two meanings is served if the lists permit both, or the Hub knows that one of them is empty."""
    obliging.add_repository("acme/parquet", files_named("x"), type="dataset")
    server = start_endpoint("--allow", "acme/*")
    assert fetch(server.url, "/api/datasets/acme/parquet", token=obliging.alice).status == 200
    assert fetch(server.url, "/api/datasets/acme/parquet/refs", token=obliging.alice).status == 200
    assert fetch(server.url, api_target("tree", "main", repository="acme/parquet", kind="dataset")).status == 200
    # There is a dataset without an owner of that name, and it is not on the list.
    obliging.add_repository("acme", files_named("x"), type="dataset")
    assert_denied(fetch(server.url, "/api/datasets/acme/parquet", token=obliging.alice), "GET")
    # Both are.
    server = start_endpoint("--allow", "acme/*", "--allow", "datasets/acme")
    assert fetch(server.url, "/api/datasets/acme/parquet", token=obliging.alice).status == 200


def test_a_repository_without_an_owner(start_endpoint, origin):
    server = start_endpoint("--allow", LEGACY)
    assert fetch(server.url, f"/api/models/{LEGACY}/refs").status == 200
    origin.add_repository(f"{LEGACY}/refs", files_named("x"))
    assert_denied(fetch(server.url, f"/api/models/{LEGACY}/refs"), "GET")
    assert fetch(server.url, f"/api/models/{LEGACY}/tree/main").status == 200


def files_named(*paths):
    from catalogue import regular

    return {path: regular(path.encode()) for path in paths}


@pytest.mark.parametrize("route", ["/download/acme/model/config.json?revision=", "/download-hash/HASH?repo=acme/model&revision="])
@pytest.mark.parametrize("prefix", ["../../../", "main/../../../../", "..%2F..%2F..%2F", "a//../../../../"])
def test_revisions_that_climb(start_endpoint, origin, route, prefix):
    """A Hub that decodes before it cuts a path at its slashes would find another repository in the revision."""
    server = start_endpoint("--deny", OTHER)
    route = route.replace("HASH", file_of(origin, "random.bin", OTHER).stored.hash)
    for tail in (f"{OTHER}/resolve/main", f"api/models/{OTHER}/xet-read-token/main"):
        got = fetch(server.url, route + prefix + tail, headers=PLAIN_CLIENT, token=origin.alice)
        assert got.status in (400, 403), got
    assert not origin.log.all(), "asked upstream"


# Redirects


def redirects(origin, start, *locations):
    """The Hub sends requests for `start` from one location to the next."""
    for at, location in zip((start, *locations), locations):
        at = at.removeprefix(origin.public_url)

        def elsewhere(request, response, location=location):
            return Response(307, [("Location", location), ("X-Repo-Commit", COMMIT)])

        origin.hub.script(elsewhere, times=None, when=lambda r, at=at: r.target == at)


START = resolve_target("config.json")
CHAINS = [
    (f"/{OTHER}/resolve/main/random.bin",),
    (f"/{MODEL}/resolve/v1.0/config.json", f"/{OTHER}/resolve/main/random.bin"),
    (f"/api/resolve-cache/models/{OTHER}/{COMMIT}/nested%2Ffolder%2Fplain.txt",),
    (f"/{MODEL}/resolve/v1.0/config.json", f"/api/resolve-cache/models/{OTHER}/{COMMIT}/plain.txt"),
    (f"/{MODEL}/resolve/v1.0/a", f"/{MODEL}/resolve/v1.0/b", f"/{OTHER}/resolve/main/nested/folder/plain.txt"),
    ("/api/whatever/acme/other",),
    ("/acme/other/blob/main/a",),
]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain[-1])
@pytest.mark.parametrize("options", [["--deny", OTHER], ["--allow", MODEL]], ids=lambda options: options[0])
def test_redirects_that_the_proxy_follows(start_endpoint, origin, options, chain):
    server = start_endpoint(*options)
    redirects(origin, START, *(origin.public_url + step if len(chain) == 2 else step for step in chain))
    got = fetch(server.url, path_target("download", MODEL, "config.json"), token=origin.alice)
    assert_denied(got, "GET")
    assert not [r for r in origin.log.all() if r.target == chain[-1]], "asked upstream"


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain[-1])
def test_redirects_of_the_content(start_endpoint, origin, chain):
    """The Hub says what the file is, and sends the request for its bytes elsewhere."""
    server = start_endpoint("--deny", OTHER)
    for at, location in zip((START, *chain), chain):

        def elsewhere(request, response, location=location):
            return Response(302, [("Location", location)])

        origin.hub.script(elsewhere, times=None, when=lambda r, at=at: r.target == at and r.method == "GET")
    for target in (path_target("download", MODEL, "config.json"), START):
        got = fetch(server.url, target, headers=PLAIN_CLIENT, token=origin.alice)
        assert_denied(got, "GET")
    assert not [r for r in origin.log.all() if r.target == chain[-1]], "asked upstream"


def test_redirects_of_tokens(start_endpoint, origin):
    server = start_endpoint("--deny", OTHER)
    denied = f"/api/models/{OTHER}/xet-read-token/main"
    redirects(origin, api_target("xet-read-token", "main"), denied)
    file = file_of(origin, "random.bin", OTHER)
    got = fetch(server.url, f"/download-hash/{file.stored.hash}?repo={MODEL}", token=origin.alice)
    assert got.status in (403, 502), got
    got = fetch(server.url, api_target("xet-read-token", "main"), token=origin.alice)
    assert got.status == 307 and "accessToken" not in got.body.decode()
    assert_denied(fetch(server.url, got.header("Location"), token=origin.alice), "GET")
    assert not [r for r in origin.log.all() if OTHER in r.target], "asked upstream"


@pytest.mark.parametrize("location", [chain[-1] for chain in CHAINS])
def test_redirects_that_the_client_follows(start_endpoint, origin, location):
    server = start_endpoint("--deny", OTHER)
    redirects(origin, START, location)
    redirects(origin, api_target("refs"), location)
    for target in (START, api_target("refs")):
        got = fetch(server.url, target, headers=PLAIN_CLIENT, token=origin.alice)
        assert got.status == 307, got
        where = got.header("Location").removeprefix(server.url)
        assert_denied(fetch(server.url, where, headers=PLAIN_CLIENT, token=origin.alice), "GET")
    assert not [r for r in origin.log.all() if r.target == location], "asked upstream"


def test_redirects_that_are_permitted(start_endpoint, origin):
    server = start_endpoint("--allow", "acme/*")
    redirects(origin, START, f"/{MODEL}/resolve/v1.0/config.json")
    got = fetch(server.url, path_target("download", MODEL, "config.json"), token=origin.alice)
    assert_right(got, file_of(origin, "config.json", revision="v1.0").content)
    got = fetch(server.url, path_target("download", MODEL, "lfs.bin"), token=origin.alice)
    assert_right(got, file_of(origin, "lfs.bin").content)


# Listings


KNOWN = {DATA, MODEL, OTHER, SPACE, LEGACY}
"""The repositories of the catalogue; other suites may have added some of their own."""


def names_in(got):
    assert got.status == 200 and got.complete, got
    return [entry["id"] for entry in got.json() if entry["id"] in KNOWN]


@pytest.mark.parametrize(
    "options, kind, expected",
    [
        (["--deny", OTHER], "models", [DATA, MODEL, LEGACY]),
        (["--allow", "acme/*"], "models", [DATA, MODEL, OTHER]),
        (["--allow", "datasets/*"], "models", []),
        (["--deny", f"models/{DATA}"], "datasets", [DATA]),
        (["--deny", DATA], "datasets", []),
        (["--deny", "acme/*"], "spaces", []),
        (["--deny", OTHER], "spaces", [SPACE]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_lists_name_what_is_served(start_endpoint, origin, options, kind, expected):
    server = start_endpoint(*options)
    whole = fetch(origin.hub.url, f"/api/{kind}").json()
    got = fetch(server.url, f"/api/{kind}", headers={"Accept-Encoding": "gzip"}, token=origin.alice)
    assert names_in(got) == expected
    served = {entry["id"]: entry for entry in got.json()}
    assert all(served[entry["id"]] == entry for entry in whole if entry["id"] in expected)
    searched = fetch(server.url, f"/api/{kind}?search=acme&full=true", token=origin.alice)
    assert names_in(searched) == [name for name in expected if "acme" in name]
    assert fetch(server.url, f"/api/{kind}", "HEAD", token=origin.alice).status == 200


def test_pages_of_a_list(start_endpoint, origin):
    origin.hub_side.tree_page = 1
    server = start_endpoint("--deny", OTHER)
    found, target = [], "/api/models?search=e"
    while target:
        got = fetch(server.url, target, token=origin.alice)
        found += names_in(got)
        link = got.header("Link")
        assert link is None or link.startswith(f"<{server.url}/api/models?search=e&cursor=")
        target = link and link[1 : link.index(">")].removeprefix(server.url)
    assert found == [DATA, MODEL, LEGACY]


@pytest.mark.parametrize(
    "document",
    [
        {"models": [{"id": OTHER}]},
        {"id": OTHER},
        OTHER,
        [[{"id": OTHER}], {"name": OTHER}, OTHER, {"id": OTHER.upper()}, {"id": OTHER + ".git"}],
        [{"id": MODEL, "modelId": OTHER}, {"id": "x", "modelId": OTHER}, {"modelId": OTHER}, {"id": None}],
    ],
)
def test_lists_that_are_none(start_endpoint, origin, document):
    server = start_endpoint("--deny", OTHER)
    origin.hub.script(lambda request, response: json_response(document), times=None)
    got = fetch(server.url, "/api/models", token=origin.alice)
    assert got.status in (200, 403, 502), got
    assert OTHER.lower() not in got.body.decode().lower()
    assert OTHER not in str(got.headers)


def test_errors_of_lists(start_endpoint, origin):
    server = start_endpoint("--deny", OTHER)
    origin.hub.script(lambda request, response: json_response({"error": "bad sort"}, 400))
    got = fetch(server.url, "/api/models?sort=x", token=origin.alice)
    assert got.status == 400 and got.json() == {"error": "bad sort"}


# Bodies


@pytest.mark.parametrize(
    "target, line",
    [
        ("/api/buckets/acme/b/batch", {"type": "copyFile", "sourceRepoType": "model", "sourceRepoId": OTHER}),
        ("/api/buckets/acme/b/batch", {"type": "copyFile", "sourceRepoType": "models", "sourceRepoId": "ACME/Other"}),
        ("/api/buckets/acme/b/batch", {"type": "copyFile", "sourceRepoId": MODEL}),
        ("/api/buckets/acme/b/batch", {"type": "copyFile", "sourceRepoType": "model", "sourceRepoId": [OTHER]}),
        (f"/api/models/{MODEL}/duplicate", {"repository": OTHER}),
        (f"/api/models/{MODEL}/duplicate", {"repository": "other"}),
        (f"/api/models/{MODEL}/duplicate", {}),
        ("/api/repos/create", {"name": "other", "organization": "acme", "type": "model"}),
        ("/api/repos/create", {"name": "other", "organization": "acme", "type": ["dataset"]}),
        ("/api/repos/create", {"name": "other"}),
        ("/api/repos/create", {"name": "me/other", "type": "bucket"}),
        ("/api/repos/move", {"fromRepo": MODEL, "toRepo": OTHER, "type": "model"}),
        ("/api/repos/move", {"fromRepo": MODEL, "toRepo": "acme/Other", "type": None}),
    ],
)
def test_bodies_that_name_others(start_endpoint, obliging, target, line):
    server = start_endpoint("--allow-writes", "--deny", OTHER)
    body = json.dumps(line).encode()
    for text in (body, body + b"\n", b'{"type": "addFile", "path": "a"}\n' + body):
        got = fetch(server.url, target, "POST", {"Content-Type": "application/json"}, obliging.alice, body=text)
        assert_denied(got, "POST")
    assert not obliging.log.all(), "asked upstream"


def test_bodies_that_name_what_is_served(start_endpoint, obliging):
    server = start_endpoint("--allow-writes", "--deny", OTHER)
    body = b'{"type": "copyFile", "sourceRepoType": "model", "sourceRepoId": "acme/model"}\n'
    got = fetch(server.url, "/api/buckets/acme/b/batch", "POST", token=obliging.alice, body=body)
    assert got.status != 403
    (request,) = obliging.log.all("hub")
    assert request.body == body
