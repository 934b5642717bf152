public import NIOCore
public import XetCore

/// Takes xorbs.
public protocol XorbSink: Sendable {
    /// Keeps a xorb; returns whether it was new. Keeping one again changes nothing.
    @discardableResult
    func put(_ xorb: SerializedXorb) async throws -> Bool
}

/// Finds chunks that are already kept.
public protocol ChunkLocator: Sendable {
    /// A place of the chunk, or `nil` if it is not known.
    func locate(_ chunk: ChunkHash) async throws -> ChunkLocation?
}

/// Is asked for chunks that a server keeps, whose hashes it may hide from who does not know them.
public protocol DedupSource: Sendable {
    /// Xorbs that hold a chunk, and others that may help: a shard with a footer; `nil` if none are known.
    ///
    /// Throws ``XetError``.
    func xorbs(holding chunk: ChunkHash) async throws -> Shard?
}

/// A chunk in a kept xorb.
public struct ChunkLocation: Hashable, Sendable {
    /// What is in the xorb.
    public let xorb: XorbIndex
    /// The chunk's index in it.
    public let chunk: Int

    /// `nil` unless the xorb has such a chunk.
    public init?(xorb: XorbIndex, chunk: Int) {
        guard chunk >= 0, chunk < xorb.chunkCount else { return nil }
        self.xorb = xorb
        self.chunk = chunk
    }

    /// The hash of the chunk.
    public var hash: ChunkHash { xorb.chunkHashes[chunk] }
}

/// Keeps xorbs and gives them back.
public protocol XorbStore: XorbSink, ChunkLocator {
    /// What is in a xorb, or `nil` if it is not kept.
    func index(of xorb: XorbHash) async throws -> XorbIndex?

    /// Hands the serialized bytes of a range to `body`, piece by piece; nothing more is read while `body` runs.
    ///
    /// Throws what `body` throws, and when the xorb is not kept or the range goes beyond its chunks.
    func read(_ range: HTTPByteRange, of xorb: XorbHash, _ body: (ByteBuffer) async throws -> Void) async throws

    /// Reads a whole xorb again; one that is damaged is forgotten, and can be kept anew.
    ///
    /// Returns what is wrong with it, `nil` if nothing is or it is not kept.
    @discardableResult
    func examine(_ xorb: XorbHash) async throws -> (any Error)?
}
