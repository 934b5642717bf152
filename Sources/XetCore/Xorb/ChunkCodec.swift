/// Unpacks the payloads of chunks; keeps its buffers from one chunk to the next.
public struct ChunkUnpacker: ~Copyable {
    private var lz4 = LZ4FrameDecoder()
    private var grouped = ScratchBuffer()

    /// An unpacker without state.
    public init() {}

    /// Appends the unpacked bytes of one chunk.
    ///
    /// Precondition: `output` has room for `header.unpackedByteCount` bytes (checked). Throws when the payload does not
    /// have the header's length or does not unpack to exactly the length it states.
    public mutating func unpack(
        _ header: ChunkHeader,
        payload: RawSpan,
        into output: inout OutputRawSpan
    ) throws(ChunkError) {
        guard payload.byteCount == header.packedByteCount else {
            throw .truncated(needed: header.packedByteCount, available: payload.byteCount)
        }
        let count = header.unpackedByteCount
        switch header.scheme {
        case .none:
            guard payload.byteCount == count else {
                throw .unpackedLengthMismatch(expected: count, found: payload.byteCount)
            }
            output.append(copying: payload)
        case .lz4:
            try lz4.decode(payload, count: count, into: &output)
        case .byteGroupingLZ4:
            try unpackGrouped(payload, count: count)
            ByteGrouping.ungroup(grouped.bytes, into: &output)
        }
    }

    /// Unpacks one chunk into a new array.
    public mutating func unpack(_ header: ChunkHeader, payload: RawSpan) throws(ChunkError) -> [UInt8] {
        var bytes: [UInt8] = []
        try bytes.replace(capacity: header.unpackedByteCount) { (output) throws(ChunkError) in
            try unpack(header, payload: payload, into: &output)
        }
        return bytes
    }

    private mutating func unpackGrouped(_ payload: RawSpan, count: Int) throws(ChunkError) {
        try grouped.replace(capacity: count) { (output) throws(ChunkError) in
            try lz4.decode(payload, count: count, into: &output)
        }
    }
}

/// Packs chunks; keeps its buffers from one chunk to the next.
public struct ChunkPacker: ~Copyable {
    private var grouped = ScratchBuffer()
    private var frame: [UInt8] = []

    /// A packer without state.
    public init() {}

    /// Appends header and payload of one chunk of 1 ...
    ///
    /// 131,072 bytes, compressed with `scheme`, or stored if that does not make it smaller.
    @discardableResult
    public mutating func pack(
        _ chunk: RawSpan,
        scheme: CompressionScheme,
        into bytes: inout [UInt8]
    ) throws(ChunkError) -> ChunkHeader {
        guard chunk.byteCount > 0 else { throw .truncated(needed: 1, available: 0) }
        let isPacked: Bool
        switch scheme {
        case .none:
            isPacked = false
        case .lz4:
            isPacked = LZ4FrameEncoder.encode(chunk, into: &frame)
        case .byteGroupingLZ4:
            grouped.replace(capacity: chunk.byteCount) { ByteGrouping.group(chunk, into: &$0) }
            isPacked = Self.encode(grouped, into: &frame)
        }
        guard isPacked, frame.count < chunk.byteCount else {
            let header = try ChunkHeader(
                packedByteCount: chunk.byteCount,
                scheme: .none,
                unpackedByteCount: chunk.byteCount
            )
            header.append(to: &bytes)
            bytes.append(copying: chunk)
            return header
        }
        let header = try ChunkHeader(
            packedByteCount: frame.count,
            scheme: scheme,
            unpackedByteCount: chunk.byteCount
        )
        header.append(to: &bytes)
        bytes.append(contentsOf: frame)
        return header
    }

    /// Borrows the two properties apart.
    private static func encode(_ grouped: borrowing ScratchBuffer, into frame: inout [UInt8]) -> Bool {
        LZ4FrameEncoder.encode(grouped.bytes, into: &frame)
    }
}
