#!/usr/bin/env python3
"""Measures the kernels beside their peers, in turns, and prints one Markdown table.

Kernels run on one core: KernelBenchmark against the Python packages blake3 and lz4 (which wraps liblz4) on the same bytes.
`xet hash` runs on all cores against `hf_xet.hash_files`, with files that lie in memory; it is timed from the start of its
process, the peer around its call. A figure is the median of the rounds, a ratio the median of the rounds' ratios.

    .venv-bench/bin/python Benchmarks/kernels.py [--xet PATH] [--rounds N] [--scale N] [--only kernels|files]
"""

import argparse
import importlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("blake3", "hf_xet", "lz4")
MIB = 1 << 20
PIECE = 64 << 10

# Name, key of ours, key of the plain form or None, key of the peer, name of the peer. Ours are those of KernelBenchmark.
KERNELS = (
    ("memcpy, 64 KiB", "memcpy", None, "memcpy", "bytearray slice"),
    ("BLAKE3 keyed, 64 KiB", "blake3", "blake3 plain", "blake3", "blake3"),
    ("Gearhash chunking, random bytes", "chunking", "chunking plain", None, ""),
    ("file hash: chunking and BLAKE3", "file hash", None, None, ""),
    ("byte grouping", "group", "group plain", "memcpy", "memcpy"),
    ("byte ungrouping", "ungroup", "ungroup plain", "memcpy", "memcpy"),
    ("LZ4 frame decode, text", "unpack text", None, "decode text", "lz4.frame"),
    ("LZ4 block decode, text", "unpack text", None, "block decode text", "lz4.block"),
    ("LZ4 frame decode, grouped f32", "lz4 f32", None, "decode f32", "lz4.frame"),
    ("the same and ungroup", "unpack f32", None, "decode f32", "lz4.frame, no ungroup"),
    ("LZ4 frame decode, grouped bf16", "lz4 bf16", None, "decode bf16", "lz4.frame"),
    ("the same and ungroup", "unpack bf16", None, "decode bf16", "lz4.frame, no ungroup"),
    ("LZ4 frame encode, text", "pack text", None, "encode text", "lz4.frame"),
    ("group and LZ4 frame encode, f32", "pack f32", None, "encode f32", "lz4.frame, no group"),
    ("group and LZ4 frame encode, bf16", "pack bf16", None, "encode bf16", "lz4.frame, no group"),
)


def frames(xorb):
    """The LZ4 frames in serialized chunks, with their unpacked lengths."""
    found, offset = [], 0
    while offset < len(xorb):
        packed = int.from_bytes(xorb[offset + 1 : offset + 4], "little")
        scheme, length = xorb[offset + 4], int.from_bytes(xorb[offset + 5 : offset + 8], "little")
        if scheme > 0:
            found.append((xorb[offset + 8 : offset + 8 + packed], length))
        offset += 8 + packed
    return found


class Peers:
    """The Python packages, on the inputs that KernelBenchmark wrote."""

    def __init__(self, folder):
        self.blake3 = importlib.import_module("blake3").blake3
        self.frame = importlib.import_module("lz4.frame")
        self.block = importlib.import_module("lz4.block")
        self.piece = (folder / "random.bin").read_bytes()[:PIECE]
        self.frames = {kind: frames((folder / f"{kind}.xorb").read_bytes()) for kind in ("text", "f32", "bf16")}
        self.chunks = {kind: [self.frame.decompress(f) for f, _ in found] for kind, found in self.frames.items()}

    def speeds(self):
        """GB/s by key, each measured once."""
        target, key = bytearray(PIECE), bytes(range(32))
        source = memoryview(self.piece)
        pieces = 16 * MIB // PIECE

        def copy():
            for _ in range(pieces):
                target[:] = source

        def blake3():
            for _ in range(pieces):
                self.blake3(self.piece, key=key, max_threads=1).digest()

        speeds = {"memcpy": self.speed(pieces * PIECE, copy), "blake3": self.speed(pieces * PIECE, blake3)}
        for kind, found in self.frames.items():
            count = sum(length for _, length in found)
            speeds[f"decode {kind}"] = self.speed(count, lambda found=found: self.decode(found))
            # One independent block stands between a header of seven bytes with the block's length, and the end mark.
            blocks = [(frame[11:-4], length) for frame, length in found]
            speeds[f"block decode {kind}"] = self.speed(count, lambda blocks=blocks: self.decode_blocks(blocks))
            speeds[f"encode {kind}"] = self.speed(count, lambda kind=kind: self.encode(self.chunks[kind]))
        return speeds

    @staticmethod
    def speed(byte_count, body):
        start = time.perf_counter()
        body()
        return byte_count / (time.perf_counter() - start) / 1e9

    def decode(self, found):
        for frame, _ in found:
            self.frame.decompress(frame)

    def decode_blocks(self, blocks):
        for block, length in blocks:
            self.block.decompress(block, uncompressed_size=length)

    def encode(self, chunks):
        for chunk in chunks:
            size = self.frame.BLOCKSIZE_MAX64KB if len(chunk) <= PIECE else self.frame.BLOCKSIZE_MAX256KB
            self.frame.compress(chunk, block_size=size, block_linked=False, store_size=False)


def run_benchmark(program, *arguments):
    finished = subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return {name: float(figure) for name, figure in (line.split("\t") for line in finished.stdout.splitlines())}


