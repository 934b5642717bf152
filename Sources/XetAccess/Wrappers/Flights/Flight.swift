import NIOCore
import Synchronization
import XetCore

/// Why a reader has to do without a flight; what it needs may be had from upstream.
enum FlightError: Error {
    /// The store has no room for it, or fails; it says so in its own way.
    case notKept
    /// Nobody runs flights any more.
    case closed
}

/// What a flight failed with, for all its readers.
struct FlightFailure: Error {
    let cause: XetError
}

/// How far a reader has come in the range that it fetches.
struct ReadPosition: Hashable, Sendable {
    /// The chunk that comes next.
    var chunk: Int
    /// Bytes that were handed over.
    var byteCount = 0

    /// The position after `count` more bytes.
    func advanced(to chunk: Int, _ count: Int) -> ReadPosition {
        ReadPosition(chunk: chunk, byteCount: byteCount + count)
    }
}

/// One GET of a signed range that any number of readers follow, while what it brings is kept.
///
/// It goes as fast as upstream and the store do, and waits for no reader: those that are close behind are given what is in
/// memory, others read what is kept already. It is made for the chunks of the range that nobody had.
final class Flight: Sendable {
    /// Most bytes that a reader is given at once.
    private static let stepByteCount = 512 << 10
    /// A flight that nobody follows any more is finished if no more is missing: it costs little, and was wanted once.
    static let finishByteCount = 4 << 20

    /// Bytes that are worth a question to the CAS: what it takes at 20 ms is 50 MB/s of them.
    private static let worthwhileByteCount = 1 << 20

    private struct State {
        /// What is fetched: the range that a reader wanted, or what of it is missing.
        var info: FetchInfo
        var bytes: FlightBytes
        var writer: (any ChunkWriter)?
        /// Chunks that readers may have, of those that are kept.
        var publishedCount = 0
        var end: Result<Void, any Error>?
        var followerCount = 0
        /// What is findable, until somebody has been told.
        var kept: ChunkRange?
        var nextTicket = 0
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
        /// What ends a GET that is of no use.
        var abandonment: CheckedContinuation<Void, any Error>?

        /// What is kept now that nobody follows any more, once.
        mutating func takeKept() -> ChunkRange? { followerCount == 0 ? kept.take() : nil }

        /// Whether the GET is to go on.
        var isWanted: Bool {
            followerCount > 0 || Int(info.bytes.count) - bytes.streamedByteCount <= Flight.finishByteCount
        }
    }

    let fetch: XorbFetch
    /// The chunks that are kept.
    let chunks: ChunkRange
    private let hashes: KeptHashes
    private let memory: FlightMemory
    private let onKept: @Sendable (XorbHash, ChunkRange) -> Void
    private let state: Mutex<State>

    /// `onKept` gets the chunks that are kept, when nobody follows.
    init(
        _ fetch: XorbFetch,
        keeping chunks: ChunkRange,
        memory: FlightMemory,
        onKept: @escaping @Sendable (XorbHash, ChunkRange) -> Void
    ) {
        self.fetch = fetch
        self.chunks = chunks
        self.memory = memory
        self.onKept = onKept
        hashes = KeptHashes(first: chunks.start)
        state = Mutex(State(info: fetch.info, bytes: FlightBytes(fetch.info.chunks, keeping: chunks)))
    }

    deinit {
        memory.note(-state.withLock { $0.bytes.heldByteCount })
    }
}

// MARK: Readers

extension Flight {
    /// Whether it brings nothing more than it has: whoever comes now does better with another one.
    var hasFailed: Bool {
        state.withLock { state in
            if case .failure? = state.end { true } else { false }
        }
    }

    /// Counts a reader; ``leave()`` follows.
    func join() { state.withLock { $0.followerCount += 1 } }

    /// Ends the GET if the last reader leaves while much is missing.
    func leave() {
        let (abandonment, kept) = state.withLock { state in
            state.followerCount -= 1
            return (state.isWanted ? nil : state.abandonment.take(), state.takeKept())
        }
        abandonment?.resume()
        if let kept { onKept(fetch.xorb, kept) }
    }

    /// Returns when the first chunk is there; throws what the GET failed with if none came.
    func begin() async throws {
        try await waitForMore(than: chunks.start)
        let failure = state.withLock { state -> (any Error)? in
            guard state.publishedCount == 0, case .failure(let error)? = state.end else { return nil }
            return error
        }
        if let failure { throw failure }
    }

    private enum Step {
        case pieces([ByteBuffer], next: ReadPosition)
        case written(Range<Int>, any ChunkWriter, next: ReadPosition)
        case wait
        case failed(any Error)
    }

