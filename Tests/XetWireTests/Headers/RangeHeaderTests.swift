import Testing
import XetCore
import XetTestSupport
import XetWire

@Suite struct RangeHeaderTests {
    @Test(
        arguments: [
            ("bytes=0-0", 0, 0), ("bytes=0-499", 0, 499), ("Bytes=5-9", 5, 9), ("bytes= 5-9 ", 5, 9),
            ("bytes=\t5-9", 5, 9), ("bytes=007-009", 7, 9),
            ("bytes=0-18446744073709551614", 0, .max - 1), ("bytes=0-18446744073709551615", 0, .max - 1),
            ("bytes=0-99999999999999999999999", 0, .max - 1),
        ] as [(String, UInt64, UInt64)]
    )
    func `closed ranges`(value: String, first: UInt64, last: UInt64) throws {
        #expect(RangeHeader(value) == .closed(try #require(HTTPByteRange(first: first, last: last))))
    }

    @Test func `open and suffix ranges`() {
        #expect(RangeHeader("bytes=0-") == .from(0))
        #expect(RangeHeader("bytes=12345-") == .from(12345))
        #expect(RangeHeader("bytes=-0") == .suffix(0))
        #expect(RangeHeader("bytes=-5") == .suffix(5))
        #expect(RangeHeader("bytes=-99999999999999999999999") == .suffix(.max - 1))
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-b", "bytes=a-1", "bytes=5-4", "bytes=1-2,5-6",
        "bytes=1-2,", "bytes=,1-2", "bytes=1--2",
        "bytes=--1", "bytes=+1-2", "bytes=1-+2", "bytes=1 -2", "bytes=1- 2", "bytes =1-2", "chunks=1-2", "=1-2", "1-2",
        "bytes:1-2", "bytes=1-2-3", "bytes=1.0-2",
        "bytes=0x1-0x2", "bytes=1", "bytes=\u{661}-\u{662}", "bytes=1-2\u{301}",
    ])
    func `what is ignored`(value: String) {
        #expect(RangeHeader(value) == nil)
    }

    @Test(
        arguments: [
            ("bytes=0-0", 10, 0, 1), ("bytes=0-9", 10, 0, 10), ("bytes=0-10", 10, 0, 10), ("bytes=9-", 10, 9, 10),
            ("bytes=9-9", 10, 9, 10), ("bytes=-1", 10, 9, 10),
            ("bytes=-10", 10, 0, 10), ("bytes=-11", 10, 0, 10), ("bytes=3-5", 10, 3, 6),
            ("bytes=-99999999999999999999999", 10, 0, 10),
            ("bytes=3-99999999999999999999999", 10, 3, 10),
        ] as [(String, UInt64, UInt64, UInt64)]
    )
    func `what a range means`(value: String, byteCount: UInt64, start: UInt64, end: UInt64) throws {
        let range = try #require(RangeHeader(value))
        #expect(range.resolved(byteCount: byteCount) == FileByteRange(start: start, end: end))
    }

    @Test(
        arguments: [
            ("bytes=10-", 10), ("bytes=10-10", 10), ("bytes=11-20", 10), ("bytes=-0", 10), ("bytes=0-0", 0),
            ("bytes=0-", 0), ("bytes=-5", 0),
            ("bytes=18446744073709551615-", 10), ("bytes=99999999999999999999999-99999999999999999999999", .max - 1),
        ] as [(String, UInt64)]
    )
    func `what cannot be satisfied`(value: String, byteCount: UInt64) throws {
        #expect(try #require(RangeHeader(value)).resolved(byteCount: byteCount) == nil)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `any range lies inside the file`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let numbers: [UInt64] = [0, 1, 5, 99, 100, 101, .max - 2, .max - 1, .max]
        func number() -> UInt64 { numbers.randomElement(using: &random) ?? 0 }
        let byteCount = number()
        let text =
            ["bytes=\(number())-\(number())", "bytes=\(number())-", "bytes=-\(number())"].randomElement(using: &random)
            ?? ""
        guard let range = RangeHeader(text)?.resolved(byteCount: byteCount) else { return }
        #expect(!range.isEmpty)
        #expect(range.end <= byteCount)
    }
}
