/// The index at the end of a stored xorb: its hash, and per chunk the hash and where the chunk ends.
///
/// ```
/// version 1                                          version 0
/// XETBLOB 1 | hash 32                                XETBLOB 0 | hash 32
/// XBLBHSH 0 | n 4 | chunk hashes 32 n                n 4 | serialized ends 4 n | chunk hashes 32 n | 16 unused
/// XBLBBND 1 | n 4 | serialized ends 4 n | unpacked ends 4 n
/// n 4 | distance to XBLBHSH 4 | distance to XBLBBND 4 | 16 unused
/// ```
/// Distances count back from the end of the footer. The four bytes after the footer, its length, are not part of it.
/// Source: draft-denis-xet, "XorbObjectInfo Footer"; version 0 and the ignored last 16 bytes are the reference client's.
public struct XorbFooter: Hashable, Sendable {
    /// Length of the number after the footer.
    public static let trailerByteCount = 4

    /// Name of the xorb, as the footer states it.
    public let hash: XorbHash
    /// Hashes of the chunks, in order.
    public let chunkHashes: [ChunkHash]
    /// Offset in the serialized xorb at which each chunk ends, headers included.
    public let serializedEnds: [UInt32]
    /// Offset in the unpacked xorb at which each chunk ends; `nil` in version 0, which leaves it to the chunk headers.
    public let unpackedEnds: [UInt32]?

    private static let mark = Array("XETBLOB".utf8)
    private static let hashesMark = Array("XBLBHSH".utf8)
    private static let boundsMark = Array("XBLBBND".utf8)
    private static let unusedByteCount = 16
    /// `XETBLOB`, version and xorb hash.
    private static let headByteCount = 40

    /// Makes a footer; the three lists must have the same count and offsets must grow.
    public init(
        hash: XorbHash,
        chunkHashes: [ChunkHash],
        serializedEnds: [UInt32],
        unpackedEnds: [UInt32]?
    ) throws(XorbError) {
        let count = UInt64(chunkHashes.count)
        try Self.expect(UInt64(serializedEnds.count), count, "serialized ends")
        if let unpackedEnds {
            try Self.expect(UInt64(unpackedEnds.count), count, "unpacked ends")
            // Chunks of zero length are tolerated.
            try Self.checkGrowing(unpackedEnds, least: 0)
        }
        try Self.checkGrowing(serializedEnds, least: UInt32(ChunkHeader.byteCount))
        self.hash = hash
        self.chunkHashes = chunkHashes
        self.serializedEnds = serializedEnds
        self.unpackedEnds = unpackedEnds
    }

    /// The length of the footer of a stored xorb of `xorbByteCount` bytes, from its last four bytes.
    public static func byteCount(trailer: RawSpan, xorbByteCount: UInt64) throws(XorbError) -> Int {
        guard trailer.byteCount == trailerByteCount else {
            throw .footerOutOfBounds(length: trailerByteCount, available: trailer.byteCount)
        }
        let length = Int(trailer.littleEndianUInt32(at: 0))
        guard length >= headByteCount, UInt64(length) + UInt64(trailerByteCount) <= xorbByteCount else {
            throw .footerOutOfBounds(length: length, available: Int(clamping: xorbByteCount))
        }
        return length
    }

    /// Parses a footer, without the number after it; `start` is its offset in the stored xorb, where the last chunk
    /// must end.
    public init(parsing bytes: RawSpan, start: UInt64) throws(XorbError) {
        var reader = FooterReader(bytes)
        guard try reader.mark(Self.mark, section: "head") <= 1 else {
            throw .unknownFooterVersion(bytes.byte(at: Self.mark.count))
        }
        let isVersion0 = bytes.byte(at: Self.mark.count) == 0
        let hash: XorbHash = try reader.hash()
        if isVersion0 {
            let count = try reader.count(perItem: 36)
            let ends = try reader.integers(count)
            let hashes = try reader.hashes(count)
            try reader.expectRest(Self.unusedByteCount)
            try self.init(hash: hash, chunkHashes: hashes, serializedEnds: ends, unpackedEnds: nil)
        } else {
            let version = try reader.mark(Self.hashesMark, section: "hashes")
            guard version == 0 else { throw .unknownFooterVersion(version) }
            let count = try reader.count(perItem: 40)
            let hashes = try reader.hashes(count)
            let boundsStart = reader.offset
            let boundsVersion = try reader.mark(Self.boundsMark, section: "boundaries")
            guard boundsVersion == 1 else { throw .unknownFooterVersion(boundsVersion) }
            try Self.expect(UInt64(try reader.integer()), UInt64(count), "chunk count of boundaries")
            let serializedEnds = try reader.integers(count)
            let unpackedEnds = try reader.integers(count)
            try Self.expect(UInt64(try reader.integer()), UInt64(count), "chunk count")
            let toHashes = UInt64(bytes.byteCount - Self.headByteCount)
            try Self.expect(UInt64(try reader.integer()), toHashes, "distance to hashes")
            let toBounds = UInt64(bytes.byteCount - boundsStart)
            try Self.expect(UInt64(try reader.integer()), toBounds, "distance to boundaries")
            try reader.expectRest(Self.unusedByteCount)
            try self.init(hash: hash, chunkHashes: hashes, serializedEnds: serializedEnds, unpackedEnds: unpackedEnds)
        }
        try Self.expect(UInt64(serializedEnds.last ?? 0), start, "end of the last chunk")
    }

