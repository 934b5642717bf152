import HTTPTypes
import Testing
import XetCore
import XetWire

@Suite struct SelectionTests {
    private static let current = Validators(
        etag: EntityTag(strong: "abc"),
        lastModified: HTTPDate(unixSeconds: 784_111_777)
    )

    private func select(
        _ headers: HTTPFields,
        _ method: HTTPRequest.Method = .get,
        byteCount: UInt64? = 100
    ) -> Selection {
        Selection(method, headers, of: Self.current, byteCount: byteCount)
    }

    private func part(_ range: Range<UInt64>) -> Selection? {
        FileByteRange(start: range.lowerBound, end: range.upperBound).map(Selection.part)
    }

    @Test func `gives ranges`() {
        #expect(select([:]) == .whole)
        #expect(select([.range: "bytes=0-0"]) == part(0..<1))
        #expect(select([.range: "bytes=10-"]) == part(10..<100))
        #expect(select([.range: "bytes=-30"]) == part(70..<100))
        #expect(select([.range: "bytes=90-1000"]) == part(90..<100))
        #expect(select([.range: "bytes=100-"]) == .unsatisfiable)
        #expect(select([.range: "bytes=0-"], byteCount: 0) == .unsatisfiable)
    }

    @Test(arguments: ["bytes=5-1", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes"])
    func `ignores what it does not understand`(value: String) {
        #expect(select([.range: value]) == .whole)
    }

    @Test func `a range is for GET only, and needs a length`() {
        #expect(select([.range: "bytes=0-0"], .head) == .whole)
        #expect(select([.range: "bytes=500-"], .head) == .whole)
        #expect(select([.range: "bytes=0-0"], byteCount: nil) == .whole)
    }

    @Test func `If-Range decides whether the range counts`() {
        #expect(select([.range: "bytes=0-0", .ifRange: "\"abc\""]) == part(0..<1))
        #expect(select([.range: "bytes=0-0", .ifRange: "\"other\""]) == .whole)
        #expect(select([.range: "bytes=0-0", .ifRange: "W/\"abc\""]) == .whole)
        #expect(select([.range: "bytes=0-0", .ifRange: "Sun, 06 Nov 1994 08:49:37 GMT"]) == part(0..<1))
        #expect(select([.range: "bytes=0-0", .ifRange: "Sun, 06 Nov 1994 08:49:38 GMT"]) == .whole)
        #expect(select([.range: "bytes=200-", .ifRange: "\"other\""]) == .whole)
    }

    @Test(arguments: [HTTPRequest.Method.get, .head])
    func `conditions come before the range`(method: HTTPRequest.Method) {
        #expect(select([.ifNoneMatch: "\"x\", W/\"abc\"", .range: "bytes=0-0"], method) == .notModified)
        #expect(select([.ifNoneMatch: "*", .range: "bytes=200-"], method) == .notModified)
        #expect(select([.ifMatch: "\"x\"", .range: "bytes=200-"], method) == .preconditionFailed)
        #expect(select([.ifNoneMatch: "\"x\""], method, byteCount: nil) == .whole)
        #expect(select([.ifNoneMatch: "*"], method, byteCount: nil) == .notModified)
    }
}
