"""The files that are downloaded or uploaded: made once from fixed seeds and kept between runs.

A fixture set is a folder with `source/` (the files, as the origin serves them), `data/` (its xorbs and shards; empty where
nothing is downloaded) and `files.json` (what the files are, and their SHA-256).
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy

from measure import MIB
from processes import BenchError

REPOSITORY = "bench/files"
PIECE = 8 * MIB
WORDS = (
    "the model reads a token and learns what follows weights are stored as chunks so that a new version of a file "
    "shares most of its bytes with the old one each layer has a name a shape and an offset in the file"
).split()


@dataclass(frozen=True)
class Weights:
    """A file like the weights of a model: `mib` MiB, the same for the same name."""

    name: str
    mib: int

    @property
    def byte_count(self):
        return self.mib * MIB

    def write(self, folder):
        with open(folder / self.name, "wb") as file:
            for piece in mixed_pieces(self.name, self.byte_count):
                file.write(piece)


@dataclass(frozen=True)
class Fragments:
    """A file of `mib` MiB that consists of pieces of an earlier file of the set, so that it needs many short terms."""

    name: str
    mib: int
    base: str
    mean_kib: int

    @property
    def byte_count(self):
        return self.mib * MIB

    def write(self, folder):
        source = numpy.memmap(folder / self.base, dtype=numpy.uint8, mode="r")
        generator = generator_for(self.name)
        left = self.byte_count
        with open(folder / self.name, "wb") as file:
            while left:
                length = min(left, int(generator.uniform(0.5, 1.5) * self.mean_kib * 1024))
                start = int(generator.integers(0, len(source) - length))
                file.write(source[start : start + length])
                left -= length


@dataclass(frozen=True)
class Noise:
    """A file of random bytes: nothing of it can be packed."""

    name: str
    mib: int

    @property
    def byte_count(self):
        return self.mib * MIB

    def write(self, folder):
        generator = generator_for(self.name)
        with open(folder / self.name, "wb") as file:
            for start in range(0, self.byte_count, PIECE):
                file.write(generator.bytes(min(PIECE, self.byte_count - start)))


@dataclass(frozen=True)
class Changed:
    """An earlier file of the set with one run of new bytes in each of `places` equal parts; `share` of it is new."""

    name: str
    mib: int
    base: str
    places: int
    share: float

    @property
    def byte_count(self):
        return self.mib * MIB

    def write(self, folder):
        shutil.copyfile(folder / self.base, folder / self.name)
        generator = generator_for(self.name)
        part = self.byte_count // self.places
        length = int(part * self.share)
        with open(folder / self.name, "r+b") as file:
            for number in range(self.places):
                file.seek(part * number + int(generator.integers(0, part - length)))
                file.write(generator.bytes(length))


@dataclass(frozen=True)
class FixtureSet:
    """Files that share one origin. Files are taken in by name order: a base must come before what is made of it."""

    name: str
    files: tuple

    @property
    def byte_count(self):
        return sum(file.byte_count for file in self.files)


def generator_for(name):
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    return numpy.random.Generator(numpy.random.PCG64(seed))


def bfloat16_weights(generator, byte_count):
    values = generator.standard_normal(byte_count // 2, dtype=numpy.float32) * numpy.float32(0.02)
    return (values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()


def float32_weights(generator, byte_count):
    return (generator.standard_normal(byte_count // 4, dtype=numpy.float32) * numpy.float32(0.02)).tobytes()


def quantised(generator, byte_count):
    return generator.bytes(byte_count)


def text(generator, byte_count):
    words = numpy.array([word.encode() + b" " for word in WORDS], dtype=object)
    mean = sum(len(word) + 1 for word in WORDS) / len(WORDS)
    chosen = words[generator.integers(0, len(words), int(byte_count / mean * 1.1) + 16)]
    return b"".join(chosen)[:byte_count].ljust(byte_count)


KINDS = ((bfloat16_weights, 0.6), (float32_weights, 0.2), (quantised, 0.1), (text, 0.1))
"""What a file consists of, with its share."""


def mixed_pieces(name, byte_count):
    """Runs of one kind, as tensors follow each other in a file; each kind gets its share of the bytes."""
    generator = generator_for(name)
    given = [0] * len(KINDS)
    done = 0
    while done < byte_count:
        length = min(byte_count - done, PIECE, max(64 * 1024, byte_count // 64))
        length -= length % 4 if length >= 4 else 0
        behind = [share * (done + length) - had for (_, share), had in zip(KINDS, given, strict=True)]
        kind = behind.index(max(behind))
        yield KINDS[kind][0](generator, length)
        given[kind] += length
        done += length


class FixtureFolder:
    """Where a fixture set is kept."""

    def __init__(self, work, fixtures):
        self.fixtures = fixtures
        self.root = Path(work) / fixtures.name
        self.served = self.root / "source"
        self.files = self.served / "models" / REPOSITORY
        self.data = self.root / "data"
        self._list = self.root / "files.json"

    @property
    def _wanted(self):
        return [repr(file) for file in self.fixtures.files]

    @property
    def is_made(self):
        return self._list.exists() and json.loads(self._list.read_text())["made"] == self._wanted

    def make(self, progress):
        """Makes the files that are not there yet."""
        if self.is_made:
            return
        if self.root.exists():
            shutil.rmtree(self.root)
        self.files.mkdir(parents=True)
        self.data.mkdir()
        need = 2 * self.fixtures.byte_count
        free = shutil.disk_usage(self.root).free
        if free < need:
            raise BenchError(f"{self.root}: {need // MIB} MiB are needed, {free // MIB} MiB are free")
        hashes = {}
        for file in self.fixtures.files:
            progress(f"making {file.name}, {file.mib} MiB")
            file.write(self.files)
            hashes[file.name] = file_digest(self.files / file.name)
        self._list.write_text(json.dumps({"made": self._wanted, "sha256": hashes}, indent=1))

    def sha256(self, name):
        return json.loads(self._list.read_text())["sha256"][name]


def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
