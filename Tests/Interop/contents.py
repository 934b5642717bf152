"""Deterministic file contents."""

import hashlib
import random

TRIGGER = bytes.fromhex(
    "9a342a229f4b7ee046ec0cc44fecb27c7f3263b22cb0ae7efaebcdaefc7a230a"
    "1465d645c10873699ee4786f88a2c6fbd3b7fdfca4933f10baa27517aa24cdbb"
    "ae4cd2aed3af0cad913b0246deb59fe3b69cbd33e26a1832b79d8c0a0817d446"
    "0aea1721dbfe27ec4631bf7409730f651a9fa5dc0faa387d5ca35eeb26283151"
)
"""128 bytes whose chunk boundary matches fall near the minimum chunk size."""


def noise(size, seed):
    """Bytes that do not compress."""
    return random.Random(f"noise {seed}").randbytes(size)


def text(size, seed=0):
    """Lines of words: compresses well."""
    source = random.Random(f"text {seed}")
    words = "the quick brown fox jumps over a lazy dog while seven wizards pack boxes of liquor jugs".split()
    lines = []
    length = 0
    while length < size:
        line = f"{len(lines):07d} {' '.join(source.choices(words, k=12))}\n"
        lines.append(line)
        length += len(line)
    return "".join(lines).encode()[:size]


def floats(size, seed=0):
    """32-bit floats of one magnitude: the case for byte grouping."""
    data = bytearray(random.Random(f"floats {seed}").randbytes(size + 4))
    data[3::4] = b"\x3f" * len(data[3::4])
    data[2::4] = bytes(value & 0x7F for value in data[2::4])
    return bytes(data[:size])


def constant(size, value=0x3B):
    """One byte, repeated."""
    return bytes([value]) * size


def trigger(pad, size=65536):
    """The trigger pattern and `pad` zero bytes, repeated to `size` bytes."""
    data = bytearray(TRIGGER + bytes(pad))
    while len(data) < size:
        data += data[: min(size - len(data), len(data))]
    return bytes(data[:size])


def digest(content):
    """What the official clients report of a file in `official_client_calls.py`."""
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
