"""Fixtures: the binary under test, the peer origin, a proxy in front of it."""

import os
import signal
from pathlib import Path

import pytest

import catalogue
import ceph
import seaweed
from command_line import CommandRunner
from forward_proxy import ForwardProxy
from peer_origin import PeerOrigin
from peer_store import PeerStore
from store_calls import PREFIX, new_key
from xet_process import XetServer, environment

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


RETRY_FOR = {"XET_RETRY_FOR": "5s"}
"""What a test breaks for good is not waited for long. `XET_RETRY_FOR=None` asks for what users get."""

WAITING = {
    "test_chart", "test_cli_statuses", "test_http", "test_outages", "test_proxy_faults", "test_proxy_observability",
    "test_proxy_plain_faults",
}
"""Files whose tests wait much more than they compute, so that `make interop` runs several at a time."""


def pytest_configure(config):
    # What a shell starts in the background ignores it, and so would all that is started here.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "waiting: waits much more than it computes")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem in WAITING:
            item.add_marker("waiting")


@pytest.fixture(scope="session", autouse=True)
def reference_client_home(tmp_path_factory):
    """Keeps the reference client's own files out of the home folder."""
    os.environ["HF_HOME"] = str(tmp_path_factory.mktemp("reference-home"))


@pytest.fixture(scope="session")
def xet_binary():
    """The binary under test: XET_BINARY, or the debug build of this repository."""
    path = Path(os.environ.get("XET_BINARY") or REPOSITORY_ROOT / ".build" / "debug" / "xet").resolve()
    if not os.access(path, os.X_OK):
        pytest.fail(f"no executable at {path}: build the project, or set XET_BINARY", pytrace=False)
    return path


@pytest.fixture(scope="session")
def golden():
    """The folder of golden files: XET_GOLDEN, or the copy in this repository."""
    path = Path(os.environ.get("XET_GOLDEN") or REPOSITORY_ROOT / "Tests" / "Vectors" / "golden").resolve()
    if not (path / "golden.json").is_file():
        pytest.fail(f"no golden.json in {path}: set XET_GOLDEN", pytrace=False)
    return path


@pytest.fixture(scope="session")
def filled_origin(tmp_path_factory, reference_client_home):
    origin = PeerOrigin(tmp_path_factory.mktemp("reference-store"))
    catalogue.fill(origin)
    yield origin
    origin.stop()


@pytest.fixture
def origin(filled_origin):
    """The peer origin with the catalogue. At the end no credential may have reached a wrong host."""
    filled_origin.mark()
    yield filled_origin
    try:
        filled_origin.check_requests()
    finally:
        filled_origin.reset()


@pytest.fixture
def home(tmp_path):
    """An empty home folder."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def xet(xet_binary, origin, home, tmp_path):
    """Runs `xet` in an empty folder against the peer origin; see `CommandRunner`."""
    folder = tmp_path / "work"
    folder.mkdir()
    return CommandRunner(
        xet_binary, folder, lambda **variables: environment(home, **{"HF_ENDPOINT": origin.url, **RETRY_FOR, **variables})
    )


@pytest.fixture
def start_proxy(xet_binary, origin, home, tmp_path):
    """Starts proxies in front of the origin (`hub` names another Hub).

    Each that is not forgotten must still run at the end, stop when asked, and have logged no secret, those of `start.secrets`
    among them. With XET_TEST_CACHE each has a cache, which changes nothing that a client sees.
    """
    running = []

    def start(*options, hub=None, **variables):
        if os.environ.get("XET_TEST_CACHE") and not {"--cache", "--cache-store"} & set(options):
            variables = {"XET_CACHE": str(tmp_path / f"cache-{len(running)}"), **variables}
        arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", hub or origin.url, *options]
        server = XetServer(xet_binary, arguments, environment(home, **{**RETRY_FOR, **variables}))
        running.append(server)
        return server

    start.forget = running.remove
    start.secrets = []
    yield start
    for server in running:
        assert server.is_running, f"the proxy ended with {server.process.returncode}:\n{server.errors()}"
        assert server.stop() == 0, server.errors()
        logged = server.errors()
        secrets = [*origin.users, *origin.cas_side.tokens, *origin.cas_side.urls, *start.secrets]
        assert not [secret for secret in secrets if secret in logged], f"a secret was logged:\n{logged}"


@pytest.fixture
def proxy(start_proxy):
    """A proxy in front of the peer origin."""
    return start_proxy()


@pytest.fixture
def forward_proxy(origin):
    """The only way to the origin, whose servers go by names that nothing else resolves."""
    proxy = ForwardProxy(origin.hide())
    yield proxy
    proxy.stop()


@pytest.fixture
def start_endpoint(start_proxy, origin, forward_proxy):
    """Starts proxies that reach the origin through `forward_proxy`. Clients have no way around them."""

    def start(*options, **variables):
        return start_proxy(*options, hub=origin.public_url, **{"HTTP_PROXY": forward_proxy.url, **variables})

    return start


@pytest.fixture
def endpoint(start_endpoint):
    """A proxy that clients name in HF_ENDPOINT, read-only."""
    return start_endpoint()


@pytest.fixture
def writable(start_endpoint):
    """A proxy that clients name in HF_ENDPOINT and that passes writes on."""
    return start_endpoint("--allow-writes")


@pytest.fixture(scope="session")
def s3_service(tmp_path_factory):
    """An S3 store that nobody here has written: SeaweedFS, or Ceph with XET_STORE=ceph."""
    chosen, make = (ceph, ceph.CephStore) if os.environ.get("XET_STORE") == "ceph" else (seaweed, seaweed.SeaweedStore)
    if not chosen.program():
        pytest.fail("no store is installed: scripts/setup.sh clients, or scripts/setup.sh ceph", pytrace=False)
    store = make(tmp_path_factory.mktemp("s3"))
    try:
        store.start()
        yield store
    finally:
        store.stop()


@pytest.fixture
def s3_store(s3_service):
    """The store, which runs before and after each test."""
    yield s3_service
    s3_service.release()
    if not s3_service.pids:
        s3_service.start()


@pytest.fixture
def bucket(s3_store):
    """An empty bucket in it."""
    return s3_store.new_bucket()


@pytest.fixture
def peer_store():
    """A store of our own, which breaks on demand; each request has to be signed right."""
    store = PeerStore()
    yield store
    store.stop()
    assert not store.refused, [(request.target, refusal) for request, refusal in store.refused]


@pytest.fixture(scope="session")
def site_key():
    """What all replicas know: the same for all tests, so that a store may begin with what those of another one wrote."""
    return os.urandom(24).hex()


@pytest.fixture
def signing_key(site_key, tmp_path):
    """The file with it."""
    return new_key(tmp_path, content=site_key)


@pytest.fixture
def start_replica(start_proxy, signing_key):
    """Starts proxies that share a bucket (`S3Bucket`), with the credentials that it has; `cache` is a folder of its own."""

    def start(bucket, *options, cache=None, key=signing_key, **variables):
        start_proxy.secrets += [bucket.credentials.secret, key.read_text()]
        shared = ["--cache-store", f"s3://{bucket.name}/{PREFIX}", "--s3-endpoint", bucket.endpoint, "--s3-region", bucket.region]
        own = ["--cache", cache] if cache else []
        variables = {**bucket.credentials.variables, **variables}
        return start_proxy(*shared, *own, "--signing-key-file", key, *options, **variables)

    start.forget = start_proxy.forget
    return start
