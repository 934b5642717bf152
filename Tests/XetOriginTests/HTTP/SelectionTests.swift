import HTTPTypes
import Testing
import XetCore
import XetWire

@testable import XetOrigin

@Suite struct SelectionTests {
    private static let etag = EntityTag(strong: "abc")

    private func select(_ fields: [(HTTPField.Name, String)], isHead: Bool = false, byteCount: UInt64 = 100)
        -> Selection
    {
        var headers = HTTPFields()
        for (name, value) in fields { headers[name] = value }
        return Selection(headers, isHead: isHead, byteCount: byteCount, etag: Self.etag)
    }

    private func part(_ range: Range<UInt64>) -> Selection? {
        FileByteRange(start: range.lowerBound, end: range.upperBound).map(Selection.part)
    }

    @Test func `gives ranges`() {
        #expect(select([]) == .whole)
        #expect(select([(.range, "bytes=0-0")]) == part(0..<1))
        #expect(select([(.range, "bytes=10-")]) == part(10..<100))
        #expect(select([(.range, "bytes=-30")]) == part(70..<100))
        #expect(select([(.range, "bytes=90-1000")]) == part(90..<100))
        #expect(select([(.range, "bytes=100-")]) == .unsatisfiable)
        #expect(select([(.range, "bytes=0-")], byteCount: 0) == .unsatisfiable)
    }

    @Test(arguments: ["bytes=5-1", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes"])
    func `ignores what it does not understand`(value: String) {
        #expect(select([(.range, value)]) == .whole)
    }

    @Test func `a range is for GET only`() {
        #expect(select([(.range, "bytes=0-0")], isHead: true) == .whole)
    }

    @Test func `If-Range decides whether the range counts`() {
        #expect(select([(.range, "bytes=0-0"), (.ifRange, "\"abc\"")]) == part(0..<1))
        #expect(select([(.range, "bytes=0-0"), (.ifRange, "\"other\"")]) == .whole)
        #expect(select([(.range, "bytes=0-0"), (.ifRange, "W/\"abc\"")]) == .whole)
        #expect(select([(.range, "bytes=0-0"), (.ifRange, "Sun, 06 Nov 1994 08:49:37 GMT")]) == .whole)
        #expect(select([(.range, "bytes=200-"), (.ifRange, "\"other\"")]) == .whole)
    }

    @Test func `If-None-Match comes first`() {
        #expect(select([(.ifNoneMatch, "\"abc\"")]) == .notModified)
        #expect(select([(.ifNoneMatch, "\"x\", W/\"abc\"")]) == .notModified)
        #expect(select([(.ifNoneMatch, "*"), (.range, "bytes=200-")]) == .notModified)
        #expect(select([(.ifNoneMatch, "\"x\"")]) == .whole)
    }
}
