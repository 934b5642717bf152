import Testing
import XetCore
import XetTestSupport

@testable import XetStore

@Suite struct IndexCacheTests {
    /// The index of a xorb of one chunk, 168 bytes in the cache's count.
    private static func index(_ number: Int) throws -> XorbIndex {
        try StoreContents.xorb([Array("chunk \(number)".utf8)]).index
    }

    @Test func `stays within its bound`() throws {
        var cache = IndexCache(maximumByteCount: 10 * 168)
        for number in 0..<100 {
            cache.insert(try Self.index(number))
            #expect(cache.byteCount <= 10 * 168)
        }
        #expect(cache.byteCount == 10 * 168)
        #expect(cache.index(of: try Self.index(99).hash) == (try Self.index(99)))
        #expect(cache.index(of: try Self.index(0).hash) == nil)
    }

    @Test func `spares what is used`() throws {
        var cache = IndexCache(maximumByteCount: 4 * 168)
        let used = try Self.index(0)
        cache.insert(used)
        for number in 1..<50 {
            #expect(cache.index(of: used.hash) == used)
            cache.insert(try Self.index(number))
        }
        #expect(cache.index(of: used.hash) == used)
    }

    @Test func `what it gives is what was asked for`() throws {
        var random = SplitMix64(seed: 8)
        let indexes = try (0..<20).map(Self.index)
        var cache = IndexCache(maximumByteCount: 7 * 168)
        for _ in 0..<2000 {
            let index = try #require(indexes.randomElement(using: &random))
            if Bool.random(using: &random) {
                cache.insert(index)
                #expect(cache.index(of: index.hash) == index)
            } else if Int.random(in: 0..<10, using: &random) == 0 {
                cache.remove(index.hash)
                #expect(cache.index(of: index.hash) == nil)
            } else if let found = cache.index(of: index.hash) {
                #expect(found == index)
            }
        }
        for index in indexes { cache.remove(index.hash) }
        #expect(cache.byteCount == 0)
    }

    @Test func `does not take what is larger than the bound`() throws {
        var cache = IndexCache(maximumByteCount: 100)
        cache.insert(try Self.index(1))
        #expect(cache.byteCount == 0)
    }
}
