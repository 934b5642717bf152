"""What ends and is asked for again: signed URLs, CAS tokens, API versions; and redirects on the way."""

import pytest

import faults
from catalogue import MODEL, RENAMED, file_of
from expectations import assert_right, assert_visible_failure
from faults import TRANSIENT
from http_probe import fetch
from proxy_calls import assert_alive, assert_bounded, download


@pytest.mark.parametrize("path", ["random.bin", "scattered.bin", "large.bin"])
def test_expired_urls_are_renewed(proxy, origin, path):
    origin.cas_side.url_uses = 0

    def usable_from_now_on(request, response):
        origin.cas_side.url_uses = None
        return response

    origin.cdn.script(usable_from_now_on)
    assert_right(download(proxy, origin, path), file_of(origin, path).content)
    assert_bounded(origin)


def test_urls_that_expire_together_are_renewed_once(proxy, origin):
    assert_right(download(proxy, origin, "large.bin"), file_of(origin, "large.bin").content)
    plans = len(origin.log.all("cas"))
    fetches = len(origin.log.all("cdn"))
    origin.log.clear()

    def expire(request, response):
        origin.cas_side.expire_urls()
        return faults.status(403)(request, response)

    origin.cdn.script(expire, skip=fetches // 2)
    assert_right(download(proxy, origin, "large.bin"), file_of(origin, "large.bin").content)
    assert len(origin.log.all("cas")) <= plans * 2 + 2


def test_urls_good_for_one_use(proxy, origin):
    origin.cas_side.url_uses = 1
    assert_right(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    origin.cdn.script(TRANSIENT["reset"])
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert_bounded(origin, 60)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 416])
def test_urls_that_never_work(proxy, origin, status):
    origin.cdn.script(faults.status(status), times=None)
    assert_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert_bounded(origin)
    assert_alive(proxy, origin)


def test_expired_cas_token_is_renewed(proxy, origin):
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    origin.cas_side.revoke_tokens()
    assert_right(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    assert len(origin.log.all("hub", path="/xet-read-token/")) == 2


def test_cas_token_that_ends_soon(proxy, origin):
    origin.cas_side.token_lifetime = 5
    for _ in range(2):
        assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert 2 <= len(origin.log.all("hub", path="/xet-read-token/")) <= 8


def test_cas_token_for_one_request(proxy, origin):
    origin.cas_side.token_uses = 1
    for path in ("random.bin", "large.bin"):
        assert_right(download(proxy, origin, path), file_of(origin, path).content)
    assert_bounded(origin, 100)


def test_cas_that_refuses_every_token(proxy, origin):
    origin.cas.script(faults.status(401), times=None)
    got = download(proxy, origin, "random.bin")
    assert got.status in (401, 502), got
    assert len(origin.log.all("hub", path="/xet-read-token/")) <= 4
    assert_bounded(origin)


@pytest.mark.parametrize("server", ["hub", "cas"])
@pytest.mark.parametrize("fault", ["503", "500", "429", "reset at once", "closed at once"])
def test_faults_of_hub_and_cas_are_mended(proxy, origin, server, fault):
    entry = getattr(origin, server).script(TRANSIENT[fault], times=2, when=lambda r: r.method == "GET")
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert entry.uses == 2
    assert_bounded(origin)


def test_fault_of_resolve_is_mended(proxy, origin):
    entry = origin.hub.script(TRANSIENT["503"], when=lambda r: "/resolve/" in r.path)
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert entry.uses == 1


@pytest.mark.parametrize("status", [404, 501])
def test_first_version_of_reconstructions(proxy, origin, status):
    origin.cas_side.v2_status = status
    for path in ("random.bin", "scattered.bin"):
        assert_right(download(proxy, origin, path), file_of(origin, path).content)
    assert len([r for r in origin.log.all("cas") if r.path.startswith("/v2/")]) == 1
    ranged = download(proxy, origin, "scattered.bin", headers={"Range": "bytes=1000000-1300000"})
    assert_right(ranged, file_of(origin, "scattered.bin").content[1_000_000:1_300_001], 206)


def test_unknown_file_does_not_end_the_second_version(proxy, origin):
    unknown = fetch(proxy.url, f"/download-hash/{'a' * 64}?repo={MODEL}", token=origin.alice)
    assert unknown.status == 404
    origin.log.clear()
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert not [r for r in origin.log.all("cas") if r.path.startswith("/v1/")]


def test_entries_with_one_range_each(proxy, origin):
    origin.cas_side.ranges_per_url = 1
    assert_right(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)


@pytest.mark.parametrize("base", ["/some/prefix", "/slash"])
def test_base_path_of_the_cas(proxy, origin, base):
    origin.cas_side.base_path = base
    assert_right(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)


@pytest.mark.parametrize("code", [302, 307, 308])
def test_redirected_data(proxy, origin, code):
    origin.cdn.script(faults.redirected(origin.mirror.url, code), times=None)
    assert_right(download(proxy, origin, "scattered.bin"), file_of(origin, "scattered.bin").content)
    asked = {(r.target, r.range) for r in origin.log.all("cdn")}
    assert {(r.target, r.range) for r in origin.log.all("mirror")} <= asked
    assert {r.status for r in origin.log.all("mirror")} == {206}


def test_data_redirected_in_a_circle(proxy, origin):
    origin.cdn.script(faults.redirected(origin.mirror.url), times=None)
    origin.mirror.script(faults.redirected(origin.cdn.url), times=None)
    assert_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert_bounded(origin, 200)


def test_reconstruction_redirected_to_another_host(proxy, origin):
    """The CAS token must not follow (asserted for every test), so the other host refuses."""
    origin.cas.script(faults.redirected(origin.mirror.url), times=None)
    assert_visible_failure(download(proxy, origin, "random.bin"), file_of(origin, "random.bin").content)
    assert_bounded(origin)


def test_renamed_repository(proxy, origin):
    for path in ("random.bin", "lfs.bin", "config.json"):
        assert_right(download(proxy, origin, path, repository=RENAMED), file_of(origin, path).content)
