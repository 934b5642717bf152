import Testing
import XetCore
import XetTestSupport

@testable import XetStore

@Suite struct ChunkTableTests {
    @Test func `the first place of a chunk stays`() throws {
        let (a, b, c) = (Array("a".utf8), Array("b".utf8), Array("c".utf8))
        let first = try StoreContents.xorb([a, b]).index
        let second = try StoreContents.xorb([c, b, a]).index
        var table = ChunkTable()
        table.insert(first)
        table.insert(second)
        table.insert(first)
        #expect(table.contains(first.hash))
        #expect(table.contains(second.hash))
        #expect(!table.contains(.zero))
        let places = [a, b, c].map { table.place(of: ChunkHash(ofChunk: $0)) }
        #expect(places.map(\.?.xorb) == [first.hash, first.hash, second.hash])
        #expect(places.map(\.?.chunk) == [0, 1, 0])
    }

    @Test func `a chunk is not found in a xorb that was removed`() throws {
        let (a, b) = (Array("a".utf8), Array("b".utf8))
        let first = try StoreContents.xorb([a, b]).index
        let second = try StoreContents.xorb([b]).index
        let hashes = [a, b].map { ChunkHash(ofChunk: $0) }
        var table = ChunkTable()
        table.insert(first)
        table.remove(first.hash)
        #expect(!table.contains(first.hash))
        #expect(hashes.allSatisfy { table.place(of: $0) == nil })
        table.insert(second)
        #expect(table.place(of: hashes[1])?.xorb == second.hash)
        table.insert(first)
        #expect(table.place(of: hashes[0])?.xorb == first.hash)
        #expect(table.place(of: hashes[1])?.xorb == second.hash)
    }
}
