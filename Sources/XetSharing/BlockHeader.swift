import BLAKE3
import NIOCore
import XetCore

/// What stands before the chunks of a block: which these are, and a seal for each.
///
/// | bytes | |
/// | --: | --- |
/// | 8 | `xetchk` and two zeros |
/// | 32 | the xorb |
/// | 4, 4 | first chunk, number of chunks, little-endian like all numbers |
/// | 8 | where in the serialized xorb the first chunk begins |
/// | 19 each | for each chunk: 3 bytes serialized length, 16 bytes seal |
/// | 32 | seal of all this |
///
/// Then come the serialized chunks, as they are in the xorb. A seal is BLAKE3 with the key of the ``SharedArea``: a chunk is read
/// only if whoever has the key wrote it, for this place of this xorb.
struct BlockHeader: Hashable, Sendable {
    private static let magic = Array("xetchk\0\0".utf8)
    private static let startByteCount = 56
    private static let recordByteCount = 19
    private static let sealByteCount = 32

    /// The first half of a keyed BLAKE3.
    struct Seal: Hashable, Sendable {
        private let w0: UInt64
        private let w1: UInt64

        init(_ digest: BLAKE3Digest) { (w0, w1) = (digest.w0, digest.w1) }

        init(_ bytes: RawSpan, at offset: Int) {
            (w0, w1) = (bytes.littleEndianUInt64(at: offset), bytes.littleEndianUInt64(at: offset + 8))
        }

        func append(to bytes: inout [UInt8]) {
            bytes.appendLittleEndian(w0)
            bytes.appendLittleEndian(w1)
        }
    }

    struct Record: Hashable, Sendable {
        let serializedByteCount: Int
        let seal: Seal
    }

    let block: Block
    /// Where in the serialized xorb the first chunk begins.
    let firstByte: UInt64
    let records: [Record]

    /// Bytes of a header for so many chunks.
    static func byteCount(chunkCount: Int) -> Int { startByteCount + chunkCount * recordByteCount + sealByteCount }

    /// The header for chunks that follow one another in `bytes`, whose lengths fill it (checked).
    init(_ block: Block, firstByte: UInt64, byteCounts: [Int], bytes: ByteBuffer, key: BLAKE3Key) {
        precondition(byteCounts.count == block.chunks.count && byteCounts.reduce(0, +) == bytes.readableBytes)
        self.block = block
        self.firstByte = firstByte
        let span = bytes.readableBytesSpan
        var records: [Record] = []
        records.reserveCapacity(byteCounts.count)
        var offset = 0
        for byteCount in byteCounts {
            let digest = BLAKE3Hasher.hash(span.extracting(offset..<offset + byteCount), key: key)
            records.append(Record(serializedByteCount: byteCount, seal: Seal(digest)))
            offset += byteCount
        }
        self.records = records
    }

    /// Reads the header of a block; `nil` if it is that of another, or was not sealed with `key`.
    init?(_ bytes: RawSpan, of block: Block, key: BLAKE3Key) {
        let byteCount = Self.byteCount(chunkCount: block.chunks.count)
        guard bytes.byteCount == byteCount, bytes.hasBytes(Self.magic, at: 0), bytes.hasBytes(block.xorb.bytes, at: 8),
            Int(bytes.littleEndianUInt32(at: 40)) == block.chunks.start,
            Int(bytes.littleEndianUInt32(at: 44)) == block.chunks.count
        else { return nil }
        let end = byteCount - Self.sealByteCount
        let seal = BLAKE3Hasher.hash(bytes.extracting(0..<end), key: key)
        guard Seal(bytes, at: end) == Seal(seal), bytes.littleEndianUInt64(at: end + 16) == seal.w2,
            bytes.littleEndianUInt64(at: end + 24) == seal.w3
        else { return nil }
        self.block = block
        firstByte = bytes.littleEndianUInt64(at: 48)
        var records: [Record] = []
        records.reserveCapacity(block.chunks.count)
        let lengths = ChunkHeader.byteCount...ChunkHeader.byteCount + ChunkHeader.maximumPackedByteCount
        for start in stride(from: Self.startByteCount, to: end, by: Self.recordByteCount) {
            let length = bytes.littleEndianUInt24(at: start)
            guard lengths.contains(length) else { return nil }
            records.append(Record(serializedByteCount: length, seal: Seal(bytes, at: start + 3)))
        }
        self.records = records
    }

    /// The header as it stands in the object.
    func bytes(key: BLAKE3Key) -> [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(byteCount)
        bytes += block.xorb.bytes
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: block.chunks.start))
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: block.chunks.count))
        bytes.appendLittleEndian(firstByte)
        for record in records {
            bytes.appendLittleEndianUInt24(record.serializedByteCount)
            record.seal.append(to: &bytes)
        }
        let seal = BLAKE3Hasher.hash(bytes.rawSpan, key: key)
        for word in [seal.w0, seal.w1, seal.w2, seal.w3] { bytes.appendLittleEndian(word) }
        return bytes
    }

    /// Its own length.
    var byteCount: Int { Self.byteCount(chunkCount: records.count) }

    /// Where in the object some of the chunks lie, which must be of the block.
    func bytes(of chunks: ChunkRange) -> Range<Int> {
        let first = chunks.start - block.chunks.start
        let start = records[..<first].reduce(byteCount) { $0 + $1.serializedByteCount }
        return start..<self.records(of: chunks).reduce(start) { $0 + $1.serializedByteCount }
    }

    /// Where in the serialized xorb a chunk begins, which must be of the block.
    func place(of chunk: Int) -> UInt64 {
        records[..<(chunk - block.chunks.start)].reduce(firstByte) { $0 + UInt64($1.serializedByteCount) }
    }

    /// The records of some of the chunks, which must be of the block.
    func records(of chunks: ChunkRange) -> ArraySlice<Record> {
        records[(chunks.start - block.chunks.start)..<(chunks.end - block.chunks.start)]
    }
}
