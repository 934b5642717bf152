import NIOCore
import Synchronization
import XetAccess
import XetCore

/// The blocks that are in a store, as far as it can be asked.
///
/// What it throws is ``ShelfError``, `CancellationError`, and what its callers' closures throw.
final class BlockShelf: Sendable {
    /// Headers that are remembered: a block is read in several parts, each of which needs it.
    private static let mostHeaderCount = 2048
    /// Whole blocks of which it is remembered what is there.
    private static let mostKnownCount = 1 << 16
    /// Age at which an object that is read is made young again, so that its age tells how long nobody used it.
    static let touchAge = Duration.seconds(12 * 3600)

    private struct State {
        var headers: [Block: BlockHeader] = [:]
        /// The objects that are there, by the whole block that they lie in.
        var known: [Block: Set<Block>] = [:]
    }

    private let store: any ObjectStore
    private let area: SharedArea
    private let events: any SharedStoreEvents
    private let reading: StoreBreaker
    private let writing: StoreBreaker
    private let state = Mutex(State())

    init(_ store: any ObjectStore, _ area: SharedArea, time: StoreTime, events: any SharedStoreEvents) {
        self.store = store
        self.area = area
        self.events = events
        reading = StoreBreaker(isReading: true, time: time, events: events)
        writing = StoreBreaker(isReading: false, time: time, events: events)
    }

    /// Asks the store for something, unless it is to be spared; `isDone` says of an answer whether it was what was asked.
    private func ask<Value>(
        _ operation: StoreOperation,
        isDone: (Value) -> Bool,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let breaker = operation.isReading ? reading : writing
        guard breaker.admits() else {
            events.noteRequest(operation, .spared)
            throw ShelfError.unavailable
        }
        do {
            let value = try await body()
            breaker.noteSuccess()
            events.noteRequest(operation, isDone(value) ? .done : .none)
            return value
        } catch {
            let isCut = operation == .get && (error as? ObjectStoreError)?.kind == .invalid
            guard isCut || error is WrongObject else {
                guard let error = error as? ObjectStoreError else { throw error }
                breaker.noteFailure(error)
                events.noteRequest(operation, .failed)
                throw ShelfError.unavailable
            }
            breaker.noteFailure(ObjectStoreError(.invalid, "it has objects that are not what their names say"))
            events.noteRequest(operation, .failed)
            events.noteWrong()
            throw WrongObject()
        }
    }
}

/// Why a store is of no use for something.
enum ShelfError: Error, Hashable {
    /// It fails, or has failed a moment ago.
    case unavailable
    /// The object is another one than its name says.
    case wrong(Block)
}

// MARK: Reading

extension BlockShelf {
    /// The header of a block; `nil` if the store has no such object.
    ///
    /// `onOld` is called if nobody has used the object for long.
    func header(of block: Block, onOld: () -> Void) async throws -> BlockHeader? {
        if let known = state.withLock({ $0.headers[block] }) { return known }
        let byteCount = BlockHeader.byteCount(chunkCount: block.chunks.count)
        var isOld = false
        let header: BlockHeader?
        do {
            header = try await ask(.get, isDone: { $0 != nil }) {
                try await store.get(area.name(of: block), range: 0..<byteCount) { object in
                    isOld = object.age.map { $0 > Self.touchAge } ?? false
                    let bytes = try await Self.collect(object, byteCount)
                    guard let header = BlockHeader(bytes.readableBytesSpan, of: block, key: area.key),
                        header.bytes(of: block.chunks).upperBound == object.byteCount
                    else { throw WrongObject() }
                    return header
                }
            }
        } catch is WrongObject {
            forget(block)
            throw ShelfError.wrong(block)
        }
        guard let header else {
            forget(block)
            return nil
        }
        state.withLock { state in
            if state.headers.count >= Self.mostHeaderCount { state.headers = [:] }
            state.headers[block] = header
        }
        noteKnown(block)
        if isOld { onOld() }
        return header
    }

    private static func collect(_ object: StoredObject, _ byteCount: Int) async throws -> ByteBuffer {
        var bytes = ByteBuffer()
        for try await piece in object.bytes {
            guard bytes.readableBytes + piece.readableBytes <= byteCount else { throw WrongObject() }
            bytes.writeImmutableBuffer(piece)
        }
        return bytes
    }

