import DequeModule
public import NIOCore
public import XetAccess
import XetCore

/// Puts files into XET: read → chunk → hash → deduplicate → pack → put xorbs → register shards.
///
/// Chunks that are kept already, or that came earlier in the session, are referred to; new ones are packed, those of
/// several files into one xorb. The caller's task reads, cuts and decides, in the order of the files; hashing, packing and
/// putting happen beside it. In memory are the xorbs that are filled and sent (``UploadLimits``), some MiB of chunks, the terms of
/// the files, and about 160 bytes for each new chunk.
///
/// Files become known with ``commit()``, all xorbs before the first of them. What a session has put and not registered remains,
/// and the next session may find its chunks.
public struct UploadSession: ~Copyable {
    /// Chunks are hashed in batches of about so many bytes.
    private static let batchByteCount = 1 << 20
    /// Most batches that are being hashed, or asked for.
    private static let mostBatchCount = 12
    /// Most pieces of files whose SHA-256 is being computed.
    private static let summingCount = 8
    /// Tasks that ask for chunks.
    private static let questionCount = 8

    private struct PackedFile: Sendable {
        var draft: FileDraft
        let sha256: SHA256Digest?
    }

    private struct Pools {
        let hashing: WorkPool
        let asking: WorkPool
        /// One task, so that sums go on in the order of the bytes.
        let summing = WorkPool(capacity: summingCount)
        let putting: WorkPool

        init(_ limits: UploadLimits) {
            hashing = WorkPool(capacity: limits.workerCount + mostBatchCount)
            asking = WorkPool(capacity: mostBatchCount + questionCount)
            putting = WorkPool(capacity: limits.xorbCount)
        }

        var all: [WorkPool] { [hashing, asking, putting, summing] }
    }

    private let xorbs: any XorbSink
    private let shards: any ShardSink
    private let chunks: any ChunkFinder
    private let limits: UploadLimits
    private let meter: UploadMeter
    private let pools: Pools

    private var cutter = FileCutter()
    private var batch = ChunkBatch()
    /// Batches that are being hashed, in order.
    private var batches: Deque<Promise<HashedBatch>> = []
    private var open: OpenXorb
    /// Chunks of the xorbs that are full.
    private var own = RecentChunks()
    /// Xorbs that are being put.
    private var puts: Deque<Promise<ShardXorb>> = []
    /// Xorbs that are put and not registered, and the length of a shard of them.
    private var newXorbs: [ShardXorb] = []
    private var newXorbsByteCount = 0
    /// The file whose chunks are being placed.
    private var draft = FileDraft()
    private var terms = FragmentationGuard()
    private var hasNewChunks = false
    private var files: [PackedFile] = []
    /// The files before have no term in the open xorb.
    private var resolvedCount = 0

    private init(
        xorbs: any XorbSink,
        shards: any ShardSink,
        chunks: any ChunkFinder,
        limits: UploadLimits,
        pools: Pools,
        meter: UploadMeter
    ) {
        self.xorbs = xorbs
        self.shards = shards
        self.chunks = chunks
        self.limits = limits
        self.pools = pools
        self.meter = meter
        open = OpenXorb(byteCount: limits.xorbByteCount)
    }

