"""The hashes of XET and the unpacking of chunks, independent of the project under test.

BLAKE3 and LZ4 come from their own Python packages; the rules follow "XET: Content-Addressable Storage Protocol"
(draft-denis-xet) and, where they differ, the reference client.
"""

import blake3
import lz4.frame

from xet_formats import (
    CHUNK_INFO_MAGIC,
    FormatError,
    StoredChunk,
    Xorb,
    hash_bytes,
    hash_text,
    parse_chunk_headers,
)

DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
VERIFICATION_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
FILE_KEY = bytes(32)
EMPTY_HASH = "0" * 64
LONGEST_CHUNK = 131_072
SERIALIZED_LIMIT = 64 * 1024 * 1024


def keyed(key, data):
    """The text of a keyed BLAKE3 hash."""
    return hash_text(blake3.blake3(data, key=key).digest())


def merkle_root(leaves):
    """The root over (hash text, size) pairs."""
    if not leaves:
        return EMPTY_HASH
    level = list(leaves)
    while len(level) > 1:
        level = [_node(group) for group in _groups(level)]
    return level[0][0]


def _groups(level):
    """`level` cut into the children of its nodes: 3 to 9, the last group may have fewer."""
    at = 0
    while at < len(level):
        left = len(level) - at
        count = left
        if left > 2:
            most = min(9, left)
            ends = (i for i in range(2, most) if int(level[at + i][0][48:], 16) % 4 == 0)
            count = next(ends, most - 1) + 1
        yield level[at : at + count]
        at += count


def _node(children):
    lines = "".join(f"{digest} : {size}\n" for digest, size in children)
    return keyed(NODE_KEY, lines.encode()), sum(size for _, size in children)


def file_hash(leaves):
    """The XET hash of a file of these (chunk hash, size) pairs."""
    return keyed(FILE_KEY, hash_bytes(merkle_root(leaves))) if leaves else EMPTY_HASH


def verification_hash(chunk_hashes):
    """What proves that an uploader knows the chunks behind a term."""
    return keyed(VERIFICATION_KEY, b"".join(map(hash_bytes, chunk_hashes)))


def unpacked_chunk(scheme, payload, length):
    """The bytes of a chunk; fails if they are not `length` many."""
    if scheme == 0:
        data = bytes(payload)
    elif scheme in (1, 2):
        data = lz4.frame.decompress(bytes(payload))
        if scheme == 2:
            data = _ungrouped(data)
    else:
        raise FormatError(f"compression scheme {scheme}")
    if len(data) != length:
        raise FormatError(f"{len(data)} bytes in a chunk of {length}")
    return data


def _ungrouped(data):
    """Four byte groups, interleaved again."""
    result = bytearray(len(data))
    at = 0
    for group in range(4):
        count = (len(data) - group + 3) // 4
        result[group::4] = data[at : at + count]
        at += count
    return bytes(result)


def uploaded_xorb(data):
    """The `Xorb` that the chunks of an upload body are, its hash computed; a footer in the body is ignored."""
    if len(data) > SERIALIZED_LIMIT:
        raise FormatError(f"a xorb of {len(data)} bytes")
    footer = len(data) - 4 - int.from_bytes(data[-4:], "little")
    has_footer = footer > 0 and data[footer : footer + len(CHUNK_INFO_MAGIC)] == CHUNK_INFO_MAGIC
    end = footer if has_footer else len(data)
    chunks, unpacked_at = [], 0
    for start, stop, scheme, packed, unpacked in parse_chunk_headers(data, end):
        if not 0 < unpacked <= LONGEST_CHUNK:
            raise FormatError(f"a chunk of {unpacked} bytes")
        content = unpacked_chunk(scheme, data[start + 8 : stop], unpacked)
        chunks.append(StoredChunk(keyed(DATA_KEY, content), start, stop, scheme, packed, unpacked_at, unpacked))
        unpacked_at += unpacked
    if not chunks:
        raise FormatError("a xorb without chunks")
    root = merkle_root([(chunk.hash, chunk.unpacked_length) for chunk in chunks])
    return Xorb(root, tuple(chunks), end, None)


def crc64_nvme(data):
    """CRC-64/NVME, as upload grants name it."""
    value = 0xFFFFFFFFFFFFFFFF
    for byte in bytes(data):
        value = _CRC_TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFFFFFFFFFF


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x9A6C9329AC4BC9B5 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()
