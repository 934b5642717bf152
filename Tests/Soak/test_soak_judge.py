"""What a soak calls right and wrong: a judge that passes everything would be worth nothing."""

import pytest

from soak_judge import DESCRIPTOR_LIMIT, GROWTH_LIMIT, BodyCheck, Part, WrongAnswer, growth_faults, refusal

CONTENT = bytes(range(256)) * 40
MEMORY_LIMIT = 200 << 20


def judged(body, trust, is_complete=True, start=0, end=len(CONTENT), step=1000):
    """What becomes of an answer to a request for bytes [start, end)."""
    check = BodyCheck(CONTENT, start, end, trust)
    for at in range(0, len(body), step):
        check.take(body[at : at + step])
    return check.end_of_answer(is_complete)


def changed(at):
    return CONTENT[:at] + bytes([CONTENT[at] ^ 1]) + CONTENT[at + 1 :]


@pytest.mark.parametrize("trust", ["whole", "cut", "doubtful"])
@pytest.mark.parametrize("start, end", [(0, len(CONTENT)), (0, 0), (17, 18), (999, 5000), (1, len(CONTENT))])
def test_the_right_bytes(trust, start, end):
    assert judged(CONTENT[start:end], trust, start=start, end=end) == "whole"


@pytest.mark.parametrize("trust", ["whole", "cut", "doubtful"])
@pytest.mark.parametrize("at", [0, 999, 1000, 5000, len(CONTENT) - 1])
def test_a_wrong_byte_and_a_clean_end(trust, at):
    with pytest.raises(WrongAnswer, match=f"wrong byte at {at}"):
        judged(changed(at), trust)


@pytest.mark.parametrize("at", [0, 999, 5000])
def test_a_wrong_byte_and_a_cut(at):
    """Only where the upstream has wrong bytes may some come before the cut."""
    assert judged(changed(at)[:6000], "doubtful", is_complete=False) == "cut"
    for trust in ("whole", "cut"):
        with pytest.raises(WrongAnswer, match=f"wrong byte at {at}"):
            judged(changed(at)[:6000], trust, is_complete=False)


@pytest.mark.parametrize("count", [0, 1, 999, len(CONTENT) - 1])
def test_a_cut(count):
    for trust in ("cut", "doubtful"):
        assert judged(CONTENT[:count], trust, is_complete=False) == "cut"
    with pytest.raises(WrongAnswer, match=f"cut at {count} of"):
        judged(CONTENT[:count], "whole", is_complete=False)


@pytest.mark.parametrize("trust", ["whole", "cut", "doubtful"])
@pytest.mark.parametrize("body", [CONTENT[:-1], CONTENT + b"x", CONTENT[1:], b""])
def test_a_clean_end_elsewhere(trust, body):
    with pytest.raises(WrongAnswer):
        judged(body, trust)


@pytest.mark.parametrize("trust", ["whole", "cut", "doubtful"])
@pytest.mark.parametrize("end", [5000, 5500])
def test_more_than_was_asked_for(trust, end):
    with pytest.raises(WrongAnswer):
        judged(CONTENT[: end + 1], trust, end=end)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_refusals_that_faults_explain(status):
    assert refusal(status, "cut") == refusal(status, "doubtful") == f"status {status}"
    with pytest.raises(WrongAnswer):
        refusal(status, "whole")


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 416, 500])
def test_statuses_that_no_fault_explains(status):
    for trust in ("whole", "cut", "doubtful"):
        with pytest.raises(WrongAnswer):
            refusal(status, trust)


def part(memory=(100, 110, 90), idle=80, descriptors=20, hub=3, cdn=4):
    made = Part("x", [count << 20 for count in memory], idle << 20, descriptors + hub + cdn)
    made.connections.update({"hub": hub, "cdn": cdn})
    return made


LIMIT = GROWTH_LIMIT >> 20


@pytest.mark.parametrize(
    "later",
    [
        {},
        {"memory": (100 + LIMIT, 100 + LIMIT, 30)},
        {"idle": 80 + LIMIT},
        {"descriptors": 20 + DESCRIPTOR_LIMIT},
        {"cdn": 150},
    ],
)
def test_growth_within_bounds(later):
    assert growth_faults(part(), part(**later), MEMORY_LIMIT) == []


@pytest.mark.parametrize(
    "later, word",
    [
        ({"memory": (101 + LIMIT, 101 + LIMIT, 30)}, "while it works"),
        ({"idle": 81 + LIMIT}, "idle"),
        ({"memory": (1, 201, 1)}, "reached 201"),
        ({"descriptors": 21 + DESCRIPTOR_LIMIT}, "descriptors"),
        ({"cdn": 201}, "connections to the cdn"),
    ],
)
def test_growth_beyond_them(later, word):
    (found,) = growth_faults(part(), part(**later), MEMORY_LIMIT)
    assert word in found
