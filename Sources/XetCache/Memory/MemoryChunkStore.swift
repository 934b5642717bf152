public import NIOCore
import Synchronization
public import XetAccess
public import XetCore

/// Keeps chunks in memory, as many as fit.
public final class MemoryChunkStore: ChunkStore {
    private struct Kept {
        var run: ChunkRun
        let bytes: ByteBuffer
    }

    private struct State {
        var runs: [ChunkRun.ID: Kept] = [:]
        var places: [XorbHash: [ChunkRun.ID]] = [:]
        var order = EvictionOrder<ChunkRun.ID>()
        var reservedByteCount = 0
        var nextNumber: Int64 = 1

        mutating func remove(_ id: ChunkRun.ID) {
            order.remove(id)
            guard let kept = runs.removeValue(forKey: id) else { return }
            let xorb = kept.run.contents.xorb
            let others = (places[xorb] ?? []).filter { $0 != id }
            places[xorb] = others.isEmpty ? nil : others
        }
    }

    /// Most bytes that are kept.
    public let byteLimit: Int
    private let state = Mutex(State())

    /// A store for at most `byteLimit` bytes of chunks.
    public init(byteLimit: Int) {
        self.byteLimit = byteLimit
    }

    /// Bytes that are kept.
    public var byteCount: Int { state.withLock { $0.order.byteCount } }

    public func runs(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkRun] {
        state.withLock { state in
            (state.places[xorb] ?? []).compactMap { state.runs[$0]?.run }
                .filter { $0.chunks.start < chunks.end && chunks.start < $0.chunks.end }
                .sorted { $0.chunks.start < $1.chunks.start }
        }
    }

    public func read(_ bytes: Range<Int>, of run: ChunkRun.ID) async throws -> ByteBuffer {
        state.withLock { state in
            guard let kept = state.runs[run]?.bytes else { return ByteBuffer() }
            if bytes.lowerBound == 0 { state.order.use(run) }
            let part = bytes.clamped(to: 0..<kept.readableBytes)
            return kept.getSlice(at: kept.readerIndex + part.lowerBound, length: part.count) ?? ByteBuffer()
        }
    }

    public func writer(byteCount: Int) async throws -> (any ChunkWriter)? {
        guard byteCount <= byteLimit else { return nil }
        let hasRoom = state.withLock { state in
            while state.order.byteCount + state.reservedByteCount + byteCount > byteLimit {
                guard let (id, _) = state.order.next() else { return false }
                state.remove(id)
            }
            state.reservedByteCount += byteCount
            return true
        }
        return hasRoom ? Writer(self, reserved: byteCount) : nil
    }

    public func note(_ records: [ChunkRecord], of run: ChunkRun.ID) async throws {
        state.withLock { state in
            guard var contents = state.runs[run]?.run.contents, records.count == contents.records.count else { return }
            for index in records.indices { contents.records[index].add(records[index]) }
            state.runs[run]?.run = ChunkRun(id: run, contents: contents)
        }
    }

    public func remove(_ run: ChunkRun.ID) async throws {
        state.withLock { $0.remove(run) }
    }

    private final class Writer: ChunkWriter {
        private let store: MemoryChunkStore
        private let reserved: Int
        private let bytes = Mutex(ByteBuffer())

        init(_ store: MemoryChunkStore, reserved: Int) {
            self.store = store
            self.reserved = reserved
        }

        func append(_ pieces: [ByteBuffer]) async throws {
            bytes.withLock { bytes in
                // Room is reserved for that much.
                if bytes.capacity == 0 { bytes.reserveCapacity(reserved) }
                for piece in pieces { bytes.writeImmutableBuffer(piece) }
            }
        }

        func read(_ range: Range<Int>) async throws -> ByteBuffer {
            bytes.withLock { bytes in
                let part = range.clamped(to: 0..<bytes.readableBytes)
                return bytes.getSlice(at: bytes.readerIndex + part.lowerBound, length: part.count) ?? ByteBuffer()
            }
        }

        func commit(_ contents: ChunkRunContents) async throws -> ChunkRun {
            let byteCount = contents.byteCount
            let kept = bytes.withLock { bytes in
                // What is much shorter than its room is copied, so that the rest is free again.
                if bytes.readableBytes == byteCount, byteCount > reserved / 2 { return bytes }
                return ByteBuffer(bytes: bytes.readableBytesView.prefix(byteCount))
            }
            return store.state.withLock { state in
                let run = ChunkRun(id: ChunkRun.ID(state.nextNumber), contents: contents)
                state.nextNumber += 1
                state.reservedByteCount -= reserved
                state.runs[run.id] = Kept(run: run, bytes: kept)
                state.places[contents.xorb, default: []].append(run.id)
                state.order.insert(run.id, byteCount: byteCount, key: contents.evictionKey)
                return run
            }
        }

        func abandon() async {
            store.state.withLock { $0.reservedByteCount -= reserved }
        }
    }
}

extension ChunkRunContents {
    /// Names the run for the order of eviction: another run that begins at the same chunk is the same again.
    var evictionKey: Int {
        var hasher = Hasher()
        hasher.combine(xorb)
        hasher.combine(chunks.start)
        return hasher.finalize()
    }
}
