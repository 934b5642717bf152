import Testing

@testable import XetCore

@Suite struct FetchRangesTests {
    private static let xorb = XorbHash(String(repeating: "0123456789abcdef", count: 4))

    /// A range of ten chunks, `position` being the tenth part of its first.
    private func info(_ position: Int, _ url: String, _ index: Int = 0, of count: Int = 1) throws -> FetchInfo {
        try FetchInfo(
            chunks: try #require(ChunkRange(start: 10 * position, end: 10 * position + 10)),
            bytes: try #require(HTTPByteRange(first: UInt64(1000 * position), last: UInt64(1000 * position + 999))),
            url: SignedURL(url),
            place: SignedPlace(index: index, count: count)
        )
    }

    private func ranges(_ infos: [FetchInfo]) throws -> FetchRanges {
        let xorb = try #require(Self.xorb)
        let answer = try Reconstruction(offsetIntoFirstTerm: 0, terms: [], fetches: [xorb: infos])
        return try #require(answer.fetches[xorb])
    }

    @Test func `a URL tells all its ranges in the order of its signature`() throws {
        let list = try (0..<3).map { try info([4, 0, 9][$0], "https://cdn.example/a", $0, of: 3) }
        let other = try (0..<2).map { try info(20 + $0, "https://cdn.example/b", $0, of: 2) }
        let single = try info(30, "https://cdn.example/c")
        let ranges = try ranges(list + [single] + other)
        for info in list { #expect(ranges.signedList(of: info) == list) }
        for info in other { #expect(ranges.signedList(of: info) == other) }
        #expect(ranges.signedList(of: single) == [single])
        #expect(ranges.infos.map(\.chunks.start) == [0, 40, 90, 200, 210, 300])
        #expect(list.isSignedList && other.isSignedList && [single].isSignedList)
    }

    @Test func `answers for several ranges are one`() throws {
        let xorb = try #require(Self.xorb)
        let list = try (0..<3).map { try info([4, 0, 9][$0], "https://cdn.example/a", $0, of: 3) }
        let single = try info(30, "https://cdn.example/c")
        let parts = try [list, [single]].map { infos in
            let terms = try infos.map { try Term(xorb: xorb, chunks: $0.chunks, unpackedByteCount: 5000) }
            return try Reconstruction(offsetIntoFirstTerm: 0, terms: terms, fetches: [xorb: infos])
        }
        let joined = try Reconstruction(joining: parts, offsetIntoFirstTerm: 17)
        #expect(joined.terms == parts.flatMap(\.terms))
        #expect(joined.byteCount == 20_000 - 17)
        for info in list { #expect(joined.fetches[xorb]?.signedList(of: info) == list) }
        #expect(joined.fetches[xorb]?.signedList(of: single) == [single])
    }

    @Test func `single ranges that share a URL are no list`() throws {
        let infos = try (0..<2).map { try info($0, "https://cdn.example/a") }
        #expect(try ranges(infos).signedList(of: infos[1]) == [infos[1]])
        #expect(!infos.isSignedList)
    }

    @Test func `of two lists with one URL no range gets the other's`() throws {
        let first = try (0..<2).map { try info($0, "https://cdn.example/a", $0, of: 2) }
        let second = try (0..<2).map { try info(5 + $0, "https://cdn.example/a", $0, of: 2) }
        let ranges = try ranges(first + second)
        for info in first { #expect(ranges.signedList(of: info) == first) }
        for info in second { #expect(ranges.signedList(of: info) == [info]) }
    }

    @Test func `parts of a list, lists in another order, and lists of several URLs are none`() throws {
        let list = try (0..<3).map { try info($0, "https://cdn.example/a", $0, of: 3) }
        for others in [[], Array(list.dropLast()), Array(list.dropFirst()), list.reversed(), list + [list[0]]] {
            #expect(!others.isSignedList)
        }
        let mixed = [list[0], list[1], try info(2, "https://cdn.example/b", 2, of: 3)]
        #expect(!mixed.isSignedList)
        for info in mixed { #expect(try ranges(mixed).signedList(of: info) == [info]) }
    }
}
