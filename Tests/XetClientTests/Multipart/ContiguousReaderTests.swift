import NIOCore
import Testing
import XetCore
import XetTestSupport

@testable import XetClient

@Suite struct ContiguousReaderTests {
    private static let whole = Inputs.splitmix(2000, seed: 22)

    private func range(_ first: UInt64, _ last: UInt64) throws -> HTTPByteRange {
        try #require(HTTPByteRange(first: first, last: last))
    }

    @Test(arguments: [1, 3, 100, 2000])
    func `ranges out of a stretch, in pieces of any size`(byteCount: Int) throws {
        let ranges = [try range(10, 19), try range(20, 20), try range(500, 1499)]
        for found in [try range(0, 1999), try range(10, 1499), try range(7, 1600)] {
            var reader = try #require(ContiguousReader(ranges, in: found))
            #expect(reader.rangeCount == 3)
            var contents = [[UInt8]](repeating: [], count: 3)
            let body = Self.whole[Int(found.first)...Int(found.last)]
            for start in stride(from: body.startIndex, to: body.endIndex, by: byteCount) {
                var piece = ByteBuffer(bytes: body[start..<min(start + byteCount, body.endIndex)])
                while let slice = reader.next(in: &piece) { contents[slice.index] += slice.bytes.readableBytesView }
            }
            #expect(reader.completeCount == 3)
            #expect(contents == ranges.map { Array(Self.whole[Int($0.first)...Int($0.last)]) })
        }
    }

    @Test func `only the first ranges that are there`() throws {
        let ranges = [try range(10, 19), try range(30, 39), try range(50, 59)]
        for (first, last, count) in [(10, 19, 1), (0, 49, 2), (10, 58, 2), (10, 59, 3)] as [(UInt64, UInt64, Int)] {
            #expect(ContiguousReader(ranges, in: try range(first, last))?.rangeCount == count)
        }
        for (first, last) in [(11, 100), (10, 18), (30, 39), (50, 59), (100, 200)] as [(UInt64, UInt64)] {
            #expect(ContiguousReader(ranges, in: try range(first, last)) == nil)
        }
    }

    @Test func `what lies between is read only if it is worth it`() throws {
        let most = ContiguousReader.maximumWasteByteCount
        let all = try range(0, .max - 1)
        #expect(ContiguousReader([try range(most, most + 9)], in: all)?.rangeCount == 1)
        #expect(ContiguousReader([try range(most + 1, most + 9)], in: all) == nil)
        // Half of it may be waste.
        #expect(ContiguousReader([try range(1 << 30, 2 << 30)], in: all)?.rangeCount == 1)
        let ranges = [try range(0, 9), try range(most, most + 9), try range(1 << 40, 1 << 40 + 9)]
        #expect(ContiguousReader(ranges, in: all)?.rangeCount == 2)
    }
}
