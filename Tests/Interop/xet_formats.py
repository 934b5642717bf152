"""An independent reader of the stored XET formats: hashes, xorbs and shards.

It follows "XET: Content-Addressable Storage Protocol" (draft-denis-xet) and what the reference client writes, and
shares no code with the project under test. It reads the stored forms only: it neither decompresses nor hashes.
"""

import struct
from dataclasses import dataclass

CHUNK_HEADER_SIZE = 8
CHUNK_INFO_MAGIC = b"XETBLOB"
CHUNK_HASHES_MAGIC = b"XBLBHSH"
CHUNK_BOUNDARIES_MAGIC = b"XBLBBND"
SHARD_MAGIC = b"HFRepoMetaData\x00" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
SHARD_RECORD_SIZE = 48
SHARD_FOOTER_SIZE = 200
SHARD_BOOKEND = b"\xff" * 32
FILE_HAS_VERIFICATION = 1 << 31
FILE_HAS_METADATA = 1 << 30


class FormatError(Exception):
    """The bytes are not what the format says."""


def hash_text(raw):
    """The text form of a 32-byte hash: four little-endian words, 16 hex digits each."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))


def hash_bytes(text):
    """The 32 bytes that `hash_text` prints as `text`."""
    return struct.pack("<4Q", *(int(text[at : at + 16], 16) for at in range(0, 64, 16)))


@dataclass(frozen=True)
class StoredChunk:
    """A chunk in a serialized xorb: offsets are those of its header and of the byte after its payload."""

    hash: str
    start: int
    end: int
    scheme: int
    packed_length: int
    unpacked_start: int
    unpacked_length: int

    @property
    def payload_start(self):
        return self.start + CHUNK_HEADER_SIZE


@dataclass(frozen=True)
class Xorb:
    """A stored xorb: its hash, its chunks and where the chunk region ends. `footer_version` is None without footer."""

    hash: str | None
    chunks: tuple
    chunk_region_end: int
    footer_version: int | None


def parse_chunk_headers(data, end):
    """The (start, end, scheme, packed, unpacked) of every chunk in `data[:end]`."""
    headers = []
    at = 0
    while at < end:
        if at + CHUNK_HEADER_SIZE > end:
            raise FormatError(f"chunk header at {at} passes the end {end}")
        version, scheme = data[at], data[at + 4]
        packed = int.from_bytes(data[at + 1 : at + 4], "little")
        unpacked = int.from_bytes(data[at + 5 : at + 8], "little")
        if version != 0:
            raise FormatError(f"chunk at {at} has version {version}")
        chunk_end = at + CHUNK_HEADER_SIZE + packed
        if chunk_end > end:
            raise FormatError(f"chunk at {at} ends at {chunk_end}, after {end}")
        headers.append((at, chunk_end, scheme, packed, unpacked))
        at = chunk_end
    return headers


def parse_xorb(data):
    """Reads a stored xorb (chunks, footer of version 0 or 1, length)."""
    if len(data) < 4:
        raise FormatError("too short for a footer length")
    footer_length = int.from_bytes(data[-4:], "little")
    footer_start = len(data) - 4 - footer_length
    if footer_start < 0 or data[footer_start : footer_start + 7] != CHUNK_INFO_MAGIC:
        raise FormatError("no footer")
    version = data[footer_start + 7]
    xorb_hash = hash_text(data[footer_start + 8 : footer_start + 40])
    reader = {0: _footer_v0, 1: _footer_v1}.get(version)
    if reader is None:
        raise FormatError(f"footer version {version}")
    hashes, packed_ends, unpacked_ends = reader(data, footer_start + 40)
    headers = parse_chunk_headers(data, footer_start)
    if [header[1] for header in headers] != packed_ends:
        raise FormatError("the footer's chunk ends differ from the chunk headers")
    chunks = []
    unpacked_at = 0
    for digest, (start, end, scheme, packed, unpacked) in zip(hashes, headers, strict=True):
        chunks.append(StoredChunk(digest, start, end, scheme, packed, unpacked_at, unpacked))
        unpacked_at += unpacked
    if unpacked_ends is not None and [c.unpacked_start + c.unpacked_length for c in chunks] != unpacked_ends:
        raise FormatError("the footer's unpacked ends differ from the chunk headers")
    return Xorb(xorb_hash, tuple(chunks), footer_start, version)


def _footer_v0(data, at):
    count = _u32(data, at)
    ends = _u32_list(data, at + 4, count)
    return _hash_list(data, at + 4 + 4 * count, count), ends, None


def _footer_v1(data, at):
    if data[at : at + 8] != CHUNK_HASHES_MAGIC + b"\x00":
        raise FormatError("hash section magic")
    count = _u32(data, at + 8)
    hashes = _hash_list(data, at + 12, count)
    at += 12 + 32 * count
    if data[at : at + 8] != CHUNK_BOUNDARIES_MAGIC + b"\x01":
        raise FormatError("boundary section magic")
    if _u32(data, at + 8) != count:
        raise FormatError("chunk counts differ")
    at += 12
    return hashes, _u32_list(data, at, count), _u32_list(data, at + 4 * count, count)


@dataclass(frozen=True)
class Term:
    """Chunks [start, end) of a xorb, `unpacked_length` bytes in all."""

    xorb: str
    start: int
    end: int
    unpacked_length: int


@dataclass(frozen=True)
class ShardFile:
    """A file of a shard. `sha256` is the usual hex text, None without metadata record."""

    hash: str
    flags: int
    terms: tuple
    verification: tuple
    sha256: str | None


@dataclass(frozen=True)
class ShardChunk:
    """A chunk record of a shard's xorb section."""

    hash: str
    unpacked_start: int
    unpacked_length: int


