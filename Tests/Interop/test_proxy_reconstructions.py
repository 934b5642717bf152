"""Reconstructions that lie: no crash, no wrong bytes, no waste."""

import pytest

import faults
from catalogue import MODEL, file_of
from expectations import assert_right, is_visible_failure
from http_probe import fetch, path_target

HUGE = 2**64 - 1


def first_term(document):
    return document["terms"][0]


def first_entry(document):
    return next(iter(document["xorbs"].values()))[0]


def set_term(**values):
    return lambda document: first_term(document).update(values)


def set_range(part, **values):
    return lambda document: first_entry(document)["ranges"][0][part].update(values)


def set_url(url):
    return lambda document: first_entry(document).update(url=url)


def without(*keys):
    def change(document):
        for key in keys:
            document.pop(key)

    return change


def only_first_xorb_renamed(document):
    document["xorbs"] = {"e" * 64: next(iter(document["xorbs"].values()))}


def swap_terms(document):
    document["terms"].reverse()


def repeat_terms(document):
    document["terms"] = document["terms"] * 3_000


def drop_last_term(document):
    document["terms"].pop()


def duplicate_last_term(document):
    document["terms"].append(document["terms"][-1])


def shift_bytes(document):
    span = first_entry(document)["ranges"][0]["bytes"]
    span["start"] += 1


def empty_ranges(document):
    first_entry(document)["ranges"] = []


def many_ranges(document):
    entry = first_entry(document)
    entry["ranges"] = entry["ranges"] * 50_000


def shorter_first_term(document):
    first_term(document)["unpacked_length"] -= 1


def longer_first_term(document):
    first_term(document)["unpacked_length"] += 1


LIES = {
    "term that ends where it starts": set_term(range={"start": 3, "end": 3}),
    "term that ends before it starts": set_term(range={"start": 5, "end": 3}),
    "negative chunk index": set_term(range={"start": -1, "end": 3}),
    "chunk index beyond any xorb": set_term(range={"start": 0, "end": 2**32}),
    "chunk index of 64 bits": set_term(range={"start": HUGE - 1, "end": HUGE}),
    "chunk index of 100 digits": set_term(range={"start": 0, "end": 10**100}),
    "term outside its fetch range": set_term(range={"start": 0, "end": 100_000}),
    "no length": set_term(unpacked_length=0),
    "negative length": set_term(unpacked_length=-5),
    "huge length": set_term(unpacked_length=2**40),
    "length of 64 bits": set_term(unpacked_length=HUGE),
    "length as text": set_term(unpacked_length="5"),
    "length as fraction": set_term(unpacked_length=5.5),
    "length one short": shorter_first_term,
    "length one long": longer_first_term,
    "malformed xorb hash": set_term(hash="abc"),
    "xorb hash as number": set_term(hash=5),
    "xorb without fetch info": only_first_xorb_renamed,
    "no terms": lambda d: d.update(terms=[]),
    "terms missing": without("terms"),
    "xorbs missing": without("xorbs"),
    "offset missing": without("offset_into_first_range"),
    "offset beyond the term": lambda d: d.update(offset_into_first_range=10**9),
    "offset of 64 bits": lambda d: d.update(offset_into_first_range=HUGE),
    "negative offset": lambda d: d.update(offset_into_first_range=-1),
    "offset that shifts the file": lambda d: d.update(offset_into_first_range=7),
    "terms in another order": swap_terms,
    "terms without end": repeat_terms,
    "last term missing": drop_last_term,
    "last term twice": duplicate_last_term,
    "fetch range of no chunks": set_range("chunks", start=0, end=0),
    "fetch range upside down": set_range("chunks", start=9, end=1),
    "fetch range of all chunks there are": set_range("chunks", start=0, end=HUGE),
    "bytes upside down": set_range("bytes", start=9_000_000, end=5),
    "bytes without end": set_range("bytes", start=0, end=HUGE),
    "bytes at the end of all numbers": set_range("bytes", start=HUGE - 1, end=HUGE),
    "one byte": set_range("bytes", start=0, end=0),
    "bytes of another place": shift_bytes,
    "no ranges": empty_ranges,
    "the same range 50000 times": many_ranges,
    "empty address": set_url(""),
    "relative address": set_url("/xorbs/default/x"),
    "file address": set_url("file:///etc/passwd"),
    "address with a line break": set_url("http://127.0.0.1:1/x\r\nX-Evil: 1"),
    "address with credentials": set_url("http://user:pass@127.0.0.1:1/x"),
    "address without host": set_url("http:///x"),
    "address of a port that is none": set_url("http://127.0.0.1:99999/x"),
    "address as number": set_url(5),
    "address of 10 MB": set_url("http://127.0.0.1:1/" + "a" * 10_000_000),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_lying_reconstruction(proxy, origin, lie):
    file = file_of(origin, "scattered.bin")
    origin.cas.script(faults.json_body(lie), times=None)
    got = fetch(proxy.url, path_target("download", MODEL, "scattered.bin"), token=origin.alice, timeout=100)
    assert is_visible_failure(got) or got.body == file.content, f"wrong bytes as if they were right: {got}"
    assert origin.sent_bytes("cdn") <= 12 * origin.needed_bytes(file)
    assert len(origin.log.all()) <= 60
    assert all("x-evil" not in r.headers for r in origin.log.all())
    for peer in origin.servers:
        peer.clear_script()
    assert_right(fetch(proxy.url, path_target("download", MODEL, "tiny.bin"), token=origin.alice), b"tiny!")


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_lying_reconstruction_of_a_range(proxy, origin, lie):
    """Of a range there is no hash: it must fail or have the length it said; no crash, no endless body."""
    origin.cas.script(faults.json_body(lie), times=None)
    wanted = {"Range": "bytes=100000-1700000"}
    target = path_target("download", MODEL, "scattered.bin")
    got = fetch(proxy.url, target, headers=wanted, token=origin.alice, timeout=100)
    assert is_visible_failure(got) or len(got.body) == 1_600_001, got
    assert len(origin.log.all()) <= 60
    assert fetch(proxy.url, "/health").status == 200
