/// What is in a xorb: per chunk its hash and where it lies, serialized and unpacked.
public struct XorbIndex: Hashable, Sendable {
    /// The footer it was made from.
    public let footer: XorbFooter
    /// Offset in the unpacked xorb at which each chunk ends.
    public let unpackedEnds: [UInt32]

    init(footer: XorbFooter, unpackedEnds: [UInt32]) {
        self.footer = footer
        self.unpackedEnds = unpackedEnds
    }

    /// The index that a footer of version 1 holds; `nil` for version 0.
    public init?(_ footer: XorbFooter) {
        guard let unpackedEnds = footer.unpackedEnds else { return nil }
        self.init(footer: footer, unpackedEnds: unpackedEnds)
    }

    /// Name of the xorb.
    public var hash: XorbHash { footer.hash }
    /// Hashes of the chunks, in order.
    public var chunkHashes: [ChunkHash] { footer.chunkHashes }
    /// Number of chunks.
    public var chunkCount: Int { footer.chunkHashes.count }
    /// Length of the serialized chunks, footer excluded.
    public var serializedByteCount: Int { Int(footer.serializedEnds.last ?? 0) }
    /// Length of the unpacked chunks.
    public var unpackedByteCount: Int { Int(unpackedEnds.last ?? 0) }

    /// Where a chunk's header begins.
    ///
    /// Precondition: `chunk` is at most the chunk count (checked).
    public func serializedStart(of chunk: Int) -> Int { chunk == 0 ? 0 : Int(footer.serializedEnds[chunk - 1]) }

    /// Where a chunk begins in the unpacked xorb.
    ///
    /// Precondition: `chunk` is at most the chunk count (checked).
    public func unpackedStart(of chunk: Int) -> Int { chunk == 0 ? 0 : Int(unpackedEnds[chunk - 1]) }

    /// Unpacked length of one chunk.
    public func unpackedByteCount(of chunk: Int) -> Int { Int(unpackedEnds[chunk]) - unpackedStart(of: chunk) }

    /// Unpacked length of a range of chunks; `nil` if the xorb has fewer.
    public func unpackedByteCount(of range: ChunkRange) -> Int? {
        guard range.end <= chunkCount else { return nil }
        return unpackedStart(of: range.end) - unpackedStart(of: range.start)
    }

    /// Serialized bytes of a range of chunks; `nil` if the xorb has fewer.
    public func serializedRange(of range: ChunkRange) -> HTTPByteRange? {
        guard range.end <= chunkCount else { return nil }
        return HTTPByteRange(
            first: UInt64(serializedStart(of: range.start)),
            last: UInt64(serializedStart(of: range.end)) - 1
        )
    }

    /// The verification hash of a term over `range`; `nil` if the xorb has fewer chunks.
    public func verificationHash(of range: ChunkRange) -> VerificationHash? {
        guard range.end <= chunkCount else { return nil }
        return VerificationHash(ofTerm: chunkHashes[range.start..<range.end])
    }
}
