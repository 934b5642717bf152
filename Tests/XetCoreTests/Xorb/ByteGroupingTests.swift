import Testing
import XetTestSupport

@testable import XetCore

@Suite struct ByteGroupingTests {
    @Test(arguments: [
        [0, 4, 1, 2, 3],
        [0, 4, 8, 1, 5, 9, 2, 6, 3, 7],
        [0, 4, 8, 12, 1, 5, 9, 2, 6, 10, 3, 7, 11],
        [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11],
    ])
    func `vectors`(grouped: [UInt8]) throws {
        let original = Array(0..<UInt8(grouped.count))
        #expect(group(original) == grouped)
        #expect(ungroup(grouped) == original)
    }

    @Test(arguments: Array(0...20) + [1000, 65_537, 131_069, 131_070, 131_071, 131_072])
    func `both ways`(count: Int) {
        let original = Inputs.splitmix(count, seed: UInt64(count))
        let grouped = group(original)
        let plain = (0..<4).flatMap { group in stride(from: group, to: count, by: 4).map { original[$0] } }
        #expect(grouped == plain)
        #expect(ungroup(grouped) == original)
    }

    @Test func `appends behind what is there`() {
        var bytes: [UInt8] = []
        bytes.replace(capacity: 8) { output in
            output.append(9)
            ByteGrouping.ungroup([0, 4, 1, 2, 3].rawSpan, into: &output)
        }
        #expect(bytes == [9, 0, 1, 2, 3, 4])
    }

    private func group(_ bytes: [UInt8]) -> [UInt8] {
        // What was there before is replaced.
        var grouped: [UInt8] = [1, 2, 3]
        ByteGrouping.group(bytes.rawSpan, into: &grouped)
        return grouped
    }

    private func ungroup(_ bytes: [UInt8]) -> [UInt8] {
        var original: [UInt8] = []
        original.replace(capacity: bytes.count) { output in
            ByteGrouping.ungroup(bytes.rawSpan, into: &output)
        }
        return original
    }
}