@dataclass(frozen=True)
class ShardXorb:
    """A xorb block of a shard."""

    hash: str
    chunks: tuple
    unpacked_length: int
    serialized_length: int


@dataclass(frozen=True)
class Shard:
    """A shard's sections; `has_footer` tells the stored form from the upload form."""

    files: tuple
    xorbs: tuple
    has_footer: bool


def parse_shard(data):
    """Reads a shard record by record; the lookup tables of the stored form are not needed for that."""
    if data[:32] != SHARD_MAGIC:
        raise FormatError("shard magic")
    files, at = _section(data, SHARD_RECORD_SIZE, _shard_file)
    xorbs, at = _section(data, at, _shard_xorb)
    if at == len(data):
        return Shard(tuple(files), tuple(xorbs), False)
    footer = len(data) - SHARD_FOOTER_SIZE
    if footer < at or _u64(data, footer) != 1 or _u64(data, footer + 192) != footer:
        raise FormatError("shard footer")
    return Shard(tuple(files), tuple(xorbs), True)


def dedup_answer(xorbs, key=None, keyed=None, serialized_length=0):
    """The answer to a question for a chunk: a shard with a footer of `xorbs`, pairs (hash, [(chunk hash, length)]).

    With a `key` the chunk hashes are `keyed(key, hash bytes)`.
    """
    section = b""
    total = 0
    for xorb, chunks in xorbs:
        records, start = b"", 0
        for digest, length in chunks:
            name = hash_bytes(digest)
            records += (hash_bytes(keyed(key, name)) if key else name) + struct.pack("<4I", start, length, 0, 0)
            start += length
        section += hash_bytes(xorb) + struct.pack("<4I", 0, len(chunks), start, serialized_length) + records
        total += start
    bookend = SHARD_BOOKEND + bytes(SHARD_RECORD_SIZE - len(SHARD_BOOKEND))
    body = SHARD_MAGIC + struct.pack("<2Q", 2, SHARD_FOOTER_SIZE) + bookend + section + bookend
    at = len(body)
    footer = struct.pack("<9Q", 1, 48, 96, at, 0, at, 0, at, 0) + (key or bytes(32)) + struct.pack("<2Q", 0, 2**64 - 1)
    return body + footer + bytes(48) + struct.pack("<4Q", 0, 0, total, at)


def _section(data, at, read_block):
    blocks = []
    while True:
        if at + SHARD_RECORD_SIZE > len(data):
            raise FormatError(f"record at {at} passes the end")
        if data[at : at + 32] == SHARD_BOOKEND:
            return blocks, at + SHARD_RECORD_SIZE
        block, at = read_block(data, at)
        blocks.append(block)


def _shard_file(data, at):
    digest = hash_text(data[at : at + 32])
    flags, count = struct.unpack_from("<II", data, at + 32)
    at += SHARD_RECORD_SIZE
    terms = []
    for _ in range(count):
        _, unpacked, start, end = struct.unpack_from("<4I", data, at + 32)
        terms.append(Term(hash_text(data[at : at + 32]), start, end, unpacked))
        at += SHARD_RECORD_SIZE
    verification = []
    if flags & FILE_HAS_VERIFICATION:
        for _ in range(count):
            verification.append(hash_text(data[at : at + 32]))
            at += SHARD_RECORD_SIZE
    sha256 = None
    if flags & FILE_HAS_METADATA:
        sha256 = hash_text(data[at : at + 32])
        at += SHARD_RECORD_SIZE
    return ShardFile(digest, flags, tuple(terms), tuple(verification), sha256), at


def _shard_xorb(data, at):
    digest = hash_text(data[at : at + 32])
    _, count, unpacked, serialized = struct.unpack_from("<4I", data, at + 32)
    at += SHARD_RECORD_SIZE
    chunks = []
    for _ in range(count):
        start, length, _, _ = struct.unpack_from("<4I", data, at + 32)
        chunks.append(ShardChunk(hash_text(data[at : at + 32]), start, length))
        at += SHARD_RECORD_SIZE
    return ShardXorb(digest, tuple(chunks), unpacked, serialized), at


def _u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def _u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def _u32_list(data, at, count):
    return list(struct.unpack_from(f"<{count}I", data, at))


def _hash_list(data, at, count):
    return [hash_text(data[at + 32 * index : at + 32 * index + 32]) for index in range(count)]
