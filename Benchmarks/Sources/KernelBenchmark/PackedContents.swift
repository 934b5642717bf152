import XetCore

/// Bytes, cut into chunks and packed as a xorb holds them.
struct PackedContents {
    let bytes: [UInt8]
    let ends: [Int]
    let scheme: CompressionScheme
    /// Headers and payloads.
    let serialized: [UInt8]

    init(_ contents: Contents, _ count: Int, scheme: CompressionScheme) throws {
        let bytes = contents.bytes(count)
        let ends = unsafe Chunker.cuts(of: bytes.span.bytes)
        serialized = try Self.pack(bytes, ends, scheme)
        self.bytes = bytes
        self.ends = ends
        self.scheme = scheme
    }

    func pack() throws -> [UInt8] {
        try Self.pack(bytes, ends, scheme)
    }

    private static func pack(_ bytes: [UInt8], _ ends: [Int], _ scheme: CompressionScheme) throws -> [UInt8] {
        var packer = ChunkPacker()
        var packed: [UInt8] = []
        packed.reserveCapacity(bytes.count + ends.count * ChunkHeader.byteCount)
        var start = 0
        for end in ends {
            let chunk = unsafe bytes.span.bytes.extracting(start..<end)
            try packer.pack(chunk, scheme: scheme, into: &packed)
            start = end
        }
        return packed
    }

    /// Unpacks every chunk into `room`; as plain LZ4, without ungrouping, if asked for.
    func unpack(into room: UnsafeMutableRawBufferPointer, isUngrouped: Bool = true) throws -> UInt64 {
        let piece = unsafe serialized.span.bytes
        var unpacker = ChunkUnpacker()
        var offset = 0
        while offset < piece.byteCount {
            var header = try ChunkHeader(parsing: piece.extracting(offset..<piece.byteCount))
            let payload = piece.extracting(droppingFirst: offset + ChunkHeader.byteCount)
                .extracting(first: header.packedByteCount)
            offset += header.serializedByteCount
            if !isUngrouped, header.scheme == .byteGroupingLZ4 {
                header = try ChunkHeader(
                    packedByteCount: header.packedByteCount,
                    scheme: .lz4,
                    unpackedByteCount: header.unpackedByteCount
                )
            }
            // SAFETY: `room` has 128 KiB, as much as any chunk.
            var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
            try unpacker.unpack(header, payload: payload, into: &output)
            _ = unsafe output.finalize(for: room)
        }
        return unsafe UInt64(room[0])
    }
}
