import Testing
import XetStore
import XetStoreTestSupport

@Suite struct MemoryStoreTests {
    @Test func `keeps xorbs as every store does`() async throws {
        try await XorbStoreSuite(store: MemoryXorbStore()).run()
    }

    @Test func `keeps reconstructions as every store does`() async throws {
        let xorbs = MemoryXorbStore()
        try await ShardStoreSuite(xorbs: xorbs, store: MemoryShardStore(xorbs: xorbs)).run()
    }
}
