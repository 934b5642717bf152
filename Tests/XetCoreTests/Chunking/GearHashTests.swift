import Testing
import XetTestSupport

@_spi(Kernels) @testable import XetCore

@Suite struct GearHashTests {
    @Test func `finds every match`() {
        let input = Inputs.splitmix(4_000_000, seed: 6)
        let matches = Self.plainMatches(input)
        #expect(matches.count > 40)
        // Matches as close as one step of the scan and far apart.
        for bytes in [input, Inputs.trigger(pad: 0, 20_000), Inputs.trigger(pad: 3, 20_000)] {
            #expect(Self.matches(bytes, 0) == Self.plainMatches(bytes))
        }
    }

    @Test(arguments: 0...17)
    func `starts anywhere`(skipped: Int) {
        let input = Array(Inputs.trigger(pad: 5, 3000))
        #expect(Self.matches(input, skipped) == Self.plainMatches(Array(input.dropFirst(skipped))).map { $0 + skipped })
    }

    @Test func `takes all bytes when there is no match`() {
        let input = [UInt8](repeating: 59, count: 200)
        for count in 0...40 {
            var piecewise = GearHash()
            var whole = GearHash()
            #expect(piecewise.firstMatch(in: 0..<count, of: input.rawSpan) == nil)
            #expect(piecewise.firstMatch(in: count..<input.count, of: input.rawSpan) == nil)
            whole.roll(over: 0..<input.count, of: input.rawSpan)
            // Both hashes match at the same later place.
            let next = Inputs.trigger(pad: 0, 4000)
            let found = piecewise.firstMatch(in: 0..<4000, of: next.rawSpan)
            #expect(found == whole.firstMatch(in: 0..<4000, of: next.rawSpan))
        }
    }

    private static func matches(_ bytes: [UInt8], _ start: Int) -> [Int] {
        var hash = GearHash()
        var matches: [Int] = []
        var offset = start
        while let match = hash.firstMatch(in: offset..<bytes.count, of: bytes.rawSpan) {
            matches.append(match)
            offset = match
        }
        return matches
    }

    private static func plainMatches(_ bytes: [UInt8]) -> [Int] {
        let words = GearTable.words
        var hash: UInt64 = 0
        return bytes.indices.compactMap { offset in
            hash = hash << 1 &+ words[Int(bytes[offset])]
            return hash & 0xFFFF_0000_0000_0000 == 0 ? offset + 1 : nil
        }
    }
}