    /// Hands over some chunks of a block, which its seals have been compared with; `false` if the object is gone.
    ///
    /// What was handed over before an error is right.
    func read(
        _ chunks: ChunkRange,
        _ header: BlockHeader,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws -> Bool {
        var failure: (any Error)?
        do {
            let isThere: Bool? = try await ask(.get, isDone: { $0 != nil }) {
                try await store.get(area.name(of: header.block), range: header.bytes(of: chunks)) { object in
                    var verifier = BlockVerifier(header.records(of: chunks), key: area.key)
                    for try await piece in object.bytes {
                        for bytes in try verifier.take(piece) {
                            do {
                                try await body(bytes)
                            } catch {
                                // That is not the store's doing.
                                failure = error
                                return true
                            }
                            events.noteRead(bytes.readableBytes)
                        }
                    }
                    guard verifier.isComplete else { throw WrongObject() }
                    return true
                }
            }
            if let failure { throw failure }
            if isThere == nil { forget(header.block) }
            return isThere != nil
        } catch is WrongObject {
            forget(header.block)
            // Another replica may have put another one in its place since the header was read.
            if let now = try await self.header(of: header.block, onOld: {}), now != header {
                throw ShelfError.unavailable
            }
            forget(header.block)
            throw ShelfError.wrong(header.block)
        }
    }

    /// Whether the store is known to have an object.
    func isKnown(_ block: Block) -> Bool { state.withLock { $0.known[block.whole]?.contains(block) ?? false } }

    /// The objects that hold a part of a whole block and are known to be there.
    func knownParts(of whole: Block) -> Set<Block> {
        state.withLock { $0.known[whole] ?? [] }.subtracting([whole])
    }

    private func noteKnown(_ block: Block) {
        state.withLock { state in
            if state.known.count >= Self.mostKnownCount { state.known = [:] }
            state.known[block.whole, default: []].insert(block)
        }
    }

    private func forget(_ block: Block) {
        state.withLock { state in
            state.headers[block] = nil
            state.known[block.whole]?.remove(block)
            if state.known[block.whole]?.isEmpty == true { state.known[block.whole] = nil }
        }
    }
}

// MARK: Writing

extension BlockShelf {
    /// Puts a block whose serialized chunks are `bytes`, unless there is one.
    func put(_ block: Block, firstByte: UInt64, byteCounts: [Int], _ bytes: ByteBuffer) async throws {
        let header = BlockHeader(block, firstByte: firstByte, byteCounts: byteCounts, bytes: bytes, key: area.key)
        var object = ByteBuffer()
        object.reserveCapacity(header.byteCount + bytes.readableBytes)
        object.writeBytes(header.bytes(key: area.key))
        object.writeImmutableBuffer(bytes)
        if try await put(object, as: area.name(of: block)) { events.noteWritten(object.readableBytes) }
        noteKnown(block)
    }

    /// Removes a block.
    func remove(_ block: Block) async throws {
        forget(block)
        try await remove(area.name(of: block))
    }

    /// Makes a block count as used now.
    func touch(_ block: Block) async throws {
        try await ask(.touch, isDone: { true }) { try await store.touch(area.name(of: block)) }
    }

    private func put(_ bytes: ByteBuffer, as name: String) async throws -> Bool {
        try await ask(.put, isDone: { $0 }) { try await store.put(bytes, as: name) }
    }

    private func remove(_ name: String) async throws {
        try await ask(.remove, isDone: { true }) { try await store.remove(name) }
    }
}

// MARK: Claims

extension BlockShelf {
    /// Says that somebody here fetches a range, unless another one has said so.
    func claim(_ range: Block) async throws -> Bool {
        try await put(ByteBuffer(string: "fetching\n"), as: area.claimName(of: range))
    }

    /// How long ago a range was claimed; `nil` if it is not, `.zero` if the store does not say.
    func claimAge(_ range: Block) async throws -> Duration? {
        try await ask(.get, isDone: { $0 != nil }) {
            try await store.get(area.claimName(of: range), range: nil) { $0.age ?? .zero }
        }
    }

    /// Ends a claim, and what waits for it.
    func release(_ range: Block, isWaitedFor: Bool) async throws {
        try await remove(area.claimName(of: range))
        if isWaitedFor { try await remove(area.waitName(of: range)) }
    }

    /// Tells whoever fetches a range that it is waited for.
    func wait(for range: Block) async throws {
        _ = try await put(ByteBuffer(string: "waiting\n"), as: area.waitName(of: range))
    }

    /// Whether somebody waits for a range.
    func isWaitedFor(_ range: Block) async throws -> Bool {
        try await ask(.get, isDone: { $0 != nil }) {
            try await store.get(area.waitName(of: range), range: nil) { _ in true }
        } ?? false
    }
}
