public import NIOCore
public import XetAccess
public import XetCore

/// Keeps in memory what was fetched last, for a cache that has no folder.
public final class MemoryCacheStore: ChunkStore, TermStore {
    private let chunks: MemoryChunkStore
    private let terms = MemoryTermStore()

    /// A store for at most `byteLimit` bytes of chunks.
    public init(byteLimit: Int) {
        chunks = MemoryChunkStore(byteLimit: byteLimit)
    }

    public var byteCount: Int { chunks.byteCount }

    public var byteLimit: Int { chunks.byteLimit }

    public func runs(of xorb: XorbHash, in range: ChunkRange) async throws -> [ChunkRun] {
        try await chunks.runs(of: xorb, in: range)
    }

    public func read(_ bytes: Range<Int>, of run: ChunkRun.ID) async throws -> ByteBuffer {
        try await chunks.read(bytes, of: run)
    }

    public func writer(byteCount: Int) async throws -> (any ChunkWriter)? {
        try await chunks.writer(byteCount: byteCount)
    }

    public func note(_ records: [ChunkRecord], of run: ChunkRun.ID) async throws {
        try await chunks.note(records, of: run)
    }

    public func remove(_ run: ChunkRun.ID) async throws { try await chunks.remove(run) }

    public func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        try await terms.part(of: file, holding: range)
    }

    public func keep(_ part: FilePart, of file: FileHash) async throws { try await terms.keep(part, of: file) }

    public func parts(of file: FileHash) async throws -> [FilePart] { try await terms.parts(of: file) }

    public func forget(_ file: FileHash) async throws { try await terms.forget(file) }
}
