import BLAKE3
import NIOCore
import XetAccess
import XetCore

/// What stands in front of the chunks of an object: which these are, and a seal for each.
///
/// | bytes | |
/// | --: | --- |
/// | 8 | `xetchk` and two zeros |
/// | 32 | the xorb |
/// | 4, 4 | first chunk, number of chunks, little-endian like all numbers |
/// | 8 | where in the serialized xorb the first chunk begins |
/// | 54 each | for each of 128 chunks: 3 bytes serialized length, 3 bytes unpacked length, 16 bytes seal, 32 bytes hash of the unpacked chunk or zeros if nobody has computed it; zeros for those that are not there |
/// | 32 | seal of all this |
///
/// Then come the serialized chunks, as they are in the xorb. A seal is BLAKE3 with the key of the ``SharedArea``: a chunk is read
/// only if whoever has the key wrote it, for this place of this xorb.
struct BlockHeader: Hashable, Sendable {
    /// Bytes of every header.
    static let byteCount = startByteCount + Block.chunkCount * recordByteCount + sealByteCount

    /// Most bytes of an object.
    static let mostObjectByteCount =
        byteCount + Block.chunkCount * (ChunkHeader.byteCount + ChunkHeader.maximumPackedByteCount)

    private static let magic = Array("xetchk\0\0".utf8)
    private static let startByteCount = 56
    private static let recordByteCount = 54
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
        let unpackedByteCount: Int
        let seal: Seal
        /// Of the unpacked chunk, if whoever wrote it had computed that.
        let hash: ChunkHash?
    }

    let xorb: XorbHash
    /// What is there.
    let chunks: ChunkRange
    /// Where in the serialized xorb the first chunk begins.
    let firstByte: UInt64
    let records: [Record]

    /// The header for chunks of a block.
    init(_ contents: KeptBlocks.Contents, of xorb: XorbHash, key: BLAKE3Key) {
        self.xorb = xorb
        chunks = contents.chunks
        firstByte = contents.firstByte
        let span = contents.bytes.readableBytesSpan
        var records: [Record] = []
        records.reserveCapacity(contents.records.count)
        var offset = 0
        for record in contents.records {
            let end = offset + record.serializedByteCount
            let digest = BLAKE3Hasher.hash(span.extracting(offset..<end), key: key)
            records.append(
                Record(
                    serializedByteCount: record.serializedByteCount,
                    unpackedByteCount: record.unpackedByteCount,
                    seal: Seal(digest),
                    hash: record.hash
                )
            )
            offset = end
        }
        self.records = records
    }

    /// Reads the header of an object; `nil` if it is not what the object is to hold, or was not sealed with `key`.
    init?(_ bytes: RawSpan, of object: BlockObject, key: BLAKE3Key) {
        let block = object.block
        guard bytes.byteCount == Self.byteCount, bytes.hasBytes(Self.magic, at: 0),
            bytes.hasBytes(block.xorb.bytes, at: 8)
        else { return nil }
        let end = Self.byteCount - Self.sealByteCount
        let seal = BLAKE3Hasher.hash(bytes.extracting(0..<end), key: key)
        guard Seal(bytes, at: end) == Seal(seal), bytes.littleEndianUInt64(at: end + 16) == seal.w2,
            bytes.littleEndianUInt64(at: end + 24) == seal.w3
        else { return nil }
        let start = Int(bytes.littleEndianUInt32(at: 40))
        guard let chunks = ChunkRange(start: start, end: start + Int(bytes.littleEndianUInt32(at: 44))),
            block.chunks.contains(chunks), object.kind != .whole || chunks == block.chunks
        else { return nil }
        xorb = block.xorb
        self.chunks = chunks
        firstByte = bytes.littleEndianUInt64(at: 48)
        var records: [Record] = []
        records.reserveCapacity(chunks.count)
        let lengths = ChunkHeader.byteCount...ChunkHeader.byteCount + ChunkHeader.maximumPackedByteCount
        for index in 0..<chunks.count {
            let place = Self.startByteCount + index * Self.recordByteCount
            let length = bytes.littleEndianUInt24(at: place)
            let unpackedLength = bytes.littleEndianUInt24(at: place + 3)
            guard lengths.contains(length), unpackedLength <= ChunkHeader.maximumUnpackedByteCount,
                let hash = ChunkHash(bytes: bytes.extracting(place + 22..<place + Self.recordByteCount))
            else { return nil }
            records.append(
                Record(
                    serializedByteCount: length,
                    unpackedByteCount: unpackedLength,
                    seal: Seal(bytes, at: place + 6),
                    hash: hash == .zero ? nil : hash
                )
            )
        }
        self.records = records
    }

    /// The header as it stands in the object.
    func bytes(key: BLAKE3Key) -> [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.byteCount)
        bytes += xorb.bytes
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: chunks.start))
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: chunks.count))
        bytes.appendLittleEndian(firstByte)
        for record in records {
            bytes.appendLittleEndianUInt24(record.serializedByteCount)
            bytes.appendLittleEndianUInt24(record.unpackedByteCount)
            record.seal.append(to: &bytes)
            bytes += (record.hash ?? .zero).bytes
        }
        bytes += [UInt8](repeating: 0, count: (Block.chunkCount - records.count) * Self.recordByteCount)
        let seal = BLAKE3Hasher.hash(bytes.rawSpan, key: key)
        for word in [seal.w0, seal.w1, seal.w2, seal.w3] { bytes.appendLittleEndian(word) }
        return bytes
    }

    /// The object with these chunks, of which it is the header.
    func object(_ contents: KeptBlocks.Contents, key: BLAKE3Key) -> ByteBuffer {
        var object = ByteBuffer()
        object.reserveCapacity(objectByteCount)
        object.writeBytes(bytes(key: key))
        object.writeImmutableBuffer(contents.bytes)
        return object
    }

    /// Bytes of the object.
    var objectByteCount: Int { records.reduce(Self.byteCount) { $0 + $1.serializedByteCount } }

    /// Where in the object some of the chunks lie, which must be there.
    func bytes(of part: ChunkRange) -> Range<Int> {
        let start = records[..<(part.start - chunks.start)].reduce(Self.byteCount) { $0 + $1.serializedByteCount }
        return start..<records(of: part).reduce(start) { $0 + $1.serializedByteCount }
    }

    /// Where in the serialized xorb a chunk begins, which must be there.
    func place(of chunk: Int) -> UInt64 {
        records[..<(chunk - chunks.start)].reduce(firstByte) { $0 + UInt64($1.serializedByteCount) }
    }

    /// The records of some of the chunks, which must be there.
    func records(of part: ChunkRange) -> ArraySlice<Record> {
        records[(part.start - chunks.start)..<(part.end - chunks.start)]
    }
}
