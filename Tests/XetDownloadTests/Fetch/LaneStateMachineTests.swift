import Testing
import XetAccess
import XetTestSupport

@testable import XetDownload

@Suite struct LaneStateMachineTests {
    private struct Broken: Error, Equatable {}

    /// What the next chunk is, in a word.
    private func take(_ index: Int, of lane: inout LaneStateMachine) -> String {
        switch lane.take(index) {
        case .chunk(let chunk): "\(chunk.bytes.count) bytes"
        case .wait: "wait"
        case .missing: "missing"
        case .failure(let error): "\(error)"
        case .closed: "closed"
        }
    }

    private func lane(_ fetch: SampleFetch, granted: Int = 1 << 20) -> LaneStateMachine {
        var lane = LaneStateMachine(fetch.plan, ordinal: 7)
        #expect(lane.place() == LaneStateMachine.Release())
        lane.grant(granted)
        return lane
    }

    // MARK: In and out

    @Test func `chunks come out as they went in, each with its batch`() throws {
        let fetch = try SampleFetch()
        var lane = lane(fetch)
        try lane.put(fetch.batch(0..<2))
        try lane.put(fetch.batch(2..<5))
        var batches: [BatchID] = []
        for index in 0..<5 {
            guard case .chunk(let chunk) = lane.take(index) else {
                Issue.record("chunk \(index) is not there")
                continue
            }
            #expect(chunk.bytes == fetch.bytes(of: index))
            batches.append(chunk.batch)
            _ = lane.leave(index, byteCount: chunk.byteCount)
        }
        #expect(batches.map(\.fetch) == [7, 7, 7, 7, 7])
        #expect(batches.map(\.number) == [0, 0, 1, 1, 1])
        #expect(take(5, of: &lane) == "wait")
        #expect(lane.next == 5)
    }

    @Test func `what another GET has brought is put in once`() throws {
        let fetch = try SampleFetch()
        var lane = lane(fetch)
        try lane.put(fetch.batch(0..<4))
        // A part, all, and none of these are new.
        try lane.put(fetch.batch(2..<6))
        try lane.put(fetch.batch(0..<6))
        try lane.put(fetch.batch(6..<6))
        #expect(lane.next == 6)
        #expect(lane.wantedByteCount == 600)
        for index in 0..<6 {
            guard case .chunk(let chunk) = lane.take(index) else {
                Issue.record("chunk \(index) is not there")
                continue
            }
            #expect(chunk.bytes == fetch.bytes(of: index))
        }
        #expect(take(6, of: &lane) == "wait")
    }

