"""Too many requests: when to come back is honoured and passed on, in whatever words the server says it."""

import pytest

import faults
from catalogue import MODEL, file_of
from endpoint_calls import resolve
from expectations import assert_right
from proxy_calls import download
from xet_process import environment, run_xet

LIMIT = '"api";r=0;t=55'
POLICY = '"fixed window";"api";q=500;w=300'


def asks_for_bytes(request):
    return request.method == "GET" and "token" not in request.path


def limited(*headers, status=429):
    return faults.status(status, list(headers))


@pytest.mark.parametrize(
    "headers, expected",
    [
        ([("ratelimit", LIMIT), ("ratelimit-policy", POLICY)], "55"),
        ([("RateLimit", LIMIT), ("RateLimit-Policy", POLICY), ("Retry-After", "30")], "30"),
        ([("RateLimit", "limit=10, remaining=0, reset=40")], "40"),
        ([("RateLimit", '"api";r=3;t=55')], None),
        ([("RateLimit", "nonsense;;;=")], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("path", ["config.json", "random.bin"])
def test_limits_are_passed_on(proxy, origin, path, headers, expected):
    origin.hub.script(limited(*headers), times=None)
    for got in (download(proxy, origin, path), download(proxy, origin, path, method="HEAD")):
        assert got.status == 429 and got.complete, got
        assert got.header("Retry-After") == expected
        for name in ("RateLimit", "RateLimit-Policy"):
            sent = [value for field, value in headers if field.lower() == name.lower()]
            assert got.header(name) == (sent[0] if sent else None)
    got = resolve(proxy, path, token=origin.alice)
    assert got.status == 429
    assert got.header("RateLimit") == next((value for name, value in headers if name.lower() == "ratelimit"), None)


@pytest.mark.parametrize("server", ["hub", "cas"])
def test_who_asks_for_a_long_time_is_not_asked_again(proxy, origin, server):
    """Longer than a client would wait for."""
    entry = getattr(origin, server).script(limited(("RateLimit", LIMIT)), times=None, when=asks_for_bytes)
    path = "readme.md" if server == "hub" else "random.bin"
    got = download(proxy, origin, path)
    assert (got.status, got.header("Retry-After")) == (429, "55"), got
    assert entry.uses == 1


def test_a_short_time_is_waited_for(proxy, origin):
    entry = origin.hub.script(limited(("RateLimit", '"api";r=0;t=1')), when=lambda r: r.method == "HEAD")
    assert_right(download(proxy, origin, "readme.md"), file_of(origin, "readme.md").content)
    assert entry.uses == 1


def test_command_line(xet_binary, origin, home):
    origin.hub.script(limited(("RateLimit", LIMIT)), times=None)
    env = environment(home, HF_ENDPOINT=origin.url, HF_TOKEN=origin.alice)
    done = run_xet(xet_binary, "download", MODEL, "readme.md", "--output", "-", env=env)
    assert done.returncode == 5 and b"in 55 s" in done.stderr and not done.stdout, done.stderr