    /// Hands chunks to a reader, up to `end`, as they come; `position` goes along.
    ///
    /// If it is not to wait, it returns when the next one is not there. Throws ``FlightFailure`` after what had come before, ``ChunkStoreError`` if what was kept is damaged, and what
    /// `body` throws.
    func follow(
        _ position: inout ReadPosition,
        to end: Int,
        waiting waits: Bool = true,
        store: some ChunkStore,
        _ body: (XorbPiece) async throws -> Void
    ) async throws {
        while position.chunk < end {
            switch step(position, end) {
            case .pieces(let pieces, let next):
                for piece in pieces { try await body(XorbPiece(piece, hashes: hashes)) }
                position = next
            case .written(let range, let writer, let next):
                let piece = try await read(range, position.chunk..<next.chunk, from: writer)
                try await body(XorbPiece(piece, hashes: hashes))
                position = next
            case .wait where !waits:
                return
            case .wait:
                try await waitForMore(than: position.chunk)
            case .failed(let error):
                throw (error as? XetError).map { FlightFailure(cause: $0) } ?? error
            }
        }
        try await hashes.flush(to: store)
    }

    private func step(_ position: ReadPosition, _ end: Int) -> Step {
        state.withLock { state in
            let index = position.chunk - chunks.start
            let limit = min(end - chunks.start, state.publishedCount)
            guard index < limit else {
                switch state.end {
                case nil: return .wait
                case .failure(let error): return .failed(error)
                case .success: return .failed(ChunkStoreError.damaged(xorb: fetch.xorb, chunk: position.chunk))
                }
            }
            let ends = state.bytes.chunkEnds
            let start = index == 0 ? 0 : ends[index - 1]
            var last = index
            while last + 1 < limit, ends[last + 1] - start <= Self.stepByteCount { last += 1 }
            if let pieces = state.bytes.inMemory(start..<ends[last]) {
                return .pieces(pieces, next: position.advanced(to: chunks.start + last + 1, ends[last] - start))
            }
            last = min(last, state.bytes.writtenChunkCount - 1)
            guard last >= index, let writer = state.writer else {
                return .failed(ChunkStoreError.damaged(xorb: fetch.xorb, chunk: position.chunk))
            }
            let next = position.advanced(to: chunks.start + last + 1, ends[last] - start)
            return .written(start..<ends[last], writer, next: next)
        }
    }

    private func read(_ range: Range<Int>, _ part: Range<Int>, from writer: any ChunkWriter) async throws -> ByteBuffer
    {
        let records = hashes.records[(part.lowerBound - chunks.start)..<(part.upperBound - chunks.start)]
        return try await KeptBytes.read(records, firstChunk: part.lowerBound, of: fetch.xorb) {
            try await writer.read(range)
        }
    }

    private func waitForMore(than chunk: Int) async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state in
                    let isThere = chunk - chunks.start < state.publishedCount || state.end != nil
                    guard !isThere, !Task.isCancelled else { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }
}

// MARK: The GET

extension Flight {
    /// Fetches, keeps what comes, and tells the readers; returns when all that can be kept is findable.
    func run(_ upstream: some XorbSource, _ store: some ChunkStore) async {
        let fetch: XorbFetch
        let writer: any ChunkWriter
        do {
            // Nobody is to be asked for whoever has left.
            fetch = try await whileWanted { await self.narrowed(store) }
            guard let room = try await store.writer(byteCount: Int(fetch.info.bytes.count)) else {
                return end(.failure(FlightError.notKept))
            }
            writer = room
        } catch {
            return end(.failure(error is CancellationError ? FlightError.closed : FlightError.notKept))
        }
        state.withLock { $0.writer = writer }
        do {
            try await whileWanted {
                try await upstream.fetch(fetch) { try await self.take($0, writer) }
                try self.checkEnd()
            }
            try await write(least: 1, to: writer)
            end(.success(()))
        } catch {
            end(.failure(error is CancellationError ? FlightError.closed : error))
            // What had come is worth to be kept, unless that is what failed.
            if !(error is FlightError) { try? await write(least: 1, to: writer) }
        }
        await keep(writer, in: store)
    }

