import NIOCore
import Testing
import XetAccess
import XetSharing
import XetStoreTestSupport

@Suite struct StorePruningTests {
    @Test func `what is old goes, whatever it is, and what others put there stays`() async throws {
        let store = MemoryObjectStore(listCount: 2)
        let area = "0123456789abcdef"
        let old = [
            "\(area)/chunks/aa/0", "\(area)/chunks/aa/0-1", "\(area)/claims/aa/0-9", "\(area)/waits/aa/0-9",
            "\(area)/trial",
        ]
        let others = [
            "readme", "\(area)/else/aa/0", "\(area)/chunks/aa", "0123/chunks/aa/0", "zz23456789abcdef/chunks/aa/0",
        ]
        for name in old + others { _ = try await store.put(ByteBuffer(string: "12345"), as: name) }
        store.now += 100
        _ = try await store.put(ByteBuffer(string: "123"), as: "\(area)/chunks/bb/0")
        try await store.touch(old[0])
        let pruning = StorePruning(store)
        let dry = try await pruning.prune(before: store.now - 50, removes: false)
        #expect(store.objects.count == 11)
        let outcome = try await pruning.prune(before: store.now - 50)
        #expect(outcome == dry)
        #expect((outcome.removedCount, outcome.removedByteCount) == (4, 20))
        #expect((outcome.keptCount, outcome.keptByteCount) == (2, 8))
        #expect(Set(store.objects.keys) == Set(others + [old[0], "\(area)/chunks/bb/0"]))
    }
}
