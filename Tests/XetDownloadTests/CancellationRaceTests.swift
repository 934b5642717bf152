import Testing
import XetTestSupport

@testable import XetDownload

/// About a million cancellations against what wakes a waiting task; `make unit` runs them by themselves, since they keep all
/// cores busy.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CancellationRaceTests {
    /// Whoever cancels a task holds its lock while the handlers run: what resumes under a lock of its own stops both.
    @Test func `cancelling against pushing stops nobody`() async {
        for _ in 0..<4000 {
            let queues = (0..<256).map { _ in BoundedQueue<Int>(capacity: 1) }
            await CancellationRace.run(queues) { queue in
                _ = try? await queue.next()
            } waking: { queue in
                try? await queue.push(1, cost: 0)
            }
        }
    }

    @Test func `cancelling against taking stops nobody`() async {
        for _ in 0..<400 {
            let queues = (0..<256).map { _ in BoundedQueue<Int>(capacity: 1) }
            await CancellationRace.run(queues) { queue in
                try? await queue.push(1, cost: 1)
            } waking: { queue in
                queue.finish()
                _ = try? await queue.next()
            }
        }
    }

    @Test func `cancelling against giving back stops nobody`() async throws {
        for _ in 0..<40 {
            let budget = FetchBudget(byteCount: 64, firstByteCount: 64)
            let hog = budget.account()
            try await hog.reserve(64)
            let accounts = (0..<64).map { _ in budget.account() }
            await CancellationRace.run(accounts) { account in
                if (try? await account.reserve(1)) != nil { account.release(1) }
            } waking: { _ in
                hog.release(1)
            }
            #expect(budget.reservedByteCount == 0)
        }
    }
}
