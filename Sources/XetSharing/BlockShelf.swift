import NIOCore
import Synchronization
import XetAccess
import XetCore

/// Why a store is of no use for something.
enum ShelfError: Error, Hashable {
    /// It fails, or has failed a moment ago.
    case unavailable
    /// It lets nobody here list objects.
    case unlisted(ObjectStoreError)
    /// An object is another one than its name says.
    case wrong(BlockObject)
    /// An object that is not one of chunks is another one than its name says.
    case damaged(name: String)

    /// What those are told who can have nothing from elsewhere.
    var forReaders: XetError {
        switch self {
        case .unavailable: XetError(.unavailable, "the store that has it does not answer")
        case .unlisted(let error): XetError(.forbidden, "the store lets nobody list what is in it: \(error)")
        case .wrong(let object):
            XetError(
                .corrupt,
                "what the store has of block \(object.block.number) of xorb \(object.block.xorb) is damaged"
            )
        case .damaged(let name): XetError(.corrupt, "the store's object \(name) is damaged")
        }
    }
}

/// When a process looks for what somebody has imported: each place in vain costs a request.
enum ImportsUse {
    case none
    case first
    /// After what replicas have written.
    case last
}

/// The blocks that are in a store, as far as it can be asked.
///
/// What it throws is ``ShelfError``, `CancellationError`, and what its callers' closures throw.
final class BlockShelf: Sendable {
    /// Headers that are remembered, of up to 10 KiB: an object is read in several parts, each of which needs it.
    private static let mostHeaderCount = 2048
    /// Age at which an object that is read is made young again, so that its age tells how long nobody used it.
    static let touchAge = Duration.seconds(12 * 3600)

    /// What is known of an object: that it is there, and what it holds.
    private struct State {
        var imports = ImportsUse.none
        var headers: [Block: [BlockObject: BlockHeader]] = [:]
        var headerCount = 0
    }

    let area: SharedArea
    private let store: any ObjectStore
    private let events: any SharedStoreEvents
    private let reading: StoreBreaker
    private let writing: StoreBreaker
    private let trials: DelayedQueue<StoreOperation>
    private let state = Mutex(State())

    init(_ store: any ObjectStore, _ area: SharedArea, time: StoreTime, events: any SharedStoreEvents) {
        self.store = store
        self.area = area
        self.events = events
        let trials = DelayedQueue<StoreOperation>(mostCount: 16, time: time)
        self.trials = trials
        reading = StoreBreaker(isReading: true, events: events) { _ = trials.add(.get, after: $0) }
        writing = StoreBreaker(isReading: false, events: events) { _ = trials.add(.put, after: $0) }
    }

    /// Tries a store that is let rest, until it is cancelled.
    func run() async {
        while let operation = try? await trials.next() {
            // How it went is noted.
            _ = try? await ask(operation, isTrial: true, isDone: { $0 }) {
                if operation == .put { return try await store.put(ByteBuffer(string: "here\n"), as: area.trialName) }
                return try await store.get(area.trialName, range: nil) { _ in true } ?? false
            }
            trials.noteDone()
        }
    }

    /// Asks the store for something, unless it is let rest; `isDone` says of an answer whether it was what was asked.
    private func ask<Value>(
        _ operation: StoreOperation,
        isTrial: Bool = false,
        isDone: (Value) -> Bool,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let breaker = operation.isReading ? reading : writing
        guard isTrial || breaker.admits else {
            events.noteRequest(operation, .spared)
            throw ShelfError.unavailable
        }
        do {
            let value = try await body()
            breaker.noteSuccess(isTrial: isTrial)
            events.noteRequest(operation, isDone(value) ? .done : .none)
            return value
        } catch let error as ObjectStoreError where operation == .list && error.kind == .denied {
            // Whoever may read objects need not be allowed to list them.
            events.noteRequest(operation, .failed)
            throw ShelfError.unlisted(error)
        } catch let error as ObjectStoreError where error.kind != .invalid || !operation.isReading {
            breaker.noteFailure(error, isTrial: isTrial)
            events.noteRequest(operation, .failed)
            throw ShelfError.unavailable
        } catch  where error is ObjectStoreError || error is WrongObject {
            // It answers, so it is not spared: each object that is not right is replaced.
            breaker.noteSuccess(isTrial: isTrial)
            events.noteRequest(operation, .failed)
            events.noteWrong()
            throw WrongObject()
        }
    }
}

