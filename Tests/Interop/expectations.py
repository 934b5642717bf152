"""What an answer may be: the right bytes, or a failure that no client can take for success."""


def assert_right(outcome, content, status=200):
    """The whole of `content`, ended as promised."""
    assert outcome.status == status, outcome
    assert outcome.complete, f"cut after {len(outcome.body)} of {len(content)} bytes: {outcome.error}"
    assert len(outcome.body) == len(content), f"{len(outcome.body)} bytes in place of {len(content)}"
    assert outcome.body == content, f"first wrong byte at {first_difference(outcome.body, content)}"


def is_visible_failure(outcome):
    """Whether a client must notice: an error status, or a body that ends before its promised end."""
    return outcome.status is None or outcome.status >= 400 or not outcome.complete


def assert_visible_failure(outcome, content, statuses=(400, 599)):
    """A failure; what came before it are bytes of `content`."""
    assert is_visible_failure(outcome), f"a clean answer of {len(outcome.body)} bytes for {len(content)}: {outcome}"
    if outcome.status is not None and outcome.status >= 400:
        assert statuses[0] <= outcome.status <= statuses[1], outcome
        assert outcome.json()["error"], outcome
    elif outcome.status is not None:
        assert content.startswith(outcome.body), f"wrong byte at {first_difference(outcome.body, content)}"


def assert_right_or_visible_failure(outcome, content):
    if is_visible_failure(outcome):
        assert_visible_failure(outcome, content)
    else:
        assert_right(outcome, content)


def first_difference(left, right):
    """The index of the first byte that differs."""
    return next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
