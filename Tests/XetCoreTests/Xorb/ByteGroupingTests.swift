import Testing
import XetTestSupport

@_spi(Kernels) @testable import XetCore

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

    @Test(arguments: Array(0...300) + [1000, 8191, 65_537, 131_069, 131_070, 131_071, 131_072])
    func `agrees with the plain form`(count: Int) {
        let original = Inputs.splitmix(count, seed: UInt64(count))
        let grouped = PlainByteGrouping.group(original)
        #expect(PlainByteGrouping.ungroup(grouped) == original)
        #expect(group(original) == grouped)
        #expect(ungroup(grouped) == original)
    }

    /// Neither source nor target need be aligned, and what lies around the target stays.
    @Test(arguments: 0...17)
    func `any place in memory`(skipped: Int) {
        for count in [0, 5, 63, 64, 65, 131, 1027] {
            let source = Inputs.splitmix(skipped + count, seed: 1)
            let original = Array(source[skipped...])
            var bytes: [UInt8] = []
            bytes.replace(capacity: skipped + count) { output in
                for byte in source.prefix(skipped) { output.append(byte) }
                ByteGrouping.group(source.rawSpan.extracting(skipped..<source.count), into: &output)
            }
            let grouped = PlainByteGrouping.group(original)
            #expect(bytes == source.prefix(skipped) + grouped)
            let behind = source.prefix(skipped) + grouped
            bytes.replace(capacity: skipped + count) { output in
                for byte in source.prefix(skipped) { output.append(byte) }
                ByteGrouping.ungroup(Array(behind).rawSpan.extracting(skipped..<behind.count), into: &output)
            }
            #expect(bytes == source)
        }
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
        var grouped: [UInt8] = []
        grouped.replace(capacity: bytes.count) { ByteGrouping.group(bytes.rawSpan, into: &$0) }
        return grouped
    }

    private func ungroup(_ bytes: [UInt8]) -> [UInt8] {
        var original: [UInt8] = []
        original.replace(capacity: bytes.count) { ByteGrouping.ungroup(bytes.rawSpan, into: &$0) }
        return original
    }
}
