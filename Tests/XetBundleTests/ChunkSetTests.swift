import Testing
import XetCore

@testable import XetBundle

@Suite struct ChunkSetTests {
    private func range(_ start: Int, _ end: Int) throws -> ChunkRange {
        try #require(ChunkRange(start: start, end: end))
    }

    @Test func `what is new is told`() throws {
        var set = ChunkSet()
        #expect(set.insert(.zero, try range(2, 5)) == [try range(2, 5)])
        #expect(set.insert(.zero, try range(7, 9)) == [try range(7, 9)])
        #expect(set.insert(.zero, try range(0, 10)) == [try range(0, 2), try range(5, 7), try range(9, 10)])
        #expect(set.insert(.zero, try range(0, 10)) == [])
        #expect(set.remove(.zero, try range(4, 6)) == [try range(4, 6)])
        #expect(set.missing(.zero, try range(0, 10)) == [try range(4, 6)])
    }

    @Test func `lines are read again`() throws {
        var (set, lines): (ChunkSet, [String]) = (ChunkSet(), [])
        set.insert(.zero, try range(2, 5))
        set.insert(.zero, try range(5, 6))
        set.insert(.zero, try range(8, 9))
        set.lines { lines.append($0) }
        #expect(lines == ["\(XorbHash.zero) 2 6", "\(XorbHash.zero) 8 9"])
        var other = ChunkSet()
        for line in lines {
            let isTaken = other.insert(line: line)
            #expect(isTaken)
        }
        #expect(other.missing(.zero, try range(0, 9)) == [try range(0, 2), try range(6, 8)])
        for line in ["", "x 1 2", "\(XorbHash.zero) 2 1", "\(XorbHash.zero) 0 99999999"] {
            let isTaken = other.insert(line: line)
            #expect(!isTaken)
        }
    }
}
