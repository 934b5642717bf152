import Testing
import XetCore
import XetWire

@Suite struct ContentRangeHeaderTests {
    @Test(
        arguments: [
            ("bytes 0-0/1", 0, 0, 1), ("bytes 5-9/100", 5, 9, 100), ("Bytes 5-9/*", 5, 9, nil),
            ("bytes 0-18446744073709551614/*", 0, .max - 1, nil),
        ] as [(String, UInt64, UInt64, UInt64?)]
    )
    func `satisfied`(value: String, first: UInt64, last: UInt64, total: UInt64?) throws {
        let range = try #require(HTTPByteRange(first: first, last: last))
        let header = ContentRangeHeader.satisfied(range, total: total)
        #expect(ContentRangeHeader(value) == header)
        #expect(ContentRangeHeader(header.value) == header)
    }

    @Test func `unsatisfied`() {
        #expect(ContentRangeHeader("bytes */0") == .unsatisfied(total: 0))
        #expect(ContentRangeHeader("bytes */12") == .unsatisfied(total: 12))
        #expect(ContentRangeHeader.unsatisfied(total: 12).value == "bytes */12")
    }

    @Test(arguments: [
        "", "bytes", "bytes ", "bytes 0-1", "bytes 0-1/", "bytes /2", "bytes -1/2", "bytes 0-/2", "bytes 1-0/2",
        "bytes */*", "bytes a-b/c", "bytes 0-1/2/3",
        "bytes 0-1-2/3", "chunks 0-1/2", "bytes=0-1/2", "bytes 0-18446744073709551615/*",
        "bytes 0-1/99999999999999999999999", "0-1/2", "bytes 0 - 1/2",
        "bytes +0-1/2", "bytes 0-+1/2", "bytes 0-1/+2",
    ])
    func `what is no content range`(value: String) {
        #expect(ContentRangeHeader(value) == nil)
    }
}