def measure_kernels(program, folder, rounds):
    """Rows of the table."""
    run_benchmark(program, 1, folder)
    peers = Peers(folder)
    peers.speeds()
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(run_benchmark(program, 3))
        samples = [peers.speeds() for _ in range(3)]
        theirs.append({key: statistics.median(sample[key] for sample in samples) for key in samples[0]})
    for name, key, plain, peer, peer_name in KERNELS:
        # Grouping is compared with the copy that Swift makes.
        others = ours if peer_name == "memcpy" else theirs
        yield (
            name,
            figure(own[key] for own in ours),
            figure(own[plain] for own in ours) if plain else "",
            peer_name,
            figure(other[peer] for other in others) if peer else "",
            figure(own[key] / other[peer] for own, other in zip(ours, others)) if peer else "",
        )


def figure(values):
    return f"{statistics.median(values):.2f}"


def write_files(folder, inputs, scale):
    """Sets of files by name: one large, some of 16 MiB, many of 64 KiB."""
    mixed = b"".join((inputs / f"{kind}.bin").read_bytes() for kind in ("random", "text", "f32", "bf16"))
    sets = {}

    def add(name, count, contents):
        paths = []
        for number in range(count):
            path = folder / f"{name}-{number:04}"
            with path.open("wb") as file:
                for part in contents(number):
                    file.write(part)
            paths.append(str(path))
        sets[name] = paths

    add("large", 1, lambda number: [mixed] * max(1, 16 // scale))
    add("middle", max(1, 64 // scale), lambda number: [mixed[number % 4 * 16 * MIB :][: 16 * MIB]])
    add("small", max(1, 2000 // scale), lambda number: [mixed[number * 33_333 % (len(mixed) - PIECE) :][:PIECE]])
    return sets


def measure_files(xet, inputs, rounds, scale):
    """Rows of the table."""
    hash_files = importlib.import_module("hf_xet").hash_files
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="xet-kernels-") as folder:
        for paths in write_files(Path(folder), inputs, scale).values():
            sizes = [os.path.getsize(path) for path in paths]
            times = []
            # The first round only warms up, and compares the hashes.
            for number in range(rounds + 1):
                start, cpu = time.perf_counter(), time.process_time()
                expected = [found.hash for found in hash_files(paths)]
                theirs, theirs_cpu = time.perf_counter() - start, time.process_time() - cpu
                start, cpu = time.perf_counter(), children_cpu()
                output = subprocess.run([xet, "hash", *paths], check=True, stdout=subprocess.PIPE, text=True).stdout
                ours, ours_cpu = time.perf_counter() - start, children_cpu() - cpu
                if number > 0:
                    times.append((ours, ours_cpu, theirs, theirs_cpu))
                elif [line.partition(" ")[0] for line in output.splitlines()] != expected:
                    sys.exit(f"xet hash and hf_xet.hash_files differ on {paths}")
            size = sum(sizes)
            unit = f"{sizes[0] // MIB} MiB" if sizes[0] >= MIB else f"{sizes[0] // 1024} KiB"
            name = f"`xet hash`, {len(paths)} × {unit}"
            yield (
                f"{name}, all cores",
                figure(size / 1e9 / ours for ours, _, _, _ in times),
                "",
                "hf_xet.hash_files",
                figure(size / 1e9 / theirs for _, _, theirs, _ in times),
                figure(theirs / ours for ours, _, theirs, _ in times),
            )
            yield (
                f"{name}, per CPU second",
                figure(size / 1e9 / ours for _, ours, _, _ in times),
                "",
                "hf_xet.hash_files",
                figure(size / 1e9 / theirs for _, _, _, theirs in times),
                figure(theirs / ours for _, ours, _, theirs in times),
            )


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def check_packages():
    missing = []
    for package in PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError:
            missing.append(package)
    if missing:
        sys.exit(f"{sys.executable} lacks {', '.join(missing)}: pip install {' '.join(missing)}")


def build_benchmark():
    command = ["swift", "build", "-c", "release", "--package-path", str(ROOT / "Benchmarks")]
    subprocess.run([*command, "--product", "KernelBenchmark"], check=True, stdout=sys.stderr)
    shown = subprocess.run([*command, "--show-bin-path"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(shown.stdout.strip()) / "KernelBenchmark"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--xet", type=Path, default=ROOT / ".build-release/release/xet", help="the release binary")
    parser.add_argument("--benchmark", type=Path, help="a KernelBenchmark that is already built")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scale", type=int, default=1, help="divides how many files, and how large, are hashed")
    parser.add_argument("--only", choices=("kernels", "files"))
    options = parser.parse_args()
    check_packages()
    if options.only != "kernels" and not os.access(options.xet, os.X_OK):
        sys.exit(f"no program {options.xet}: build it with 'make build', or name one with --xet")
    benchmark = options.benchmark or build_benchmark()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder)
        if options.only != "files":
            rows += measure_kernels(benchmark, inputs, options.rounds)
        else:
            run_benchmark(benchmark, 1, inputs)
        if options.only != "kernels":
            rows += measure_files(options.xet, inputs, options.rounds, options.scale)
    print("| kernel | GB/s | plain form | peer | GB/s | ratio |")
    print("| --- | --: | --: | --- | --: | --: |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