// MARK: Reading

extension BlockShelf {
    /// When objects are looked for that somebody has imported.
    var imports: ImportsUse {
        get { state.withLock { $0.imports } }
        set { state.withLock { $0.imports = newValue } }
    }

    /// An object with a chunk of a block; `nil` if there is none.
    ///
    /// `onOld` gets an object that nobody has used for long.
    func object(
        with chunk: Int,
        of block: Block,
        onOld: (BlockObject) -> Void = { _ in }
    ) async throws -> (BlockObject, BlockHeader)? {
        try await object(with: chunk, of: block) { object in try await header(of: object) { onOld(object) } }
    }

    /// The same; `look` gets the header of an object that is not known to be there.
    private func object(
        with chunk: Int,
        of block: Block,
        look: (BlockObject) async throws -> BlockHeader?
    ) async throws -> (BlockObject, BlockHeader)? {
        let (known, imports) = state.withLock { state in
            (state.headers[block]?.first { $0.value.chunks.contains(chunk: chunk) }, state.imports)
        }
        if let known { return (known.key, known.value) }
        let places =
            switch imports {
            case .none: [[block.whole], block.parts]
            case .last: [[block.whole], block.parts, block.imports]
            case .first: [block.imports, [block.whole], block.parts]
            }
        for objects in places {
            // They are numbered as they come.
            for object in objects {
                guard let header = try await look(object) else { break }
                if header.chunks.contains(chunk: chunk) { return (object, header) }
            }
        }
        return nil
    }

    /// What a sealed object of at most `limit` bytes says; `nil` if the store has no such object.
    func sealed<Value>(_ name: String, upTo limit: Int, _ read: (ByteBuffer) -> Value?) async throws -> Value? {
        do {
            return try await ask(.get, isDone: { $0 != nil }) {
                try await store.get(name, range: nil) { found in
                    guard found.byteCount <= limit else { throw WrongObject() }
                    var bytes = ByteBuffer()
                    for try await piece in found.bytes {
                        guard bytes.readableBytes + piece.readableBytes <= limit else { throw WrongObject() }
                        bytes.writeImmutableBuffer(piece)
                    }
                    guard let content = SealedObject.content(bytes, of: name, key: area.key),
                        let value = read(content)
                    else { throw WrongObject() }
                    return value
                }
            }
        } catch is WrongObject {
            throw ShelfError.damaged(name: name)
        }
    }

    /// Objects whose names begin with `prefix` and follow `name`, some at a time.
    func list(_ prefix: String, after name: String?) async throws -> [ListedObject] {
        do {
            return try await ask(.list, isDone: { !$0.isEmpty }) { try await store.list(prefix, after: name) }
        } catch is WrongObject {
            throw ShelfError.damaged(name: prefix)
        }
    }

    /// The header of an object; `nil` if the store has no such object.
    ///
    /// `onOld` is called if nobody has used the object for long.
    func header(of object: BlockObject, onOld: () -> Void = {}) async throws -> BlockHeader? {
        try await begin(object, upTo: 0, onOld: onOld, choose: { _ in nil }, { _, _ in })
    }

    /// What came of reading a piece.
    enum Outcome {
        /// Its first chunks were handed over, up to one of them.
        case read(BlockObject, upTo: Int)
        /// The store has nothing of it.
        case missing
        /// What the store has stands elsewhere in the xorb.
        case misplaced
    }