    /// Runs `body` with a session that fills `xorbs` and `shards` and looks for known chunks with `chunks`.
    ///
    /// What `body` adds and does not commit is dropped. `report` is called after every piece and every xorb, from several tasks.
    public static func run<Result: Sendable>(
        xorbs: any XorbSink,
        shards: any ShardSink,
        chunks: any ChunkFinder,
        limits: UploadLimits = UploadLimits(),
        report: @escaping @Sendable (UploadProgress) -> Void = { _ in },
        _ body: (inout UploadSession) async throws -> Result
    ) async throws -> Result {
        let pools = Pools(limits)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<limits.workerCount { group.addTask { await pools.hashing.work() } }
            group.addTask { await pools.summing.work() }
            for _ in 0..<questionCount { group.addTask { await pools.asking.work() } }
            for _ in 0..<limits.xorbCount { group.addTask { await pools.putting.work() } }
            // What is left undone of a body that fails, or does not commit, nobody waits for.
            defer {
                for pool in pools.all { pool.close() }
                group.cancelAll()
            }
            var session = UploadSession(
                xorbs: xorbs,
                shards: shards,
                chunks: chunks,
                limits: limits,
                pools: pools,
                meter: UploadMeter(report)
            )
            return try await body(&session)
        }
    }

    /// Reads a file to its end and returns its length.
    ///
    /// It becomes known with ``commit()``. After an error or a cancellation the session must be dropped.
    @discardableResult
    public mutating func add<Pieces: AsyncSequence>(_ pieces: Pieces) async throws -> UInt64
    where Pieces.Element == ByteBuffer {
        let digest = limits.hasSHA256 ? FileDigest() : nil
        var byteCount: UInt64 = 0
        batch.beginFile()
        for try await piece in pieces {
            try Task.checkCancellation()
            if let digest { _ = try await pools.summing.submit { digest.append(piece) } }
            var offset = 0
            while offset < piece.readableBytes {
                cutter.cut(piece, from: &offset, into: &batch, until: Self.batchByteCount)
                if batch.byteCount >= Self.batchByteCount { try await submitBatch() }
            }
            byteCount += UInt64(piece.readableBytes)
            meter.note { $0.readByteCount += UInt64(piece.readableBytes) }
        }
        cutter.finish(into: &batch)
        var sum: Promise<SHA256Digest>?
        if let digest { sum = try await pools.summing.submit { digest.digest() } }
        batch.endFile(ChunkBatch.FileEnd(sha256: sum))
        return byteCount
    }

    /// Puts the last xorb and registers the files that were added since the last time; returns them in that order.
    ///
    /// When it throws, some of the files may be known; repeating the session is safe.
    public mutating func commit() async throws -> [UploadedFile] {
        try await submitBatch()
        while let first = batches.popFirst() { try await place(first.value) }
        if !open.isEmpty { try await seal() }
        while let put = puts.popFirst() { try await register(put.value) }
        // Shards state zeros for the empty file, as the reference client does.
        let shardFiles = try files.map { try $0.draft.file(sha256: $0.draft.byteCount == 0 ? .zero : $0.sha256) }
        for shard in ShardSplit.shards(files: shardFiles, xorbs: newXorbs, targetByteCount: limits.shardByteCount) {
            try await shards.register(shard)
        }
        defer {
            files = []
            resolvedCount = 0
            newXorbs = []
            newXorbsByteCount = 0
        }
        return files.map { UploadedFile(hash: $0.draft.hash, byteCount: $0.draft.byteCount, sha256: $0.sha256) }
    }

    /// Has the chunks that were cut hashed, and places those that are hashed already.
    private mutating func submitBatch() async throws {
        let next = batch.take()
        guard !next.parts.isEmpty else { return }
        let hashed = try await pools.hashing.submit { HashedBatch(next) }
        let promise = try await pools.asking.submit { [chunks] in
            let hashed = try await hashed.value
            let eligible = hashed.eligible
            if !eligible.isEmpty { try await chunks.prepare(eligible) }
            return hashed
        }
        batches.append(promise)
        while let first = batches.first, batches.count > Self.mostBatchCount || first.isKept {
            batches.removeFirst()
            try await place(first.value)
        }
    }

    /// Decides for each chunk of a batch where it is, or will be.
    private mutating func place(_ batch: HashedBatch) async throws {
        var new: [NewChunk] = []
        for part in batch.batch.parts {
            if part.isStart {
                terms = FragmentationGuard()
                hasNewChunks = false
            }
            var rest = part.chunks
            while !rest.isEmpty {
                let hashes = batch.hashes[rest]
                if let (place, count) = try await match(hashes) {
                    for chunk in rest.prefix(count) {
                        add(
                            batch.hashes[chunk],
                            byteCount: batch.batch.chunks[chunk].range.count,
                            at: place.advanced(chunk - rest.lowerBound)
                        )
                    }
                    rest = rest.dropFirst(count)
                    continue
                }
                let chunk = rest.removeFirst()
                let byteCount = batch.batch.chunks[chunk].range.count
                if !open.hasRoom(for: byteCount) {
                    try await pack(&new, of: batch)
                    try await seal()
                }
                let index = open.append(batch.hashes[chunk], byteCount: byteCount)
                new.append(NewChunk(index: chunk, isFirstOfFile: !hasNewChunks))
                hasNewChunks = true
                add(batch.hashes[chunk], byteCount: byteCount, at: FileDraft.Place(xorb: nil, chunk: index))
                meter.note { $0.newByteCount += UInt64(byteCount) }
            }
            if let end = part.end {
                draft.closeTerm()
                files.append(PackedFile(draft: draft, sha256: try await end.sha256?.value))
                draft = FileDraft()
            }
        }
        try await pack(&new, of: batch)
    }

    private mutating func add(_ hash: ChunkHash, byteCount: Int, at place: FileDraft.Place) {
        if draft.continuation == place {
            terms.noteContinuation(of: 1)
        } else {
            terms.noteTerm(of: 1)
        }
        draft.append(hash, byteCount: byteCount, at: place)
    }

    /// Where chunks are already, and how many of them; `nil` if the first is to be stored.
    private mutating func match(_ hashes: ArraySlice<ChunkHash>) async throws -> (FileDraft.Place, count: Int)? {
        let next = draft.continuation
        let nextKept = next.flatMap { next in next.xorb.map { ChunkMatch(xorb: $0, start: next.chunk, count: 1) } }
        if let found = open.longestMatch(of: hashes, next: next.flatMap { $0.xorb == nil ? $0.chunk : nil }) {
            let place = FileDraft.Place(xorb: nil, chunk: found.start)
            if place == next || terms.allows(found.count) { return (place, found.count) }
        }
        var best = own.longestMatch(of: hashes, next: nextKept)
        if best == nil || best?.count ?? 0 < hashes.count {
            best = ChunkMatch.better(best, try await chunks.longestMatch(of: hashes, next: nextKept), next: nextKept)
        }
        guard let best else { return nil }
        let place = FileDraft.Place(xorb: best.xorb, chunk: best.start)
        return place == next || terms.allows(best.count) ? (place, min(best.count, hashes.count)) : nil
    }

    /// Has new chunks of a batch packed into the open xorb.
    private mutating func pack(_ new: inout [NewChunk], of batch: HashedBatch) async throws {
        guard !new.isEmpty else { return }
        open.parts.append(try await pools.hashing.submit { [new] in try batch.packed(new) })
        new = []
    }

    /// Puts the open xorb and starts another.
    private mutating func seal() async throws {
        var full = OpenXorb(byteCount: limits.xorbByteCount)
        swap(&full, &open)
        let hash = full.hash
        own.insert(hash, full.hashes)
        draft.resolve(hash)
        for index in files.indices[resolvedCount...] { files[index].draft.resolve(hash) }
        resolvedCount = files.count
        let put = try await pools.putting.submit { [full, xorbs, meter] in
            let xorb = try await full.assemble()
            let byteCount = xorb.index.serializedByteCount
            let listed = try ShardXorb(xorb.index, serializedByteCount: byteCount)
            try await xorbs.put(xorb)
            meter.note { $0.storedByteCount += UInt64(byteCount) }
            return listed
        }
        puts.append(put)
        while let first = puts.first, first.isKept {
            puts.removeFirst()
            try await register(first.value)
        }
    }

    /// Registers xorbs that were put, once they make up a shard.
    private mutating func register(_ xorb: ShardXorb) async throws {
        newXorbs.append(xorb)
        newXorbsByteCount += Shard(files: [], xorbs: [xorb]).uploadByteCount
        guard newXorbsByteCount > limits.shardByteCount else { return }
        for shard in ShardSplit.shards(files: [], xorbs: newXorbs, targetByteCount: limits.shardByteCount) {
            try await shards.register(shard)
        }
        newXorbs = []
        newXorbsByteCount = 0
    }
}
