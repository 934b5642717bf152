"""A run of the benchmark: its options, its children, and the upstream that is up."""

import os
import shutil
from contextlib import contextmanager

from fixtures import Changed, FixtureFolder, FixtureSet, Fragments, Noise, Weights
from measure import GIB
from processes import Children
from upstream import Stage, Upstream, lacking_bytes

INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class Bench:
    """What scenarios work with. `level` is "quick", "usual" or "full"."""

    def __init__(self, xet, work, level, progress, runs=None):
        self.xet = xet
        self.work = work
        self.level = level
        self.runs = runs
        self.progress = progress
        self.children = Children()
        self.stages = set()
        self._upstream = None
        self._set = None
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.environment = {**kept, "HOME": str(work), "NO_PROXY": "127.0.0.1,localhost"}

    @property
    def is_quick(self):
        return self.level == "quick"

    @property
    def rounds(self):
        """Runs of each subject in the rows that have a target."""
        return self.runs or (2 if self.is_quick else 5)

    @property
    def few_rounds(self):
        """Runs of each subject in the other rows."""
        return self.runs or (1 if self.is_quick else 3)

    # The files; --quick takes a quarter of everything.

    @property
    def whole(self):
        """The file that one reader, or eight, read."""
        return Weights("whole.bin", 256 if self.is_quick else 1024)

    @property
    def part(self):
        """The file that 64 readers read."""
        return Weights("part.bin", 64 if self.is_quick else 256)

    @property
    def weights(self):
        sizes = (1, 4, 16) if self.is_quick else (1, 4, 16, 64)
        smaller = tuple(Weights(f"size-{mib}.bin", mib) for mib in sizes)
        return FixtureSet(f"weights-{self.whole.mib}", (*smaller, self.part, self.whole))

    @property
    def large(self):
        return FixtureSet("large", (Weights("large.bin", 8192),))

    @property
    def fragments(self):
        base = Weights("base.bin", 64 if self.is_quick else 256)
        pieces = (2048, 512, 192) if self.is_quick else (4096, 1536, 768, 384, 192)
        files = tuple(Fragments(f"pieces-{kib}.bin", base.mib, base.name, kib) for kib in pieces)
        return FixtureSet(f"fragments-{base.mib}", (base, *files))

    @property
    def uploads(self):
        """Random bytes, weights, and the same weights with 1% changed in 20 places."""
        mib = self.whole.mib
        weights = Weights("weights.bin", mib)
        changed = Changed("changed.bin", mib, weights.name, places=20, share=0.01)
        return FixtureSet(f"uploads-{mib}", (Noise("noise.bin", mib), weights, changed))

    def upstream(self, fixtures):
        """The upstream of a fixture set; it stays up until another set is asked for."""
        if self._set != fixtures:
            self.close()
            plain = [file.name for file in fixtures.files if file in (self.whole, self.part)]
            self._upstream = Upstream(self, fixtures, plain)
            self._set = fixtures
        return self._upstream

    def missing_room(self, fixtures):
        """Why a fixture set cannot be used here, or None."""
        folder = FixtureFolder(self.work, fixtures)
        if not folder.is_made and (lacking := lacking_bytes(self.work, 2 * fixtures.byte_count)):
            return f"{lacking / GIB:.1f} GiB more are needed on the disk of {self.work.name}"
        if lacking := Stage.lacking_memory(Stage.need(fixtures, [])):
            return f"{lacking / GIB:.1f} GiB more of free memory are needed for tmpfs"
        return None

    def note_stage(self, stage):
        self.stages.add("in memory (tmpfs)" if stage.is_in_memory else "on disk: there was too little room in tmpfs")

    def close(self):
        if self._upstream:
            self._upstream.close()
        self._upstream = self._set = None

    @contextmanager
    def until_end(self):
        """Ends all children and removes what the run wrote, however the block ends."""
        try:
            yield self
        finally:
            upstream = self._upstream
            self.children.stop_all()
            if upstream:
                shutil.rmtree(upstream.stage.folder, ignore_errors=True)
