import CLZ4

/// LZ4 frames as chunks hold them, through liblz4.
///
/// Reads what the reference client reads: frames of linked or independent blocks of any size, with or without
/// checksums and end mark, and legacy frames; bytes after the first frame are ignored. Writes what it writes: one
/// independent block, no checksums.
/// Source: draft-denis-xet, "LZ4"; LZ4 Frame Format Description 1.6.
@safe struct LZ4FrameDecoder: ~Copyable {
    private static let magic: UInt32 = 0x184D_2204
    private static let legacyMagic: UInt32 = 0x184C_2102

    private let context: OpaquePointer

    init() {
        var created: OpaquePointer?
        // SAFETY: `created` is written before the call returns. The only error is a failed allocation.
        let code = unsafe LZ4F_createDecompressionContext(&created, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(code) == 0, let created = unsafe created else {
            fatalError("out of memory for an LZ4 context")
        }
        unsafe context = created
    }

    deinit {
        // SAFETY: created in `init`, freed only here.
        _ = unsafe LZ4F_freeDecompressionContext(context)
    }

    /// Appends the content of the first frame in `frame`, which must have exactly `count` bytes.
    ///
    /// Precondition: `output` has room for `count` bytes (checked).
    mutating func decode(_ frame: RawSpan, count: Int, into output: inout OutputRawSpan) throws(ChunkError) {
        precondition(output.freeCapacity >= count)
        if Self.decodePlainFrame(frame, count: count, into: &output) { return }
        guard frame.byteCount >= 4 else { throw .truncated(needed: 4, available: frame.byteCount) }
        switch frame.littleEndianUInt32(at: 0) {
        case Self.magic: try decodeFrame(frame, count: count, into: &output)
        case Self.legacyMagic: try decodeLegacyFrame(frame, count: count, into: &output)
        case let other: throw .invalidLZ4Frame(reason: "magic number 0x\(String(other, radix: 16))")
        }
    }

    /// Decodes a frame as the reference client writes it: independent blocks, no checksums, an end mark.
    ///
    /// Leaves all other frames, and what is wrong with a frame, to liblz4's decoder of frames; that one decodes blocks
    /// into a buffer of its own and then copies them, which costs a tenth to a fifth of its speed.
    ///
    /// - Returns: whether `count` bytes were appended; else nothing was.
    private static func decodePlainFrame(_ frame: RawSpan, count: Int, into output: inout OutputRawSpan) -> Bool {
        guard let blockByteCount = blockByteCount(ofPlainFrame: frame) else { return false }
        var offset = plainHeaderByteCount
        var produced = 0
        while frame.byteCount - offset >= 4 {
            let length = Int(frame.littleEndianUInt32(at: offset))
            offset += 4
            if length == 0 && produced == count { return true }
            guard length > 0, length <= min(blockByteCount, frame.byteCount - offset) else { break }
            let block = frame.extracting(offset..<offset + length)
            let capacity = min(blockByteCount, count - produced)
            guard let written = decodeBlock(block, capacity: capacity, into: &output) else { break }
            produced += written
            offset += length
        }
        output.removeLast(produced)
        return false
    }

    /// Magic number, flags, block size and the checksum of these two.
    private static let plainHeaderByteCount = 7

    /// The largest block that a frame may have; `nil` if it does not start as the reference client's do.
    private static func blockByteCount(ofPlainFrame frame: RawSpan) -> Int? {
        guard frame.byteCount >= plainHeaderByteCount, frame.littleEndianUInt32(at: 0) == magic,
            frame.byte(at: 4) == 0x60
        else { return nil }
        return switch (frame.byte(at: 5), frame.byte(at: 6)) {
        case (0x40, 0x82): 64 * 1024
        case (0x50, 0xFB): 256 * 1024
        default: nil
        }
    }

    private mutating func decodeFrame(
        _ frame: RawSpan,
        count: Int,
        into output: inout OutputRawSpan
    ) throws(ChunkError) {
        // FLG bit 0: the reference client has no dictionaries.
        guard frame.byteCount > 4 else { throw .truncated(needed: 5, available: frame.byteCount) }
        guard frame.byte(at: 4) & 1 == 0 else {
            throw .invalidLZ4Frame(reason: "dictionary id")
        }
        // The frame before may have failed or lacked its end mark.
        unsafe LZ4F_resetDecompressionContext(context)
        let context = unsafe context
        let produced = try unsafe output.withUnsafeMutableBytes { (target, initialized) throws(ChunkError) in
            let start = unsafe target.baseAddress.map { unsafe $0 + initialized }
            let produced = try unsafe frame.withUnsafeBytes { (source) throws(ChunkError) in
                try unsafe Self.decode(source, context, count: count, to: start)
            }
            initialized += produced
            return produced
        }
        guard produced == count else { throw .unpackedLengthMismatch(expected: count, found: produced) }
    }

    /// Decodes until the frame or the input ends.
    ///
    /// SAFETY: `target` must have room for `count` bytes; liblz4 reads inside `source` and writes at most `count` bytes
    /// there, then at most one into `beyond`, which shows a frame that is longer than it should be.
    private static func decode(
        _ source: UnsafeRawBufferPointer,
        _ context: OpaquePointer,
        count: Int,
        to target: UnsafeMutableRawPointer?
    ) throws(ChunkError) -> Int {
        var consumed = 0
        var produced = 0
        var beyond: UInt8 = 0
        while true {
            var sourceCount = source.count - consumed
            let next = unsafe source.baseAddress.map { unsafe $0 + consumed }
            let isFull = produced == count
            var targetCount = isFull ? 1 : count - produced
            let hint =
                if isFull {
                    unsafe LZ4F_decompress(context, &beyond, &targetCount, next, &sourceCount, nil)
                } else {
                    unsafe LZ4F_decompress(
                        context,
                        target.map { unsafe $0 + produced },
                        &targetCount,
                        next,
                        &sourceCount,
                        nil
                    )
                }
            guard LZ4F_isError(hint) == 0 else {
                throw unsafe .invalidLZ4Frame(reason: String(cString: LZ4F_getErrorName(hint)))
            }
            if isFull && targetCount > 0 { throw .unpackedTooLong(expected: count) }
            consumed += sourceCount
            produced += targetCount
            // No progress: the input ended without an end mark.
            if hint == 0 || (sourceCount == 0 && targetCount == 0) { return produced }
        }
    }

    /// Magic number, then blocks: length 4, LZ4 block.
    private func decodeLegacyFrame(
        _ frame: RawSpan,
        count: Int,
        into output: inout OutputRawSpan
    ) throws(ChunkError) {
        var offset = 4
        var produced = 0
        while offset < frame.byteCount {
            guard frame.byteCount - offset >= 4 else {
                throw .truncated(needed: 4, available: frame.byteCount - offset)
            }
            let length = Int(frame.littleEndianUInt32(at: offset))
            offset += 4
            guard length <= frame.byteCount - offset else {
                throw .truncated(needed: length, available: frame.byteCount - offset)
            }
            let block = frame.extracting(offset..<offset + length)
            let written = Self.decodeBlock(block, capacity: count - produced, into: &output)
            guard let written else { throw .invalidLZ4Frame(reason: "invalid block in a legacy frame") }
            produced += written
            offset += length
        }
        guard produced == count else { throw .unpackedLengthMismatch(expected: count, found: produced) }
    }

    /// Appends one independent block of at most `capacity` unpacked bytes; `nil` if it is invalid or longer.
    private static func decodeBlock(_ block: RawSpan, capacity: Int, into output: inout OutputRawSpan) -> Int? {
        guard let sourceCount = Int32(exactly: block.byteCount), let targetCount = Int32(exactly: capacity) else {
            return nil
        }
        return unsafe output.withUnsafeMutableBytes { target, initialized in
            // SAFETY: reads `sourceCount` bytes, all of `block`, and writes at most `targetCount` bytes, which the
            // caller checked against the free capacity.
            let written = unsafe block.withUnsafeBytes { source in
                unsafe LZ4_decompress_safe(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    target.baseAddress.map { unsafe ($0 + initialized).assumingMemoryBound(to: CChar.self) },
                    sourceCount,
                    targetCount
                )
            }
            guard written >= 0 else { return nil }
            initialized += Int(written)
            return Int(written)
        }
    }
}

/// Writes frames of one independent block without checksums.
enum LZ4FrameEncoder {
    /// Replaces `frame` by the frame of `bytes`; `nil` stands for a failure inside liblz4, which the caller answers by
    /// storing the chunk as it is.
    static func encode(_ bytes: RawSpan, into frame: inout [UInt8]) -> Bool {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = bytes.byteCount <= 64 * 1024 ? LZ4F_max64KB : LZ4F_max256KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        let bound = unsafe LZ4F_compressFrameBound(bytes.byteCount, &preferences)
        var isWritten = false
        frame = unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, initialized in
            // SAFETY: `target` has the capacity that liblz4 asked for; `source` is only read.
            let written = unsafe bytes.withUnsafeBytes { source in
                unsafe LZ4F_compressFrame(
                    target.baseAddress,
                    target.count,
                    source.baseAddress,
                    source.count,
                    &preferences
                )
            }
            isWritten = LZ4F_isError(written) == 0
            initialized = isWritten ? written : 0
        }
        return isWritten
    }
}
