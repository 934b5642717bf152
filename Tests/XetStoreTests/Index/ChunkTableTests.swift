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
}
