public import NIOCore
public import XetAccess
import XetCore

/// Puts files into XET: read → chunk → hash → deduplicate → pack → put xorbs → register shards.
///
/// Chunks that are kept already, or that came earlier in the session, are referred to; new ones are packed, those of
/// several files into one xorb. In memory are one xorb, one chunk, the piece that is being read, the terms of the files,
/// and 80 bytes per chunk of the xorbs that are not registered yet: whenever those make up a shard, they are.
///
/// The files become known with ``commit()``, all xorbs before the first of them. A session that is dropped registers
/// no file; the xorbs that it put remain, and the next session finds their chunks.
public struct UploadSession: ~Copyable {
    private struct PackedFile: Sendable {
        var draft: FileDraft
        let sha256: SHA256Digest
    }

    private let xorbs: any XorbSink
    private let shards: any ShardSink
    private let locator: any ChunkLocator
    private let report: @Sendable (UploadProgress) -> Void

    private var open = OpenXorb()
    /// The xorb in which a chunk was found last.
    private var lastFound: XorbIndex?
    private var newXorbs: [ShardXorb] = []
    /// Length of a shard of them.
    private var newXorbsByteCount = 0
    private let shardByteCount: Int
    private var files: [PackedFile] = []
    private var progress = UploadProgress()

    /// A session that fills `xorbs` and `shards` and looks for known chunks with `locator`.
    ///
    /// `report` is called after every piece and every xorb.
    public init(
        xorbs: any XorbSink,
        shards: any ShardSink,
        locator: any ChunkLocator,
        report: @escaping @Sendable (UploadProgress) -> Void = { _ in }
    ) {
        self.init(
            xorbs: xorbs,
            shards: shards,
            locator: locator,
            shardByteCount: ShardSplit.targetByteCount,
            report: report
        )
    }

    /// A session that registers xorbs when a shard of them has so many bytes.
    init(
        xorbs: any XorbSink,
        shards: any ShardSink,
        locator: any ChunkLocator,
        shardByteCount: Int,
        report: @escaping @Sendable (UploadProgress) -> Void = { _ in }
    ) {
        self.shardByteCount = shardByteCount
        self.xorbs = xorbs
        self.shards = shards
        self.locator = locator
        self.report = report
    }

    /// Reads a file to its end.
    ///
    /// It becomes known with ``commit()``.
    ///
    /// After an error or a cancellation the session must be dropped.
    public mutating func add<Pieces: AsyncSequence>(_ pieces: Pieces) async throws -> UploadedFile
    where Pieces.Element == ByteBuffer {
        var assembler = ChunkAssembler()
        var digest = SHA256Stream()
        var draft = FileDraft()
        open.beginFile()
        for try await piece in pieces {
            try Task.checkCancellation()
            digest.append(piece)
            var offset = 0
            while assembler.next(in: piece.readableBytesSpan, from: &offset) {
                try await add(assembler.chunk, to: &draft)
            }
            progress.readByteCount += UInt64(piece.readableBytes)
            report(progress)
        }
        if assembler.finish() {
            try await add(assembler.chunk, to: &draft)
        }
        draft.closeTerm()
        let sha256 = digest.digest()
        // Shards state zeros for the empty file, as the reference client does.
        files.append(PackedFile(draft: draft, sha256: draft.byteCount == 0 ? .zero : sha256))
        return UploadedFile(hash: draft.hash, byteCount: draft.byteCount, sha256: sha256)
    }

    /// Puts the last xorb and registers all files.
    ///
    /// When it throws, some of the files may be known; repeating the session is safe.
    public consuming func commit() async throws {
        if !open.isEmpty {
            var draft = FileDraft()
            try await seal(&draft)
        }
        let shardFiles = try files.map { try $0.draft.file(sha256: $0.sha256) }
        for shard in ShardSplit.shards(files: shardFiles, xorbs: newXorbs) {
            try await shards.register(shard)
        }
    }

    private mutating func add(_ chunk: [UInt8], to draft: inout FileDraft) async throws {
        let hash = ChunkHash(ofChunk: chunk.rawSpan)
        let place: FileDraft.Place
        if let known = try await self.place(of: hash, continuing: draft.continuation) {
            place = known
        } else {
            if !open.hasRoom(for: chunk.count) {
                try await seal(&draft)
            }
            place = FileDraft.Place(xorb: nil, chunk: try open.append(chunk, hash: hash))
            progress.newByteCount += UInt64(chunk.count)
        }
        draft.append(hash, byteCount: chunk.count, at: place)
    }

    /// Where a chunk is already; the place that continues the last term comes first, so that terms stay long.
    private mutating func place(
        of chunk: ChunkHash,
        continuing next: FileDraft.Place?
    ) async throws -> FileDraft.Place? {
        if let next {
            let hashes = next.xorb == nil ? open.hashes : next.xorb == lastFound?.hash ? lastFound?.chunkHashes : nil
            if let hashes, next.chunk < hashes.count, hashes[next.chunk] == chunk { return next }
        }
        if let position = open.position(of: chunk) {
            return FileDraft.Place(xorb: nil, chunk: position)
        }
        guard let found = try await locator.locate(chunk) else { return nil }
        lastFound = found.xorb
        return FileDraft.Place(xorb: found.xorb.hash, chunk: found.chunk)
    }

    private mutating func register(_ xorb: ShardXorb) async throws {
        newXorbs.append(xorb)
        newXorbsByteCount += Shard(files: [], xorbs: [xorb]).uploadByteCount
        guard newXorbsByteCount > shardByteCount else { return }
        for shard in ShardSplit.shards(files: [], xorbs: newXorbs) {
            try await shards.register(shard)
        }
        newXorbs = []
        newXorbsByteCount = 0
    }

    /// Puts the open xorb and starts another; `draft` is the file that is being read.
    private mutating func seal(_ draft: inout FileDraft) async throws {
        var full = OpenXorb()
        swap(&full, &open)
        let xorb = try full.finish()
        try await xorbs.put(xorb)
        try await register(ShardXorb(xorb.index, serializedByteCount: xorb.index.serializedByteCount))
        draft.resolve(xorb.index.hash)
        for index in files.indices {
            files[index].draft.resolve(xorb.index.hash)
        }
        progress.storedByteCount += UInt64(xorb.index.serializedByteCount)
        report(progress)
    }
}