    /// Hands over the first chunks of a piece, which their seals have been compared with, from an object that has them.
    ///
    /// They are to begin at `place` in the serialized xorb, and to have at most `byteCount` bytes. What was handed over
    /// before an error is right. `onOld` gets an object that nobody has used for long.
    func read(
        _ piece: BlockPiece,
        at place: UInt64,
        upTo byteCount: Int,
        onOld: (BlockObject) -> Void,
        _ body: (BlockHeader, ByteBuffer) async throws -> Void
    ) async throws -> Outcome {
        let start = piece.chunks.start
        func wanted(_ header: BlockHeader) -> ChunkRange? {
            guard let chunks = ChunkRange(start: start, end: min(piece.chunks.end, header.chunks.end)),
                header.chunks.contains(chunks), header.place(of: start) == place,
                header.bytes(of: chunks).count <= byteCount
            else { return nil }
            return chunks
        }
        var begun: ChunkRange?
        let found = try await object(with: start, of: piece.block) { object in
            // Where most objects of a block begin: there the header need not come alone.
            let isStart = start == piece.block.chunks.start && object.isFirst
            return try await begin(
                object,
                upTo: isStart ? byteCount : 0,
                onOld: { onOld(object) },
                choose: { header in
                    begun = isStart && header.chunks.start == start ? wanted(header) : nil
                    return begun
                },
                body
            )
        }
        guard let (object, header) = found else { return .missing }
        if let begun { return .read(object, upTo: begun.end) }
        guard let chunks = wanted(header) else { return .misplaced }
        return try await read(chunks, of: object, header, { try await body(header, $0) })
            ? .read(object, upTo: chunks.end) : .missing
    }

    /// Reads the header of an object that is not known, and hands over the chunks that `choose` wants, by one request.
    ///
    /// These are its first, of at most `byteCount` bytes. Returns `nil` if the store has no such object.
    private func begin(
        _ object: BlockObject,
        upTo byteCount: Int,
        onOld: () -> Void,
        choose: (BlockHeader) -> ChunkRange?,
        _ body: (BlockHeader, ByteBuffer) async throws -> Void
    ) async throws -> BlockHeader? {
        if let known = known(object) { return known }
        do {
            return try await get(object, 0..<BlockHeader.byteCount + byteCount) { found in
                var start = ByteBuffer()
                var header: BlockHeader?
                var verifier = BlockVerifier([], key: area.key)
                for try await piece in found.bytes {
                    var piece = piece
                    if header == nil {
                        start.writeImmutableBuffer(piece)
                        guard let bytes = start.readSlice(length: BlockHeader.byteCount) else { continue }
                        let found = try self.header(bytes, of: object, found, onOld)
                        verifier = BlockVerifier(choose(found).map(found.records) ?? [], key: area.key)
                        header = found
                        piece = start
                    }
                    guard let header, !verifier.isComplete else { break }
                    try await pass(piece, through: &verifier) { try await body(header, $0) }
                }
                guard let header, verifier.isComplete else { throw WrongObject() }
                return header
            }
        } catch is WrongObject {
            forget(object)
            throw ShelfError.wrong(object)
        }
    }

    /// The header of an object that was found; it is known from now on.
    private func header(
        _ bytes: ByteBuffer,
        of object: BlockObject,
        _ found: StoredObject,
        _ onOld: () -> Void
    ) throws(WrongObject) -> BlockHeader {
        guard let header = BlockHeader(bytes.readableBytesSpan, of: object, key: area.key),
            header.objectByteCount == found.byteCount
        else { throw WrongObject() }
        note(header, of: object)
        // What was imported stays, however old it is.
        if let age = found.age, age > Self.touchAge, !object.isImported { onOld() }
        return header
    }

