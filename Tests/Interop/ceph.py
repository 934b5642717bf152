"""Ceph's gateway as an S3 store: `scripts/ceph.sh` starts a cluster, of which the gateway is ended and held by tests."""

import os
import shutil
import subprocess
from pathlib import Path

from s3_store import S3Store

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "ceph.sh"


def program():
    """`radosgw`; None if it is not installed."""
    return shutil.which("radosgw", path=f"{os.environ['PATH']}:/usr/bin:/usr/sbin")


class CephStore(S3Store):
    """Create it with an empty folder, `start()` it, `stop()` it at the end. What it holds outlives its gateway."""

    def launch(self):
        self._script("up")
        self.port = int((self.folder / "port").read_text())
        self.pids = [int((self.folder / "gateway.pid").read_text())]

    def errors(self):
        return (self.folder / "client.gateway.log").read_text(errors="replace")[-4000:]

    def stop(self):
        super().stop()
        self._script("down")

    def _script(self, action):
        users = {"CEPH_OWNER": self.owner, "CEPH_READER": self.reader, "CEPH_NOBODY": self.nobody}
        variables = {name: f"{user.key}:{user.secret}" for name, user in users.items()}
        with (self.folder / "log").open("ab") as log:
            finished = subprocess.run(
                [SCRIPT, action, self.folder], env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        assert finished.returncode == 0, (self.folder / "log").read_text(errors="replace")[-4000:]