    @Test func `chunks that are not used are passed over`() throws {
        let fetch = try SampleFetch([1..<3, 6..<8])
        var lane = lane(fetch)
        try lane.put(fetch.batch(0..<12))
        #expect(lane.next == 8)
        for index in [1, 2, 6, 7] { #expect(take(index, of: &lane) == "100 bytes") }
        #expect(lane.isComplete)
    }

    // MARK: Complete, full, of use

    @Test func `it is complete when all that is used has come`() throws {
        let fetch = try SampleFetch([1..<3, 6..<8])
        var lane = lane(fetch)
        try lane.put(fetch.batch(1..<7))
        #expect(!lane.isComplete && lane.isGETUseful)
        try lane.put(fetch.batch(7..<8))
        #expect(lane.isComplete)
        // What follows is signed, and nobody needs it.
        #expect(!lane.isGETUseful)
    }

    @Test func `a range that is used to its end is read to its end, to be checked as a whole`() throws {
        let fetch = try SampleFetch([0..<12])
        var lane = lane(fetch)
        try lane.put(fetch.batch(0..<12))
        #expect(lane.isComplete && lane.isGETUseful)
        _ = lane.close()
        #expect(!lane.isGETUseful)
    }

    @Test func `it is full when its memory is, until chunks have left`() throws {
        let fetch = try SampleFetch()
        var lane = lane(fetch, granted: 250)
        try lane.put(fetch.batch(0..<2))
        #expect(!lane.isFull)
        try lane.put(fetch.batch(2..<3))
        #expect(lane.isFull)
        // Taken is not left.
        #expect(take(0, of: &lane) == "100 bytes")
        #expect(lane.isFull)
        _ = lane.leave(0, byteCount: 100)
        #expect(!lane.isFull)
    }

    @Test func `with hardly any memory a batch at a time passes`() throws {
        let fetch = try SampleFetch()
        for granted in [0, 1] {
            var lane = lane(fetch, granted: granted)
            for index in 0..<11 {
                #expect(!lane.isFull)
                try lane.put(fetch.batch(index..<index + 1))
                #expect(lane.isFull)
                #expect(take(index, of: &lane) == "100 bytes")
                _ = lane.leave(index, byteCount: 100)
            }
        }
    }

    /// The GET is over then: it must not keep its place until the reader comes.
    @Test(arguments: [[0..<12], [0..<12, 0..<12], [1..<3, 6..<8]])
    func `one that has everything keeps nobody waiting`(ranges: [Range<Int>]) throws {
        let fetch = try SampleFetch(ranges)
        var lane = lane(fetch, granted: fetch.plan.usedByteCount)
        try lane.put(fetch.batch(0..<12))
        #expect(lane.isComplete)
        #expect(!lane.isFull)
    }

    // MARK: Memory

    @Test func `it wants memory for what has not come`() throws {
        let fetch = try SampleFetch()
        var lane = LaneStateMachine(fetch.plan, ordinal: 0)
        #expect(lane.wantedByteCount == 1200)
        lane.grant(500)
        try lane.put(fetch.batch(0..<3))
        #expect(lane.granted == 500)
        #expect(lane.wantedByteCount == 900)
        for index in 0..<2 {
            _ = lane.take(index)
            _ = lane.leave(index, byteCount: 100)
        }
        #expect(lane.wantedByteCount == 900)
    }

    @Test func `a GET that fails gives back the memory for what has not come`() throws {
        let fetch = try SampleFetch()
        var lane = lane(fetch, granted: 1000)
        try lane.put(fetch.batch(0..<3))
        #expect(lane.pause() == LaneStateMachine.Release(held: 700))
        #expect(lane.granted == 300)
        #expect(lane.pause() == LaneStateMachine.Release())
        // What is there can be read meanwhile.
        for index in 0..<3 {
            #expect(take(index, of: &lane) == "100 bytes")
            _ = lane.leave(index, byteCount: 100)
        }
        lane.grant(lane.wantedByteCount)
        #expect(lane.granted == 1200)
        try lane.put(fetch.batch(3..<12))
        #expect(!lane.isFull)
        #expect(lane.close() == LaneStateMachine.Release(held: 1200, ahead: 1200))
    }

    @Test func `one that holds more than its memory has nothing to give back`() throws {
        let fetch = try SampleFetch()
        var lane = lane(fetch, granted: 150)
        try lane.put(fetch.batch(0..<4))
        #expect(lane.pause() == LaneStateMachine.Release())
        #expect(lane.granted == 150)
        #expect(lane.close() == LaneStateMachine.Release(held: 150, ahead: 1200))
    }

    /// Ten chunks of 64 KiB: memory goes back when much less is needed than there is, and all of it at the end.
    @Test func `memory goes back in steps, all of it at the end`() throws {
        let chunkByteCount = 64 << 10
        let fetch = try SampleFetch([0..<10], chunkCount: 10, chunkByteCount: chunkByteCount)
        var lane = lane(fetch, granted: 10 * chunkByteCount)
        try lane.put(fetch.batch(0..<10))
        var steps: [LaneStateMachine.Release] = []
        for index in 0..<10 {
            _ = lane.take(index)
            steps.append(lane.leave(index, byteCount: chunkByteCount))
        }
        let step = LaneStateMachine.releaseByteCount
        #expect(step == 4 * chunkByteCount)
        #expect(steps.map(\.held) == [0, 0, 0, step, 0, 0, 0, step, 0, 2 * chunkByteCount])
        #expect(steps.map(\.ahead) == steps.map(\.held))
        #expect(lane.close() == LaneStateMachine.Release())
    }

    @Test func `one with less memory than bytes gives back what is ahead first`() throws {
        let chunkByteCount = 64 << 10
        let fetch = try SampleFetch([0..<10], chunkCount: 10, chunkByteCount: chunkByteCount)
        var lane = lane(fetch, granted: 3 * chunkByteCount)
        var held: [Int] = []
        var ahead: [Int] = []
        for index in 0..<10 {
            try lane.put(fetch.batch(index..<index + 1))
            _ = lane.take(index)
            let release = lane.leave(index, byteCount: chunkByteCount)
            held.append(release.held / chunkByteCount)
            ahead.append(release.ahead / chunkByteCount)
        }
        #expect(ahead == [0, 0, 0, 4, 0, 0, 0, 4, 0, 2])
        #expect(held == [0, 0, 0, 0, 0, 0, 0, 1, 0, 2])
    }

    @Test func `nothing is ahead before there is a place, nor after it was closed`() throws {
        let fetch = try SampleFetch()
        var early = LaneStateMachine(fetch.plan, ordinal: 0)
        #expect(early.close() == LaneStateMachine.Release())
        #expect(early.place() == LaneStateMachine.Release(ahead: 1200))
        #expect(early.close() == LaneStateMachine.Release())
        var placed = LaneStateMachine(fetch.plan, ordinal: 0)
        #expect(placed.place() == LaneStateMachine.Release())
        #expect(placed.close() == LaneStateMachine.Release(ahead: 1200))
    }

    // MARK: Chunks that are used again

    @Test func `chunks are kept as long as they will be used`() throws {
        let fetch = try SampleFetch([4..<8, 0..<2, 4..<8])
        var lane = lane(fetch, granted: 600)
        #expect(fetch.plan.isRetained)
        try lane.put(fetch.batch(0..<8))
        for (number, index) in fetch.uses.enumerated() {
            guard case .chunk(let chunk) = lane.take(index) else {
                Issue.record("use \(number) of chunk \(index)")
                continue
            }
            #expect(chunk.bytes == fetch.bytes(of: index))
            let release = lane.leave(index, byteCount: chunk.byteCount)
            // All goes back with the last use, not before.
            #expect(release.held == (number == fetch.uses.count - 1 ? 600 : 0))
        }
        #expect(lane.granted == 0)
    }

    @Test func `a kept chunk can be asked for again before it leaves`() throws {
        let fetch = try SampleFetch([0..<2, 0..<2])
        var lane = lane(fetch)
        try lane.put(fetch.batch(0..<1))
        for _ in 0..<5 { #expect(take(0, of: &lane) == "100 bytes") }
        #expect(take(1, of: &lane) == "wait")
        try lane.put(fetch.batch(1..<2))
        #expect(take(1, of: &lane) == "100 bytes")
    }

    // MARK: Ends

    @Test func `the end comes after what is there`() throws {
        let fetch = try SampleFetch()
        for (end, word) in [(Result<Void, any Error>.success(()), "missing"), (.failure(Broken()), "Broken()")] {
            var lane = lane(fetch)
            #expect(lane.isStarved)
            try lane.put(fetch.batch(0..<1))
            #expect(!lane.isStarved)
            lane.noteEnd(end)
            #expect(take(0, of: &lane) == "100 bytes")
            #expect(take(1, of: &lane) == word)
            #expect(!lane.isStarved)
            // The first end counts.
            lane.noteEnd(.failure(CancellationError()))
            #expect(take(1, of: &lane) == word)
        }
    }

    @Test func `a chunk that lies behind what was taken is missing`() throws {
        let fetch = try SampleFetch()
        var lane = lane(fetch)
        try lane.put(fetch.batch(3..<5))
        lane.noteEnd(.success(()))
        #expect(take(2, of: &lane) == "missing")
    }

    @Test func `closing drops all and gives all back, once`() throws {
        let fetch = try SampleFetch([0..<12, 0..<6])
        var lane = lane(fetch, granted: 1200)
        try lane.put(fetch.batch(0..<8))
        _ = lane.take(3)
        #expect(lane.close() == LaneStateMachine.Release(held: 1200, ahead: fetch.plan.usedByteCount))
        #expect(lane.close() == LaneStateMachine.Release())
        #expect(lane.pause() == LaneStateMachine.Release())
        #expect(lane.leave(3, byteCount: 100) == LaneStateMachine.Release())
        for index in [0, 3, 9] { #expect(take(index, of: &lane) == "closed") }
        try lane.put(fetch.batch(8..<12))
        #expect(take(8, of: &lane) == "closed")
        #expect(!lane.isFull && !lane.isStarved)
        lane.noteEnd(.failure(Broken()))
        #expect(take(0, of: &lane) == "closed")
    }

    // MARK: Any order

    /// One or two GETs that fail and come again, a reader, a budget that gives as much as it likes.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func `every use has its chunk, and memory is never given back twice`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let ranges = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            let start = Int.random(in: 0..<11, using: &random)
            return start..<Int.random(in: start + 1...12, using: &random)
        }
        let fetch = try SampleFetch(ranges)
        var lane = LaneStateMachine(fetch.plan, ordinal: 0)
        #expect(lane.place() == LaneStateMachine.Release())
        var (held, ahead) = (0, fetch.plan.usedByteCount)
        var filled: Set<Int> = []
        var uses = fetch.uses[...]
        var isOpen = false
        while let index = uses.first {
            switch Int.random(in: 0..<8, using: &random) {
            case 0 where isOpen:
                held -= lane.pause().held
                isOpen = false
            case 1, 2:
                guard !isOpen else { continue }
                let wanted = lane.wantedByteCount
                let granted = fetch.plan.isRetained ? wanted : Int.random(in: min(1, wanted)...wanted, using: &random)
                lane.grant(granted)
                held += granted
                isOpen = true
            case 3, 4, 5:
                guard isOpen, !lane.isFull, !lane.isComplete else { continue }
                // Not always from the first that is missing on.
                let start = max(0, lane.next - Int.random(in: 0...2, using: &random))
                let end = min(fetch.plan.usedEnd, lane.next + Int.random(in: 1...12, using: &random))
                for chunk in lane.next..<end where fetch.plan.useCount(of: chunk) > 0 { filled.insert(chunk) }
                try lane.put(fetch.batch(start..<max(start, end)))
            default:
                switch lane.take(index) {
                case .chunk(let chunk):
                    #expect(filled.contains(index))
                    #expect(chunk.bytes == fetch.bytes(of: index))
                    let release = lane.leave(index, byteCount: chunk.byteCount)
                    held -= release.held
                    ahead -= release.ahead
                    uses.removeFirst()
                case .wait: #expect(!filled.contains(index))
                default: Issue.record("chunk \(index)")
                }
            }
            #expect(held == lane.granted)
            #expect(held >= 0 && ahead >= 0)
        }
        #expect(lane.isComplete)
        let release = lane.close()
        #expect(held == release.held && ahead == release.ahead)
        #expect(lane.granted == 0)
    }
}
