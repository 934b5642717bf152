public import XetAccess
public import XetCore

/// Chunks of a xorb that are those of a file, one behind the other.
public struct ChunkMatch: Hashable, Sendable {
    /// The xorb.
    public let xorb: XorbHash
    /// The first of the chunks, by its index in the xorb.
    public let start: Int
    /// How many there are; at least one.
    public let count: Int

    /// Names chunks of a xorb.
    public init(xorb: XorbHash, start: Int, count: Int) {
        self.xorb = xorb
        self.start = start
        self.count = count
    }
}

/// Finds chunks that are kept already, where the files go.
public protocol ChunkFinder: Sendable {
    /// Is told of chunks that will soon be looked for and that a server may be asked about.
    ///
    /// Throws ``XetError``.
    func prepare(_ chunks: [ChunkHash]) async throws

    /// The longest run of kept chunks that begins with the first of `chunks` and goes on with those behind it; `nil` if
    /// the first is not known.
    ///
    /// A run that begins at `next` comes before any other: it makes the last term of the file longer.
    func longestMatch(of chunks: ArraySlice<ChunkHash>, next: ChunkMatch?) async throws -> ChunkMatch?
}

extension ChunkFinder {
    public func prepare(_ chunks: [ChunkHash]) async throws {}
}

/// Finds chunks in a store.
public actor LocatedChunks: ChunkFinder {
    private let locator: any ChunkLocator
    /// The xorb in which a chunk was found last.
    private var last: XorbIndex?

    /// Finds what `locator` does.
    public init(_ locator: any ChunkLocator) {
        self.locator = locator
    }

    public func longestMatch(of chunks: ArraySlice<ChunkHash>, next: ChunkMatch?) async throws -> ChunkMatch? {
        guard let first = chunks.first else { return nil }
        if let next, let last, last.hash == next.xorb, let match = Self.match(chunks, in: last, at: next.start) {
            return match
        }
        guard let found = try await locator.locate(first) else { return nil }
        last = found.xorb
        return Self.match(chunks, in: found.xorb, at: found.chunk)
    }

    private static func match(_ chunks: ArraySlice<ChunkHash>, in xorb: XorbIndex, at start: Int) -> ChunkMatch? {
        guard start <= xorb.chunkCount else { return nil }
        let count = zip(chunks, xorb.chunkHashes[start...]).prefix { $0 == $1 }.count
        return count > 0 ? ChunkMatch(xorb: xorb.hash, start: start, count: count) : nil
    }
}
