#!/usr/bin/env python3
"""Writes blake3.json beside this file: digests by the Python package blake3 (pip install blake3)."""

import json
import pathlib

import blake3

# Byte i of every input. The cycle of 251 is a prime, so no two chunks of 1024 bytes that are close are alike.
PATTERN = "byte i is i mod 251"
KEY = bytes(range(32))

CHUNK = 1024


def lengths():
    chosen = {0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 192, 193, 959, 960, 961}
    for chunks in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 17, 20, 23, 24, 25, 31, 32, 33, 63, 64, 65, 100,
                   127, 128, 129, 130, 143, 144, 145, 255, 256, 257, 384, 1000, 1024, 1025):
        chosen.update((chunks * CHUNK - 1, chunks * CHUNK, chunks * CHUNK + 1))
    for chunks in (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 127, 128):
        chosen.update(chunks * CHUNK + tail for tail in (63, 64, 65, 128, 500, 512, 960, 961))
    return sorted(chosen)


def main():
    whole = bytes(i % 251 for i in range(max(lengths())))
    cases = []
    for length in lengths():
        data = whole[:length]
        cases.append({
            "length": length,
            "hash": blake3.blake3(data).hexdigest(),
            "keyed": blake3.blake3(data, key=KEY).hexdigest(),
        })
    head = {
        "origin": f"computed for this project with the Python package blake3 {blake3.__version__}, by make_blake3.py",
        "pattern": PATTERN,
        "key": KEY.hex(),
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    rows = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    text = "{\n" + "\n".join(lines) + '\n  "cases": [\n' + rows + "\n  ]\n}\n"
    pathlib.Path(__file__).with_name("blake3.json").write_text(text)


if __name__ == "__main__":
    main()
