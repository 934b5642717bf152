import Synchronization
import Testing
import XetTestSupport

@testable import XetDownload

@Suite(.serialized) struct WaitingLineTests {
    /// Who stands in a line, from the first to the last; it is empty then.
    private static func drained(_ line: WaitingLine<Int>) -> [Int] {
        var line = line
        var elements: [Int] = []
        while let first = line.first {
            elements.append(first)
            line.remove(first)
        }
        #expect(line.count == 0)
        return elements
    }

    private static func line(_ elements: some Sequence<Int>) -> WaitingLine<Int> {
        var line = WaitingLine<Int>()
        for element in elements { line.append(element) }
        return line
    }

    @Test func `who comes first goes first`() {
        let line = Self.line([3, 1, 2])
        #expect(line.first == 3)
        #expect(line.count == 3)
        #expect(line.contains(2) && !line.contains(4))
        #expect(Self.drained(line) == [3, 1, 2])
    }

    @Test func `an empty line has nobody`() {
        var line = WaitingLine<Int>()
        #expect(line.first == nil && line.count == 0)
        line.remove(1)
        line.append(1)
        line.remove(1)
        #expect(line.first == nil && line.count == 0 && !line.contains(1))
    }

    @Test func `who waits already keeps its place`() {
        #expect(Self.drained(Self.line([1, 2, 1, 3, 2])) == [1, 2, 3])
    }

    @Test(arguments: [(1, [2, 3]), (2, [1, 3]), (3, [1, 2]), (4, [1, 2, 3])])
    func `anybody may leave`(leaving: Int, rest: [Int]) {
        var line = Self.line(1...3)
        line.remove(leaving)
        #expect(Self.drained(line) == rest)
        // And come back behind the others.
        line.append(leaving)
        #expect(Self.drained(line) == rest + [leaving])
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `it is an array from which the middle may be taken`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var line = WaitingLine<Int>()
        var plain: [Int] = []
        for _ in 0..<300 {
            let element = Int.random(in: 0..<12, using: &random)
            if Bool.random(using: &random) {
                line.append(element)
                if !plain.contains(element) { plain.append(element) }
            } else {
                line.remove(element)
                plain.removeAll { $0 == element }
            }
            #expect(line.first == plain.first)
            #expect(line.count == plain.count)
            #expect(line.contains(element) == plain.contains(element))
        }
        #expect(Self.drained(line) == plain)
    }

    /// Counts how often anybody is looked at.
    private struct Counted: Hashable, Sendable {
        static let count = Mutex(0)
        let number: Int

        func hash(into hasher: inout Hasher) {
            Self.count.withLock { $0 += 1 }
            hasher.combine(number)
        }

        static func == (one: Counted, other: Counted) -> Bool {
            count.withLock { $0 += 1 }
            return one.number == other.number
        }
    }

    /// Those that share a bucket are looked at too, so only many steps together say something.
    @Test(arguments: [100, 1000, 10_000])
    func `a step looks at a few, however many wait`(waitingCount: Int) {
        var line = WaitingLine<Counted>()
        for number in 0..<waitingCount { line.append(Counted(number: number)) }
        var random = SplitMix64(seed: 1)
        let before = Counted.count.withLock { $0 }
        for _ in 0..<1000 {
            let element = Counted(number: Int.random(in: 0..<waitingCount, using: &random))
            line.remove(element)
            line.append(element)
        }
        #expect(Counted.count.withLock { $0 } - before <= 60 * 1000)
    }
}
