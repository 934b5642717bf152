import NIOCore
import Synchronization
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetSharing
import XetStoreTestSupport
import XetTestSupport

/// Stores that lie about who fetches what.
@Suite struct ClaimTests {
    /// What is said of claims.
    enum Lie: CaseIterable {
        /// There is one of somebody else, which is always young.
        case foreverYoung
        /// There is one that cannot be had.
        case refusedAndGone
    }

    @Test(arguments: Lie.allCases)
    func `a store that lies about claims costs one wait, and no busy one`(lie: Lie) throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 600))
        let store = LyingStore(site.store, lie)
        let replica = Replica(site, sample, store: store)
        let first = try sample.fetch(0, 100)
        let start = site.clock.now.offset
        #expect(try replica.read(first) == sample.bytes(first))
        #expect(site.clock.now.offset - start < .seconds(32))
        #expect(store.claimCallCount < 400)
        let middle = site.clock.now.offset
        for start in stride(from: 100, to: 600, by: 100) {
            let fetch = try sample.fetch(start, start + 100)
            #expect(try replica.read(fetch) == sample.bytes(fetch))
        }
        #expect(site.clock.now.offset - middle < .seconds(2))
        #expect(replica.upstream.calls.count == 6)
    }

    @Test func `what another one has written since it was looked for is not fetched again`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 200))
        let fetch = try sample.fetch(0, 200)
        _ = try Replica(site, sample).read(fetch)
        site.pass(.seconds(5))
        let written = site.store.objects
        #expect(site.claims.isEmpty && !written.isEmpty)
        let empty = MemoryObjectStore(pieceByteCount: 500)
        let store = LyingStore(empty) { for (name, bytes) in written { empty.set(bytes, as: name) } }
        let replica = Replica(site, sample, store: store)
        #expect(try replica.read(fetch) == sample.bytes(fetch))
        #expect(replica.upstream.calls.isEmpty)
        site.pass(.seconds(5))
        #expect(empty.objects == written)
    }
}

/// A store with claims that nobody has made, or in which something happens before one is made.
private final class LyingStore: ObjectStore {
    private let store: MemoryObjectStore
    private let lie: ClaimTests.Lie?
    private let beforeClaim: @Sendable () -> Void
    private let calls = Mutex(0)

    init(_ store: MemoryObjectStore, _ lie: ClaimTests.Lie? = nil, beforeClaim: @escaping @Sendable () -> Void = {}) {
        self.store = store
        self.lie = lie
        self.beforeClaim = beforeClaim
    }

    var claimCallCount: Int { calls.withLock { $0 } }

    private func isClaim(_ name: String) -> Bool {
        guard name.contains("/claims/") else { return false }
        calls.withLock { $0 += 1 }
        return true
    }

    func get<Value>(
        _ name: String,
        range: Range<Int>?,
        _ body: (StoredObject) async throws -> Value
    ) async throws -> Value? {
        guard isClaim(name), let lie else { return try await store.get(name, range: range, body) }
        guard lie == .foreverYoung else { return nil }
        let bytes = AsyncThrowingStream<ByteBuffer, any Error> { $0.finish() }
        return try await body(StoredObject(byteCount: 0, age: .zero, bytes: bytes))
    }

    func put(_ bytes: ByteBuffer, as name: String) async throws -> Bool {
        guard isClaim(name) else { return try await store.put(bytes, as: name) }
        beforeClaim()
        return lie == nil ? try await store.put(bytes, as: name) : false
    }

    func remove(_ name: String) async throws { try await store.remove(name) }
    func touch(_ name: String) async throws { try await store.touch(name) }
    func list(_ prefix: String, after name: String?) async throws -> [ListedObject] {
        try await store.list(prefix, after: name)
    }
}
