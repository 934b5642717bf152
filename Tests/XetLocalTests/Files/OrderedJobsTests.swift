import Synchronization
import Testing

@testable import XetLocal

@Suite struct OrderedJobsTests {
    @Test func `results come in order, and no more are at work than may be`() async throws {
        let running = Mutex((now: 0, most: 0))
        var taken: [Int] = []
        try await OrderedJobs.run(50, atOnce: 4) { index in
            running.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
            for _ in 0..<(index * 7 % 5) { await Task.yield() }
            running.withLock { $0.now -= 1 }
            return index * 2
        } take: { index, value in
            #expect(value == index * 2)
            taken.append(index)
        }
        #expect(taken == Array(0..<50))
        #expect(running.withLock { $0.most } <= 4)
    }

    @Test func `a failure ends all`() async {
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await OrderedJobs.run(10, atOnce: 3) { index in
                if index == 4 { throw Failure() }
                return index
            } take: { index, _ in
                #expect(index < 4)
            }
        }
    }
}
