package import NIOCore
import Synchronization
package import XetAccess

/// Objects in memory, with a clock and failures that a test sets.
package final class MemoryObjectStore: ObjectStore {
    /// What was asked.
    package enum Call: Hashable, Sendable {
        case get(String, Range<Int>?)
        case put(String)
        case remove(String)
        case touch(String)
        case list(String, after: String?)
    }

    private struct Object {
        var bytes: ByteBuffer
        var time: Int64
    }

    private struct State {
        var objects: [String: Object] = [:]
        var now: Int64
        var failure: ObjectStoreError?
        var listFailure: ObjectStoreError?
        var breakAfter: Int?
        var calls: [Call] = []
    }

    private let pieceByteCount: Int
    private let listCount: Int
    private let state: Mutex<State>

    /// An empty store that gives pieces of at most `pieceByteCount` bytes, and lists `listCount` objects at a time.
    package init(pieceByteCount: Int = 64 << 10, listCount: Int = 1000, now: Int64 = 1_700_000_000) {
        self.pieceByteCount = max(1, pieceByteCount)
        self.listCount = max(1, listCount)
        state = Mutex(State(now: now))
    }

    /// The objects' bytes by name.
    package var objects: [String: [UInt8]] {
        state.withLock { $0.objects.mapValues { Array($0.bytes.readableBytesView) } }
    }

    /// What was asked so far, in order; what failed too.
    package var calls: [Call] { state.withLock { $0.calls } }

    /// The store's clock, in Unix seconds.
    package var now: Int64 {
        get { state.withLock { $0.now } }
        set { state.withLock { $0.now = newValue } }
    }

    /// What every call throws; `nil` for a store that works.
    package var failure: ObjectStoreError? {
        get { state.withLock { $0.failure } }
        set { state.withLock { $0.failure = newValue } }
    }

    /// What lists alone throw.
    package var listFailure: ObjectStoreError? {
        get { state.withLock { $0.listFailure } }
        set { state.withLock { $0.listFailure = newValue } }
    }

    /// After how many bytes of a body ``StoredObject/bytes`` throws `.away`; `nil` for whole bodies.
    package var breakAfter: Int? {
        get { state.withLock { $0.breakAfter } }
        set { state.withLock { $0.breakAfter = newValue } }
    }

    /// Puts other bytes in an object's place, or a new object; its age begins now.
    package func set(_ bytes: [UInt8], as name: String) {
        state.withLock { $0.objects[name] = Object(bytes: ByteBuffer(bytes: bytes), time: $0.now) }
    }

    package func get<Value>(
        _ name: String,
        range: Range<Int>?,
        _ body: (StoredObject) async throws -> Value
    ) async throws -> Value? {
        let found = try asked(.get(name, range), name) { state in
            state.objects[name].map { object in
                (bytes: object.bytes, age: Duration.seconds(max(0, state.now - object.time)), end: state.breakAfter)
            }
        }
        guard let found else { return nil }
        let count = found.bytes.readableBytes
        let range = range ?? 0..<count
        guard range.isEmpty || range.lowerBound < count,
            case let part = range.clamped(to: 0..<count),
            let rest = found.bytes.getSlice(at: found.bytes.readerIndex + part.lowerBound, length: part.count)
        else {
            throw ObjectStoreError(.invalid, "'\(name)' has \(count) bytes, none from \(range.lowerBound) on")
        }
        let bytes = MemoryBytes(rest: rest, pieceByteCount: pieceByteCount, breakAfter: found.end)
        return try await body(StoredObject(byteCount: count, age: found.age, bytes: bytes))
    }

    @discardableResult
    package func put(_ bytes: ByteBuffer, as name: String) async throws -> Bool {
        try asked(.put(name), name) { state in
            guard state.objects[name] == nil else { return false }
            state.objects[name] = Object(bytes: bytes, time: state.now)
            return true
        }
    }

    package func remove(_ name: String) async throws {
        try asked(.remove(name), name) { $0.objects[name] = nil }
    }

    package func touch(_ name: String) async throws {
        try asked(.touch(name), name) { $0.objects[name]?.time = $0.now }
    }

    package func list(_ prefix: String, after name: String?) async throws -> [ListedObject] {
        try asked(.list(prefix, after: name), nil) { state in
            let names = state.objects.keys.filter { $0.hasPrefix(prefix) && $0 > name ?? "" }.sorted()
            return names.prefix(listCount).compactMap { name in
                state.objects[name].map {
                    ListedObject(name: name, byteCount: $0.bytes.readableBytes, time: $0.time)
                }
            }
        }
    }

    /// Notes a call, throws what is to be thrown, and does the rest.
    private func asked<Value: Sendable>(
        _ call: Call,
        _ name: String?,
        _ answer: (inout sending State) -> sending Value
    ) throws -> Value {
        try Task.checkCancellation()
        return try state.withLock { state in
            state.calls.append(call)
            if let name, !ObjectName.isValid(name) { throw ObjectStoreError(.invalid, "'\(name)' is no name") }
            if let failure = state.failure { throw failure }
            if case .list = call, let failure = state.listFailure { throw failure }
            return answer(&state)
        }
    }
}

/// The bytes of an object, in pieces.
private struct MemoryBytes: AsyncSequence, Sendable {
    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ByteBuffer
        let pieceByteCount: Int
        var breakAfter: Int?

        mutating func next() async throws -> ByteBuffer? {
            try Task.checkCancellation()
            var count = Swift.min(pieceByteCount, rest.readableBytes)
            if let left = breakAfter {
                guard left > 0 else { throw ObjectStoreError(.away, "the object breaks off") }
                count = Swift.min(count, left)
                breakAfter = left - count
            }
            return count > 0 ? rest.readSlice(length: count) : nil
        }
    }

    let rest: ByteBuffer
    let pieceByteCount: Int
    let breakAfter: Int?

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(rest: rest, pieceByteCount: pieceByteCount, breakAfter: breakAfter)
    }
}