    /// Hands over some chunks of an object, which its seals have been compared with; `false` if it is gone.
    ///
    /// What was handed over before an error is right.
    func read(
        _ chunks: ChunkRange,
        of object: BlockObject,
        _ header: BlockHeader,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws -> Bool {
        do {
            let isThere: Bool? = try await get(object, header.bytes(of: chunks)) { found in
                var verifier = BlockVerifier(header.records(of: chunks), key: area.key)
                for try await piece in found.bytes { try await pass(piece, through: &verifier, body) }
                guard verifier.isComplete else { throw WrongObject() }
                return true
            }
            if isThere == nil { forget(object) }
            return isThere != nil
        } catch is WrongObject {
            forget(object)
            // Another replica may have put another one in its place since the header was read.
            if let now = try await self.header(of: object), now != header { throw ShelfError.unavailable }
            forget(object)
            throw ShelfError.wrong(object)
        }
    }

    /// Asks for bytes of an object; throws the cause of a ``NotTheStore`` that `body` throws.
    private func get<Value>(
        _ object: BlockObject,
        _ range: Range<Int>,
        _ body: (StoredObject) async throws -> Value
    ) async throws -> Value? {
        var failure: (any Error)?
        let value: Value? = try await ask(.get, isDone: { $0 != nil || failure != nil }) {
            let value: Value?? = try await store.get(area.name(of: object), range: range) { found in
                do {
                    return try await body(found)
                } catch let error as NotTheStore {
                    failure = error.cause
                    return nil
                }
            }
            return value ?? nil
        }
        if let failure { throw failure }
        return value
    }

    /// Hands over the chunks that a piece of an object completes.
    ///
    /// Throws ``WrongObject``, and ``NotTheStore`` with what `body` throws.
    private func pass(
        _ piece: ByteBuffer,
        through verifier: inout BlockVerifier,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        for bytes in try verifier.take(piece) {
            do {
                try await body(bytes)
            } catch {
                throw NotTheStore(cause: error)
            }
            events.noteRead(bytes.readableBytes)
        }
    }

    /// What an object holds that is known to be there.
    func known(_ object: BlockObject) -> BlockHeader? { state.withLock { $0.headers[object.block]?[object] } }

    /// The parts of a block that are known to be there.
    func knownParts(of block: Block) -> [BlockObject] {
        state.withLock { state in state.headers[block]?.keys.filter(\.isPart) ?? [] }
    }

    private func note(_ header: BlockHeader, of object: BlockObject) {
        state.withLock { state in
            if state.headerCount >= Self.mostHeaderCount { (state.headers, state.headerCount) = ([:], 0) }
            if state.headers[object.block, default: [:]].updateValue(header, forKey: object) == nil {
                state.headerCount += 1
            }
        }
    }

    private func forget(_ object: BlockObject) {
        state.withLock { state in
            if state.headers[object.block]?.removeValue(forKey: object) != nil { state.headerCount -= 1 }
            if state.headers[object.block]?.isEmpty == true { state.headers[object.block] = nil }
        }
    }
}

// MARK: Writing

extension BlockShelf {
    /// Puts an object with some serialized chunks, unless there is one of its name; returns whether there was none.
    func put(_ object: BlockObject, _ chunks: KeptBlocks.Contents) async throws -> Bool {
        let header = BlockHeader(chunks, of: object.block.xorb, key: area.key)
        let bytes = header.object(chunks, key: area.key)
        guard try await put(bytes, as: area.name(of: object)) else { return false }
        events.noteWritten(bytes.readableBytes)
        note(header, of: object)
        return true
    }

    /// Removes an object.
    func remove(_ object: BlockObject) async throws {
        forget(object)
        try await remove(area.name(of: object))
    }

    /// Makes an object count as used now.
    func touch(_ object: BlockObject) async throws {
        try await ask(.touch, isDone: { true }) { try await store.touch(area.name(of: object)) }
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
    func claim(_ range: SharedRange) async throws -> Bool {
        try await put(ByteBuffer(string: "fetching\n"), as: area.claimName(of: range))
    }

    /// How long ago a range was claimed; `nil` if it is not, `.zero` if the store does not say.
    func claimAge(_ range: SharedRange) async throws -> Duration? {
        try await ask(.get, isDone: { $0 != nil }) {
            try await store.get(area.claimName(of: range), range: nil) { $0.age ?? .zero }
        }
    }

    /// Makes a claim young.
    func renewClaim(_ range: SharedRange) async throws {
        try await ask(.touch, isDone: { true }) { try await store.touch(area.claimName(of: range)) }
    }

    /// Ends a claim.
    func release(_ range: SharedRange) async throws { try await remove(area.claimName(of: range)) }

    /// Tells whoever fetches a range that it is waited for.
    func wait(for range: SharedRange) async throws {
        _ = try await put(ByteBuffer(string: "waiting\n"), as: area.waitName(of: range))
    }

    /// Ends what ``wait(for:)`` said.
    ///
    /// Others who wait still see when the claim ends.
    func endWait(for range: SharedRange) async throws { try await remove(area.waitName(of: range)) }

    /// Whether somebody waits for a range.
    func isWaitedFor(_ range: SharedRange) async throws -> Bool {
        try await ask(.get, isDone: { $0 != nil }) {
            try await store.get(area.waitName(of: range), range: nil) { _ in true }
        } ?? false
    }
}

extension ChunkRange {
    fileprivate func contains(chunk: Int) -> Bool { start <= chunk && chunk < end }
}

/// What whoever reads an object throws.
private struct NotTheStore: Error {
    let cause: any Error
}
