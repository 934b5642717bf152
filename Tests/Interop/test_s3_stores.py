"""What the proxy needs of an S3 store, asked of the stores that the tests use: so the one of our own is like the others."""

import email.utils
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from http_peer import wait_until
from peer_store import PeerStore
from s3_calls import S3Bucket, S3Credentials

RACERS = 8


@pytest.fixture(params=["peer", "service"])
def store(request):
    if request.param == "service":
        yield request.getfixturevalue("s3_store")
        return
    store = PeerStore()
    yield store
    store.stop()


@pytest.fixture
def bucket(store):
    return store.bucket() if isinstance(store, PeerStore) else store.new_bucket()


def as_user(bucket, credentials):
    return S3Bucket(bucket.endpoint, bucket.name, credentials, bucket.region)


def test_the_first_put_stays(bucket):
    assert bucket.put("a/b", b"first", if_none_match="*").status == 200
    second = bucket.put("a/b", b"second", if_none_match="*")
    assert (second.status, second.code) == (412, "PreconditionFailed")
    assert bucket.get("a/b").body == b"first"
    assert bucket.put("a/b", b"third").status == 200
    assert bucket.get("a/b").body == b"third"
    assert bucket.delete("a/b").status == 204
    assert bucket.put("a/b", b"fourth", if_none_match="*").status == 200


def test_one_of_many_puts_wins(bucket):
    bodies = [bytes([number]) * 100_000 for number in range(RACERS)]
    with ThreadPoolExecutor(RACERS) as racers:
        answers = list(racers.map(lambda body: bucket.put("race", body, if_none_match="*"), bodies))
    statuses = [answer.status for answer in answers]
    assert statuses.count(200) == 1 and set(statuses) <= {200, 409, 412}
    assert bucket.get("race").body == bodies[statuses.index(200)]


def test_what_is_not_there(bucket):
    got = bucket.get("none")
    assert (got.status, got.code) == (404, "NoSuchKey")
    assert bucket.head("none").status == 404
    assert bucket.delete("none").status == 204
    got = bucket.touch("none")
    assert (got.status, got.code) == (404, "NoSuchKey")
    nowhere = S3Bucket(bucket.endpoint, "no-such-bucket", bucket.credentials, bucket.region)
    assert (nowhere.get("x").status, nowhere.get("x").code) == (404, "NoSuchBucket")


def test_parts_of_an_object(bucket):
    content = bytes(range(256)) * 100
    bucket.put("a", content)
    got = bucket.ask("GET", "a", headers={"Range": "bytes=5-9"})
    assert (got.status, got.body, got.headers["content-range"]) == (206, content[5:10], f"bytes 5-9/{len(content)}")
    assert bucket.ask("GET", "a", headers={"Range": f"bytes={len(content) - 1}-"}).body == content[-1:]
    assert bucket.ask("GET", "a", headers={"Range": f"bytes={len(content)}-"}).status == 416


def test_ages(store, bucket):
    """Both moments by the clock of the store; a copy onto itself begins anew, in lists too."""
    bucket.put("a", b"content")

    def age():
        got = bucket.get("a")
        assert got.body == b"content"
        return email.utils.parsedate_to_datetime(got.headers["date"]).timestamp() - got.modified

    assert 0 <= age() <= 2
    if isinstance(store, PeerStore):
        store.pass_time(3600)
        assert 3600 <= age() <= 3602
    else:
        wait_until(lambda: age() >= 2, message="it gets no older")
    before = bucket.list()[0].time
    answer = bucket.touch("a")
    assert answer.status == 200 and b"CopyObjectResult" in answer.body
    assert age() <= 1
    assert bucket.list()[0].time > before
    refused = bucket.ask("PUT", "a", headers={"x-amz-copy-source": f"/{bucket.name}/a"})
    assert (refused.status, refused.code) == (400, "InvalidRequest")


def test_lists(bucket):
    names = [f"l/{number:03}" for number in range(25)]
    for name in [*names, "k", "m"]:
        bucket.put(name, name.encode())
    assert [entry.name for entry in bucket.list("l/")] == names
    assert [entry.name for entry in bucket.list("l/", count=7)] == names
    assert [entry.name for entry in bucket.list("l/", after="l/010")] == names[11:]
    assert [entry.name for entry in bucket.list("l/", after="l/0105", count=4)] == names[11:]
    assert [entry.name for entry in bucket.list()] == ["k", *names, "m"]
    assert not bucket.list("n/")
    assert {entry.size for entry in bucket.list("l/")} == {5}
    assert all(abs(entry.time - time.time()) < 60 for entry in bucket.list("l/"))


@pytest.mark.parametrize("is_known", [True, False])
def test_signatures(store, bucket, is_known):
    bucket.put("a", b"content")
    got = as_user(bucket, S3Credentials(store.owner.key if is_known else "somebody", "0" * 40)).get("a")
    assert (got.status, got.code) == (403, "SignatureDoesNotMatch" if is_known else "InvalidAccessKeyId")


def test_who_may_what(store, bucket):
    bucket.put("a", b"content")
    reader, nobody = as_user(bucket, store.reader), as_user(bucket, store.nobody)
    assert reader.get("a").body == b"content"
    for refused in (
        reader.put("b", b"x", if_none_match="*"), reader.delete("a"), reader.touch("a"),
        nobody.get("a"), nobody.get("none"), nobody.put("b", b"x"), nobody.list_page(),
    ):
        assert (refused.status, refused.code) == (403, "AccessDenied")
    assert bucket.names() == ["a"]


def test_it_comes_back_with_what_it_had(store, bucket):
    bucket.put("a", b"content")
    if isinstance(store, PeerStore):
        with store.away(), pytest.raises(OSError):
            bucket.get("a")
    else:
        store.kill()
        with pytest.raises(OSError):
            bucket.get("a")
        store.start()
    assert bucket.get("a").body == b"content"
    assert bucket.put("a", b"other", if_none_match="*").status == 412
