package import NIOCore
import Synchronization
package import XetAccess
package import XetCore

@testable import XetStore

/// Xorbs in memory.
package final class MemoryXorbStore: XorbStore {
    private struct State {
        var chunks = ChunkTable()
        var xorbs: [XorbHash: SerializedXorb] = [:]
    }

    private let state = Mutex(State())

    /// An empty store.
    package init() {}

    /// The xorbs that are kept, in no order.
    package var xorbs: [SerializedXorb] { state.withLock { Array($0.xorbs.values) } }

    @discardableResult
    package func put(_ xorb: SerializedXorb) async throws -> Bool {
        state.withLock { state in
            guard state.xorbs[xorb.index.hash] == nil else { return false }
            state.xorbs[xorb.index.hash] = xorb
            state.chunks.insert(xorb.index)
            return true
        }
    }

    package func locate(_ chunk: ChunkHash) async throws -> ChunkLocation? {
        state.withLock { state in
            guard let place = state.chunks.place(of: chunk), let xorb = state.xorbs[place.xorb],
                let location = ChunkLocation(xorb: xorb.index, chunk: place.chunk), location.hash == chunk
            else { return nil }
            return location
        }
    }

    package func index(of xorb: XorbHash) async throws -> XorbIndex? {
        state.withLock { $0.xorbs[xorb]?.index }
    }

    package func read(
        _ range: HTTPByteRange,
        of xorb: XorbHash,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        guard let chunks = state.withLock({ $0.xorbs[xorb]?.chunks }) else { throw StoreError.unknownXorb(xorb) }
        guard range.last < UInt64(chunks.count) else {
            throw StoreError.rangeOutOfBounds(xorb: xorb, last: range.last, byteCount: chunks.count)
        }
        try await body(ByteBuffer(bytes: chunks[Int(range.first)...Int(range.last)]))
    }

    @discardableResult
    package func examine(_ xorb: XorbHash) async throws -> (any Error)? { nil }
}
