"""A disk that fails under the cache: downloads go on, bytes are right, the log says so once, and it is used again later."""

import shutil
import subprocess
from pathlib import Path

import pytest

from catalogue import file_of
from expectations import assert_right
from http_peer import wait_until
from proxy_calls import download
from proxy_observations import Growth
from test_cache import kept

SOURCE = Path(__file__).with_name("failing_disk.c")
PATHS = ("large.bin", "random.bin", "scattered.bin")


@pytest.fixture(scope="session")
def preload(tmp_path_factory):
    """The library that makes a disk fail."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        pytest.fail("no C compiler: install clang", pytrace=False)
    library = tmp_path_factory.mktemp("preload") / "failing_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


@pytest.fixture
def failing(start_proxy, preload, tmp_path):
    """A proxy with a cache, and what says how its disk fails."""
    how = tmp_path / "how"

    def start(part):
        return start_proxy(
            "--cache", tmp_path / "cache",
            LD_PRELOAD=str(preload), FAILING_HOW=str(how), FAILING_FOLDER=f"{tmp_path}/cache/{part}",
        )

    return start, how


@pytest.mark.parametrize("part", ["segments/", "index.sqlite", ""], ids=["segments", "index", "all"])
@pytest.mark.parametrize("words", ["read", "write sync open", "read write sync open remove"])
def test_a_disk_that_fails(failing, origin, part, words):
    start, how = failing
    server = start(part)
    kept(server, origin, "random.bin")
    how.write_text(words)
    for _ in range(2):
        for path in PATHS:
            content = file_of(origin, path).content
            assert_right(download(server, origin, path), content)
            assert_right(download(server, origin, path, headers={"Range": "bytes=1000-"}), content[1000:], 206)
    assert server.errors().count("the cache cannot be used") <= 1
    how.unlink()
    growth = Growth(server, origin)

    def is_used():
        origin.log.clear()
        for path in PATHS:
            assert_right(download(server, origin, path), file_of(origin, path).content)
        return not origin.log.all("cdn")

    # After a failure it is left alone for ten seconds.
    wait_until(is_used, deadline=40, message=f"it is not used again: {growth('xet_cache_failures_total')}")
