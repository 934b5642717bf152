import NIOCore
import Testing
import XetAccess
import XetStoreTestSupport

@Suite struct MemoryObjectStoreTests {
    private func bytes(_ object: StoredObject) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await piece in object.bytes { all += Array(piece.readableBytesView) }
        return all
    }

    @Test func `keeps the first of a name, and gives it back in pieces`() async throws {
        let store = MemoryObjectStore(pieceByteCount: 2)
        #expect(try await store.get("a/b", range: nil) { $0.byteCount } == nil)
        #expect(try await store.put(ByteBuffer(string: "hello"), as: "a/b"))
        #expect(try await store.put(ByteBuffer(string: "other"), as: "a/b") == false)
        let found = try await store.get("a/b", range: nil) { ($0.byteCount, try await bytes($0)) }
        #expect(found?.0 == 5)
        #expect(found?.1 == Array("hello".utf8))
        #expect(try await store.get("a/b", range: 1..<4) { try await bytes($0) } == Array("ell".utf8))
        #expect(try await store.get("a/b", range: 1..<4) { $0.byteCount } == 5)
        #expect(try await store.get("a/b", range: 3..<9) { try await bytes($0) } == Array("lo".utf8))
        await #expect(throws: ObjectStoreError(.invalid, "'a/b' has 5 bytes, none from 5 on")) {
            _ = try await store.get("a/b", range: 5..<6) { _ in }
        }
        try await store.remove("a/b")
        #expect(store.objects.isEmpty)
    }

    @Test func `ages by its own clock, until it is touched`() async throws {
        let store = MemoryObjectStore(now: 100)
        try await store.put(ByteBuffer(string: "x"), as: "a")
        store.now = 160
        #expect(try await store.get("a", range: nil) { $0.age } == .seconds(60))
        try await store.touch("a")
        #expect(try await store.get("a", range: nil) { $0.age } == .zero)
    }

    @Test func `lists by name, some at a time`() async throws {
        let store = MemoryObjectStore(listCount: 2)
        for name in ["b/2", "b/1", "a", "b/3", "c"] { try await store.put(ByteBuffer(string: name), as: name) }
        #expect(try await store.list("b/", after: nil).map(\.name) == ["b/1", "b/2"])
        #expect(try await store.list("b/", after: "b/2").map(\.name) == ["b/3"])
        #expect(try await store.list("b/", after: "b/3").isEmpty)
    }

    @Test func `fails as it is told to`() async throws {
        let store = MemoryObjectStore(pieceByteCount: 4)
        try await store.put(ByteBuffer(string: "hello"), as: "a")
        store.breakAfter = 3
        await #expect(throws: ObjectStoreError(.away, "the object breaks off")) {
            _ = try await store.get("a", range: nil) { try await bytes($0) }
        }
        store.failure = ObjectStoreError(.full, "full")
        await #expect(throws: ObjectStoreError(.full, "full")) { try await store.put(ByteBuffer(), as: "b") }
        await #expect(throws: ObjectStoreError.self) { try await store.remove("../b") }
        #expect(store.calls.suffix(2) == [.put("b"), .remove("../b")])
    }
}
