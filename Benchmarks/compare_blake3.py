#!/usr/bin/env python3
"""Runs BLAKE3Benchmark, then the Python package blake3 on one thread with the same sizes, and prints the ratio of the best kernel.

Below some KiB the figure is mostly the cost of a call from Python.
"""

import pathlib
import subprocess
import time

import blake3

package = pathlib.Path(__file__).parent
run = ["swift", "run", "-c", "release", "--package-path", str(package), "BLAKE3Benchmark"]
table = subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True).stdout
print(table, end="")
rows = [line.split("\t") for line in table.splitlines()]
sizes = [int(text) for text in rows[0][1:]]
best = [float(text) for text in next(row for row in reversed(rows) if len(row) > 1 and row[0] != "pieces")[1:]]


def speed(size):
    data, key, times = bytes(i % 251 for i in range(size)), bytes(range(32)), []
    calls = min(20_000, max(1, (4 << 20) // size))
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(calls):
            blake3.blake3(data, key=key, max_threads=1).digest()
        times.append((time.perf_counter() - start) / calls)
    return size / min(times) / 1e9


peer = [speed(size) for size in sizes]
print("\t".join(["Python", *(f"{value:.2f}" for value in peer)]))
print("\t".join(["ratio", *(f"{ours / theirs:.2f}" for ours, theirs in zip(best, peer))]))