    /// Appends the footer in version 1 and its length.
    public func append(to bytes: inout [UInt8], unpackedEnds: [UInt32]) {
        let start = bytes.count
        let count = UInt32(chunkHashes.count)
        bytes.append(contentsOf: Self.mark + [1])
        hash.append(to: &bytes)
        let hashesStart = bytes.count
        bytes.append(contentsOf: Self.hashesMark + [0])
        bytes.appendLittleEndian(count)
        for hash in chunkHashes {
            hash.append(to: &bytes)
        }
        let boundsStart = bytes.count
        bytes.append(contentsOf: Self.boundsMark + [1])
        bytes.appendLittleEndian(count)
        for end in serializedEnds {
            bytes.appendLittleEndian(end)
        }
        for end in unpackedEnds {
            bytes.appendLittleEndian(end)
        }
        bytes.appendLittleEndian(count)
        let end = bytes.count + 2 * 4 + Self.unusedByteCount
        bytes.appendLittleEndian(UInt32(end - hashesStart))
        bytes.appendLittleEndian(UInt32(end - boundsStart))
        bytes.append(contentsOf: repeatElement(0, count: Self.unusedByteCount))
        bytes.appendLittleEndian(UInt32(end - start))
    }

    private static func expect(_ found: UInt64, _ expected: UInt64, _ field: String) throws(XorbError) {
        guard found == expected else { throw .footerDisagrees(field: field, expected: expected, found: found) }
    }

    private static func checkGrowing(_ ends: [UInt32], least: UInt32) throws(XorbError) {
        var previous: UInt32 = 0
        for (index, end) in ends.enumerated() {
            guard end >= previous, end - previous >= least else { throw .invalidChunkOffset(index: index) }
            previous = end
        }
    }
}

/// Reads the fields of a footer in order, each checked against what is left.
private struct FooterReader: ~Escapable {
    let bytes: RawSpan
    private(set) var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    private mutating func advance(_ count: Int) throws(XorbError) -> Int {
        guard count <= bytes.byteCount - offset else {
            throw .footerOutOfBounds(length: offset + count, available: bytes.byteCount)
        }
        defer { offset += count }
        return offset
    }

    /// Checks a section's mark and returns the version after it.
    mutating func mark(_ mark: [UInt8], section: String) throws(XorbError) -> UInt8 {
        let start = try advance(mark.count + 1)
        guard bytes.hasBytes(mark, at: start) else { throw .invalidFooterMark(section: section) }
        return bytes.byte(at: start + mark.count)
    }

    mutating func integer() throws(XorbError) -> UInt32 {
        bytes.littleEndianUInt32(at: try advance(4))
    }

    /// A number of items that the rest of the footer can hold.
    mutating func count(perItem: Int) throws(XorbError) -> Int {
        let count = Int(try integer())
        guard count <= (bytes.byteCount - offset) / perItem else {
            throw .footerOutOfBounds(length: offset + count * perItem, available: bytes.byteCount)
        }
        return count
    }

    mutating func integers(_ count: Int) throws(XorbError) -> [UInt32] {
        var integers: [UInt32] = []
        integers.reserveCapacity(count)
        for _ in 0..<count {
            integers.append(try integer())
        }
        return integers
    }

    mutating func hash<Role>() throws(XorbError) -> ContentHash<Role> {
        let start = try advance(32)
        guard let hash = ContentHash<Role>(bytes: bytes.extracting(start..<start + 32)) else {
            throw .footerOutOfBounds(length: offset, available: bytes.byteCount)
        }
        return hash
    }

    mutating func hashes(_ count: Int) throws(XorbError) -> [ChunkHash] {
        var hashes: [ChunkHash] = []
        hashes.reserveCapacity(count)
        for _ in 0..<count {
            hashes.append(try hash())
        }
        return hashes
    }

    func expectRest(_ count: Int) throws(XorbError) {
        guard bytes.byteCount - offset == count else {
            throw .footerOutOfBounds(length: offset + count, available: bytes.byteCount)
        }
    }
}
