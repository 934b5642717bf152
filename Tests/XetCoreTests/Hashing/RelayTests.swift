import Testing
import XetTestSupport

@testable import XetCore

@Suite struct RelayTests {
    @Test func `turns come in order`() async throws {
        let relay = Relay<[Int]>([])
        try await withThrowingTaskGroup(of: Int.self) { group in
            for turn in (0..<50).reversed() {
                group.addTask {
                    try await relay.wait(for: UInt64(turn))
                    return relay.pass { turns in
                        turns.append(turn)
                        return turns.count
                    }
                }
            }
            var counts: [Int] = []
            for try await count in group { counts.append(count) }
            #expect(counts.sorted() == Array(1...50))
        }
        #expect(relay.take() == Array(0..<50))
    }

    @Test func `waiting ends when cancelled`() async throws {
        let relay = Relay(0)
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for turn in 1...3 as ClosedRange<UInt64> {
                    group.addTask { try await relay.wait(for: turn) }
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
        // The turn that nobody waits for is still there.
        try await relay.wait(for: 0)
        relay.pass { $0 += 1 }
        #expect(relay.take() == 1)
    }
}
