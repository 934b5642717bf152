import Testing
import XetTestSupport

@testable import XetServer

@Suite struct DrainTests {
    private let clock = ManualClock()
    private let begun = SharedCount()
    private let cutOff = SharedCount()

    private var drain: Drain<ManualClock> {
        Drain(
            timeout: .seconds(30),
            clock: clock,
            onBegin: { [begun] in begun.add() },
            onTimeout: { [cutOff] in cutOff.add() }
        )
    }

    private func sleeperComes() async {
        while clock.sleeperCount == 0 { await Task.yield() }
    }

    @Test func `what runs after the timeout is cut off, and not before`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await drain.run {} }
            await sleeperComes()
            #expect(begun.value == 1)
            clock.advance(by: .seconds(29))
            #expect(clock.sleeperCount == 1)
            #expect(cutOff.value == 0)
            clock.advance(by: .seconds(1))
            try await group.waitForAll()
            #expect(cutOff.value == 1)
        }
    }

    @Test func `nothing is cut off when everything was finished`() async throws {
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await drain.run {} }
            await sleeperComes()
            group.cancelAll()
        }
        #expect(begun.value == 1)
        #expect(cutOff.value == 0)
    }

    @Test func `nothing begins without the word`() async throws {
        await #expect(throws: CancellationError.self) { try await drain.run { throw CancellationError() } }
        #expect(begun.value == 0)
        #expect(clock.sleeps.isEmpty)
    }
}
