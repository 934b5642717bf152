public import NIOCore
public import XetCore

/// Keeps runs of serialized chunks, and gives them back.
///
/// A store bounds what it keeps, and drops what it likes at any time. It does not look at bytes: whoever reads compares
/// their checksums.
public protocol ChunkStore: Sendable {
    /// Bytes that are kept.
    var byteCount: Int { get }

    /// Most bytes that are kept.
    var byteLimit: Int { get }

    /// The runs that hold some of `chunks`, by their first chunk; they may overlap.
    func runs(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkRun]

    /// Bytes of a run, counted from its start; fewer, or none, if the run is damaged or gone.
    func read(_ bytes: Range<Int>, of run: ChunkRun.ID) async throws -> ByteBuffer

    /// Makes room for a run of at most `byteCount` bytes; `nil` if there is none.
    func writer(byteCount: Int) async throws -> (any ChunkWriter)?

    /// Adds to a run what `records`, one for each of its chunks, know of hashes and proofs.
    func note(_ records: [ChunkRecord], of run: ChunkRun.ID) async throws

    /// Drops a run: it is not found again, even if this throws.
    func remove(_ run: ChunkRun.ID) async throws
}

/// Takes the bytes of a run, in order.
///
/// ``commit(_:)`` or ``abandon()`` follows, once.
public protocol ChunkWriter: Sendable {
    /// Adds bytes, which can be read when it returns; one call at a time.
    func append(_ bytes: [ByteBuffer]) async throws

    /// Bytes that were added, while the writer or its run is there.
    func read(_ bytes: Range<Int>) async throws -> ByteBuffer

    /// Makes the run findable, of which all bytes were added; others are dropped. If it throws, all are.
    func commit(_ contents: ChunkRunContents) async throws -> ChunkRun

    /// Drops what was added.
    func abandon() async
}

/// Why kept chunks cannot be had.
public enum ChunkStoreError: Error, Hashable, Sendable {
    /// A kept chunk has other bytes than it was kept with, or fewer.
    case damaged(xorb: XorbHash, chunk: Int)
}
