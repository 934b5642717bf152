"""What uploads: `xet upload` and the reference client, both to a server that takes everything and keeps nothing."""

import json
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from fixtures import REPOSITORY, FixtureFolder
from measure import Sample
from processes import BenchError, run_job
from results import REFERENCE
from subjects import DEADLINE, REFERENCE_PROGRAM, reference_environment, run_command
from upstream import START_DEADLINE, Server, Stage

SINK_PROGRAM = Path(__file__).with_name("upload_sink.py")


class UploadPlace:
    """The files of a fixture set, in memory if there is room, and the server that takes them."""

    def __init__(self, bench, fixtures):
        self._fixtures = FixtureFolder(bench.work, fixtures)
        self._fixtures.make(bench.progress)
        self.stage = Stage(Stage.need(fixtures, []), bench.work)
        bench.note_stage(self.stage)
        try:
            self.stage.add_plain(self._fixtures, [file.name for file in fixtures.files])
            command = [sys.executable, SINK_PROGRAM]
            self._server = Server(bench.children, command, START_DEADLINE, bench.environment)
        except BaseException:
            self.stage.remove()
            raise

    @property
    def url(self):
        return self._server.url

    def path(self, name):
        return self.stage.plain / name

    def sha256(self, name):
        return self._fixtures.sha256(name)

    def take_counts(self):
        """What has come to the server since this was asked last."""
        with urllib.request.urlopen(f"{self.url}/counted", b"", timeout=START_DEADLINE) as answer:
            return json.loads(answer.read())

    def close(self):
        self._server.stop()
        self.stage.remove()


@contextmanager
def upload_place(bench, fixtures):
    """Files to upload and where to; the upstream of the downloads makes room for them."""
    bench.close()
    place = UploadPlace(bench, fixtures)
    try:
        yield place
    finally:
        place.close()


class Uploader:
    """Something that uploads a file with an empty home, or with that of an earlier upload."""

    def __init__(self, bench, place):
        self.bench = bench
        self.place = place

    def upload(self, name, to, home):
        """(bytes of the file, seconds, CPU seconds, highest resident bytes) of one upload."""
        raise NotImplementedError

    def environment(self, home):
        """The same for both; each keeps in `home` what it remembers."""
        environment = reference_environment(self.bench, self.place.url, home / "huggingface")
        return {**environment, "HOME": str(home), "XDG_CACHE_HOME": str(home), "HF_TOKEN": "hf_bench"}

    def run(self, name, to=None, after=None):
        """Uploads a file, named `to` in the repository, once `after` was uploaded there, untimed."""
        to = to or name
        with self.place.stage.empty_folder() as home:
            if after:
                self.counted(after, to, home)
            return self.counted(name, to, home)

    def counted(self, name, to, home):
        self.place.take_counts()
        costs = self.upload(name, to, home)
        counts = self.place.take_counts()
        size = self.place.path(name).stat().st_size
        expected = {"path": to, "algo": "sha256", "oid": self.place.sha256(name), "size": size}
        if counts["files"] != [expected]:
            raise BenchError(f"{self.name}: the commit of {name} names {counts['files']}, expected {expected}")
        if not counts["bytes"]["shards"]:
            raise BenchError(f"{self.name}: {name} was committed without a shard")
        return Sample(*costs, sent_bytes=sum(counts["bytes"].values()))


class UploadCommand(Uploader):
    """`xet upload`, from the start of the process to its end."""

    name = "xet upload"

    def upload(self, name, to, home):
        path = self.place.path(name)
        arguments = ["upload", REPOSITORY, path, "--to", to, "--hub-endpoint", self.place.url, "--quiet"]
        return path.stat().st_size, *run_command(self.bench, arguments, self.environment(home))


class ReferenceUploader(Uploader):
    """`upload_file` of the reference client in a fresh process, around the call."""

    name = REFERENCE

    def upload(self, name, to, home):
        job = {"mode": "upload", "repository": REPOSITORY, "path": str(self.place.path(name)), "name": to}
        command = [sys.executable, REFERENCE_PROGRAM]
        environment = self.environment(home)
        result = run_job(self.bench.children, command, job, DEADLINE, f"{self.name}, upload", env=environment)
        return result["byte_count"], result["seconds"], result["cpu_seconds"], result["peak_bytes"]
