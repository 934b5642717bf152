import Testing
import XetCore
import XetTestSupport

@testable import XetUpload

@Suite struct KnownChunksTests {
    private static func chunk(_ number: Int) -> ChunkHash { ChunkHash(ofChunk: Array("\(number)".utf8)) }
    private static func chunks(_ numbers: some Sequence<Int>) -> [ChunkHash] { numbers.map(chunk) }
    private static func xorb(_ number: UInt64) -> XorbHash { XorbHash(words: (number, 1, 2, 3)) }

    @Test(arguments: [false, true])
    func `finds the longest run, whether or not hashes are keyed`(isKeyed: Bool) throws {
        let key = isKeyed ? ChunkHashKey(Self.chunk(99)) : nil
        var known = KnownChunks(key: key)
        func insert(_ xorb: UInt64, _ numbers: some Sequence<Int>) {
            known.insert(Self.xorb(xorb), Self.chunks(numbers).map { hash in key.map { hash.keyed($0.key) } ?? hash })
        }
        insert(1, [7, 1, 2, 9])
        insert(2, [1, 2, 3])
        insert(1, [4])
        let wanted = Self.chunks([1, 2, 3, 4])
        #expect(known.longestMatch(of: wanted[...], next: nil) == ChunkMatch(xorb: Self.xorb(2), start: 0, count: 3))
        #expect(known.longestMatch(of: wanted[2...], next: nil) == ChunkMatch(xorb: Self.xorb(2), start: 2, count: 1))
        #expect(known.longestMatch(of: wanted[3...], next: nil) == nil)
        #expect(known.longestMatch(of: [], next: nil) == nil)
        #expect(known.contains(Self.chunk(9)))
        #expect(!known.contains(Self.chunk(4)))
        #expect(known.chunkCount == 7)
        // What makes the last term longer comes first, if it does.
        let next = ChunkMatch(xorb: Self.xorb(1), start: 1, count: 1)
        #expect(known.longestMatch(of: wanted[...], next: next) == ChunkMatch(xorb: Self.xorb(1), start: 1, count: 2))
        let beyond = ChunkMatch(xorb: Self.xorb(1), start: 4, count: 1)
        #expect(known.longestMatch(of: wanted[...], next: beyond)?.xorb == Self.xorb(2))
    }

    @Test func `looks at a bounded number of places`() {
        var known = KnownChunks()
        for xorb in 0..<20 { known.insert(Self.xorb(UInt64(xorb)), Self.chunks([1, xorb + 100])) }
        let found = known.longestMatch(of: Self.chunks([1, 119])[...], next: nil)
        #expect(found?.count == 1)
        #expect(known.longestMatch(of: Self.chunks([1, 107])[...], next: nil)?.count == 2)
    }

    @Test func `the older half goes when there are many`() {
        var recent = RecentChunks()
        let half = 1 << 18
        for xorb in 0..<5 {
            recent.insert(
                Self.xorb(UInt64(xorb)),
                (0..<half).map { ChunkHash(words: (UInt64(xorb * half + $0), 0, 0, 0)) }
            )
        }
        let first = (0..<5).map { recent.contains(ChunkHash(words: (UInt64($0 * half), 0, 0, 0))) }
        #expect(first == [false, false, true, true, true])
    }
}
