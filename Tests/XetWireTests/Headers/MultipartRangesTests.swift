import Testing
import XetCore

@testable import XetWire

@Suite struct MultipartRangesTests {
    @Test func `frames each range`() throws {
        let ranges = [
            try #require(HTTPByteRange(first: 0, last: 4)), try #require(HTTPByteRange(first: 10, last: 10)),
        ]
        let multipart = MultipartRanges(ranges, total: 20, boundary: "B")
        let body =
            multipart.parts.map { $0.head + String(repeating: "x", count: Int($0.range.count)) }.joined()
            + multipart.end
        #expect(
            body
                == "\r\n--B\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 0-4/20\r\n\r\nxxxxx"
                + "\r\n--B\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 10-10/20\r\n\r\nx"
                + "\r\n--B--\r\n"
        )
        #expect(multipart.byteCount == body.utf8.count)
        #expect(MultipartBoundary(contentType: multipart.contentType)?.text == "B")
        #expect(MultipartRanges(ranges, total: nil).parts.map(\.head).allSatisfy { $0.contains("/*\r\n") })
        #expect(multipart.contentType == "multipart/byteranges; boundary=B")
        #expect(MultipartRanges(ranges, total: 20).contentType != MultipartRanges(ranges, total: 20).contentType)
    }
}