    /// The fetch, or one of what is missing alone, if much of the range is kept or on its way.
    private func narrowed(_ store: some ChunkStore) async -> XorbFetch {
        let whole = fetch.info
        let spared = Double(whole.chunks.count - chunks.count) / Double(whole.chunks.count) * Double(whole.bytes.count)
        guard let signer = fetch.signer, Int(spared) >= Self.worthwhileByteCount else { return fetch }
        // What cannot be had alone is had with the rest.
        guard let known = try? await KeptLengths(store, of: fetch.xorb, in: whole.chunks),
            let info = try? await signer.signed(chunks, of: fetch.xorb, unpackedByteCount: { known[$0] }),
            info.url != .kept, info.chunks.contains(chunks), info.bytes.count < whole.bytes.count
        else { return fetch }
        state.withLock { state in
            state.info = info
            state.bytes = FlightBytes(info.chunks, keeping: chunks)
        }
        return XorbFetch(xorb: fetch.xorb, info: info, origin: fetch.origin)
    }

    /// Fails all readers that wait, and those that come.
    func end(_ result: Result<Void, any Error>) {
        let waiting = state.withLock { state in
            if state.end == nil { state.end = result }
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for reader in waiting { reader.resume() }
    }

    /// Runs `body` as long as readers follow, or little is missing; throws `CancellationError` if that ends it.
    private func whileWanted<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await self.untilUnwanted()
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    private func take(_ piece: XorbPiece, _ writer: any ChunkWriter) async throws {
        let records = try corrupt { () throws(XorbError) in
            try state.withLock { (state) throws(XorbError) in
                try changing(&state) { (bytes) throws(XorbError) in try bytes.take(piece.bytes) }
            }
        }
        let first = chunks.start + hashes.count
        for (index, record) in records.enumerated() {
            var record = record
            record.hash = piece.hashes?.hash(of: first + index)
            hashes.append(record)
        }
        if !records.isEmpty {
            let waiting = state.withLock { state in
                state.publishedCount += records.count
                defer { state.waiting = [:] }
                return state.waiting.values
            }
            for reader in waiting { reader.resume() }
        }
        try await write(least: memory.leastBatchByteCount, to: writer)
    }

    private func write(least: Int, to writer: any ChunkWriter) async throws {
        let batch = state.withLock { $0.bytes.claim(least: least) }
        guard !batch.isEmpty else { return }
        do {
            try await writer.append(batch)
        } catch let error where !(error is CancellationError) {
            throw FlightError.notKept
        }
        let tail = memory.mostTailByteCount
        state.withLock { state in
            state.bytes.noteWritten()
            changing(&state) { $0.dropWritten(keeping: tail) }
        }
    }

    /// Changes the bytes, and notes what that means for the memory of all.
    private func changing<Value, Failure: Error>(
        _ state: inout State,
        _ change: (inout FlightBytes) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let before = state.bytes.heldByteCount
        defer { memory.note(state.bytes.heldByteCount - before) }
        return try change(&state.bytes)
    }

    private func checkEnd() throws(XetError) {
        try corrupt { () throws(XorbError) in
            try state.withLock { (state) throws(XorbError) in
                try state.bytes.checkEnd(chunkCount: state.info.chunks.count)
            }
        }
    }

    private func corrupt<Value>(_ body: () throws(XorbError) -> Value) throws(XetError) -> Value {
        do {
            return try body()
        } catch {
            let chunks = fetch.info.chunks
            throw XetError(.corrupt, "xorb \(fetch.xorb), chunks \(chunks.start)..<\(chunks.end)", cause: error)
        }
    }

    /// Returns when nobody follows and much is missing.
    private func untilUnwanted() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state in
                    guard state.isWanted, !Task.isCancelled else { return true }
                    state.abandonment = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.abandonment.take() }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }

    /// Makes the chunks findable whose bytes are written, if there are any.
    private func keep(_ writer: any ChunkWriter, in store: some ChunkStore) async {
        let (count, firstByte) = state.withLock { state in
            changing(&state) { $0.dropWritten(keeping: 0) }
            let count = state.bytes.writtenChunkCount
            return (count, state.bytes.start.map { state.info.bytes.first + UInt64($0) })
        }
        guard count > 0, let firstByte, let range = ChunkRange(start: chunks.start, end: chunks.start + count),
            let contents = ChunkRunContents(
                xorb: fetch.xorb,
                chunks: range,
                firstByte: firstByte,
                records: Array(hashes.records.prefix(count))
            )
        else { return await writer.abandon() }
        // What cannot be made findable costs another GET; the store says why in its own way.
        guard let run = try? await writer.commit(contents) else { return }
        hashes.noteKept(run)
        try? await hashes.flush(to: store)
        let kept = state.withLock { state in
            state.kept = run.chunks
            return state.takeKept()
        }
        if let kept { onKept(fetch.xorb, kept) }
    }
}
