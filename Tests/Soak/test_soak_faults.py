"""The faults of a soak follow from its seed, and are those that a file can bear."""

import random
import threading
from types import SimpleNamespace

from http_peer import RecordedRequest, Response
from soak_faults import FLIP_RATE, RATES, FaultPlan

XORBS = {name: bytes(random.Random(name).randbytes(4000)) for name in ("solid", "doubted", "plain")}
REQUEST_COUNT = 3000


def cas():
    urls = {str(n): SimpleNamespace(expired=False) for n in range(10)}
    store = SimpleNamespace(xorbs={name: SimpleNamespace(data=data) for name, data in XORBS.items()})
    return SimpleNamespace(store=store, urls=urls, lock=threading.RLock())


def plan(seed=1):
    return FaultPlan(seed, cas(), {"doubted"}, {"plain"})


def request(target, server="cdn", method="GET", span=None):
    headers = {} if span is None else {"range": f"bytes={span[0]}-{span[1]}"}
    return RecordedRequest(server, 1, method, target, headers, ("127.0.0.1", 1))


def xorb_requests(name):
    for at in range(REQUEST_COUNT):
        first = at % 3000
        last = first + 999
        answer = Response(206, [("Content-Range", f"bytes {first}-{last}/4000")], XORBS[name][first : last + 1])
        yield request(f"/xorbs/default/{name}?X-Peer-Id={at % 10}", span=(first, last)), answer


def fates(chosen, requests):
    """What becomes of each answer."""
    found = []
    for asked, answer in requests:
        got = chosen.apply(asked, answer)
        delivery = got.delivery
        how = (delivery.framing, delivery.stop_after, delivery.hold and delivery.hold.seconds, delivery.hold_after)
        found.append((asked.target, asked.range, got.status, bytes(got.body), how))
    return found


def test_the_order_of_requests_changes_nothing():
    asked = list(xorb_requests("solid"))
    mixed = random.Random(1).sample(asked[:3000], 3000)
    assert sorted(fates(plan(), asked), key=repr) == sorted(fates(plan(), mixed), key=repr)


def test_other_seeds_have_other_faults():
    assert fates(plan(1), xorb_requests("solid")) != fates(plan(2), xorb_requests("solid"))


def test_as_many_as_are_stated():
    chosen = plan()
    fates(chosen, xorb_requests("solid"))
    assert 0.5 * RATES["cdn"] < sum(chosen.uses().values()) / REQUEST_COUNT < 1.5 * RATES["cdn"]
    assert len(chosen.uses()) == 9, chosen.uses()


def test_none_once_it_is_well():
    chosen = plan()
    chosen.is_active = False
    assert fates(chosen, xorb_requests("doubted")) == fates(chosen, xorb_requests("doubted"))
    assert chosen.uses() == {}


def test_wrong_bytes_that_only_the_file_hash_tells_come_where_they_may():
    for name, rate in (("doubted", FLIP_RATE), ("solid", 0), ("plain", 0)):
        chosen = plan()
        fates(chosen, xorb_requests(name))
        count = chosen.uses().get("flipped", 0)
        assert 0.5 * rate * REQUEST_COUNT <= count <= 1.5 * rate * REQUEST_COUNT, name


def test_a_client_that_checks_nothing_gets_no_bytes_that_look_whole_and_are_not():
    chosen = plan()
    for asked, answer in xorb_requests("plain"):
        got = chosen.apply(asked, answer)
        if got.status == 206:
            assert got.body == answer.body and got.delivery.framing == "length"
            assert got.headers == answer.headers


def test_answers_of_the_wrong_range_say_so():
    chosen = plan()
    seen = 0
    for asked, answer in xorb_requests("solid"):
        got = chosen.apply(asked, answer)
        field = dict(got.headers).get("Content-Range")
        if got.status == 206 and field != dict(answer.headers)["Content-Range"]:
            seen += 1
            first, last = map(int, field.removeprefix("bytes ").partition("/")[0].split("-"))
            assert got.body == XORBS["solid"][first : last + 1]
        elif got.status == 200:
            seen += 1
            assert got.body == XORBS["solid"]
    assert seen > 0 and seen == chosen.uses()["cdn wrong_range"]


def test_a_url_that_ended_is_ended_for_all():
    chosen = plan()
    fates(chosen, xorb_requests("solid"))
    assert chosen.uses()["cdn expired"] > 0
    assert any(url.expired for url in chosen.cas.urls.values())


def test_answers_that_are_errors_already_stay():
    chosen = plan()
    for _ in range(200):
        answer = Response(403, [], b"no")
        assert chosen.apply(request("/xorbs/default/solid?X-Peer-Id=1", span=(0, 9)), answer) is answer
