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

    private static func bytes(_ account: FetchAccount, _ ordinal: Int, _ byteCount: Int = 1) async throws -> Int {
        try await account.bytes(for: .init(ordinal: ordinal, byteCount: byteCount, leastByteCount: byteCount))
    }

    @Test func `cancelling against giving back stops nobody`() async throws {
        for _ in 0..<400 {
            let budget = FetchBudget(byteCount: 64, firstByteCount: 64)
            let hog = budget.account()
            _ = try await Self.bytes(hog, 0, 64)
            let accounts = (0..<64).map { _ in budget.account() }
            await CancellationRace.run(accounts) { account in
                if let held = try? await Self.bytes(account, 0) { account.release(held: held) }
            } waking: { _ in
                hog.release(held: 1)
            }
            #expect(budget.reservedByteCount == 0)
        }
    }

    /// All ask for memory of one download, so that each that goes makes way for the others.
    @Test func `cancelling against giving back within a download stops nobody`() async throws {
        for _ in 0..<400 {
            let budget = FetchBudget(byteCount: 64, firstByteCount: 64)
            let (hog, account) = (budget.account(), budget.account())
            _ = try await Self.bytes(hog, 0, 64)
            await CancellationRace.run(Array(0..<64)) { ordinal in
                if let held = try? await Self.bytes(account, ordinal) { account.release(held: held) }
            } waking: { ordinal in
                hog.release(held: 1)
                account.need(ordinal)
            }
            #expect(budget.reservedByteCount == 0)
        }
    }

    @Test func `cancelling against ending a place stops nobody`() async throws {
        let fetch = BudgetStateMachine.Fetch(ordinal: 1, byteCount: 10, weight: BudgetStateMachine.fullWeight)
        for _ in 0..<400 {
            let budget = FetchBudget(byteCount: 6400, firstByteCount: 100, firstFetchCount: 1, placeByteCount: 10)
            let accounts = (0..<64).map { _ in budget.account() }
            for account in accounts { try await account.place(for: fetch) }
            await CancellationRace.run(accounts) { account in
                if (try? await account.place(for: fetch)) != nil {
                    account.release(held: 0, ahead: 10)
                    account.endPlace(of: fetch)
                }
            } waking: { account in
                account.release(held: 0, ahead: 10)
                account.endPlace(of: fetch)
            }
            #expect(budget.reservedByteCount == 0)
        }
    }

    @Test func `cancelling against closing a download stops nobody`() async throws {
        for _ in 0..<400 {
            let budget = FetchBudget(byteCount: 64, firstByteCount: 64)
            let hog = budget.account()
            _ = try await Self.bytes(hog, 0, 64)
            let accounts = (0..<64).map { _ in budget.account() }
            await CancellationRace.run(accounts) { account in
                _ = try? await Self.bytes(account, 0)
            } waking: { account in
                account.close()
            }
            hog.close()
            #expect(budget.reservedByteCount == 0)
        }
    }

    // MARK: Lanes

    private static func lanes(_ fetch: SampleFetch, of account: FetchAccount, room: Int = 1 << 20) -> [FetchLane] {
        let watch = Stopwatch(ManualClock())
        return (0..<256).map { ordinal in
            FetchLane(
                fetch.plan,
                ordinal: ordinal,
                room: FetchLane.Room(byteCount: room, leastByteCount: room),
                account: account,
                watch: watch
            )
        }
    }

    @Test func `cancelling against putting in and closing stops no reader`() async throws {
        let fetch = try SampleFetch()
        let batch = try fetch.batch(0..<1)
        let budget = FetchBudget()
        for round in 0..<400 {
            let lanes = Self.lanes(fetch, of: budget.account())
            for lane in lanes { try await lane.open() }
            await CancellationRace.run(lanes) { lane in
                try? await lane.waitForChunk(0)
            } waking: { lane in
                if round % 2 == 0 { try? await lane.put(batch) } else { lane.close() }
            }
            for lane in lanes { lane.close() }
        }
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `cancelling against taking and closing stops no GET`() async throws {
        let fetch = try SampleFetch()
        let (first, second) = (try fetch.batch(0..<1), try fetch.batch(1..<2))
        let budget = FetchBudget()
        for round in 0..<400 {
            let lanes = Self.lanes(fetch, of: budget.account(), room: 1)
            for lane in lanes { try await lane.open() }
            await CancellationRace.run(lanes) { lane in
                _ = try? await lane.put(first)
                try? await lane.put(second)
            } waking: { lane in
                if round % 2 == 0 {
                    if (try? lane.chunk(0)) != nil { lane.leave(0, byteCount: 100) }
                } else {
                    lane.close()
                }
            }
            for lane in lanes { lane.close() }
        }
        #expect(budget.reservedByteCount == 0)
    }

    /// One opens, the others wait for it.
    @Test func `cancelling against memory for a lane stops nobody`() async throws {
        let fetch = try SampleFetch()
        for _ in 0..<100 {
            let budget = FetchBudget(byteCount: 1200, firstByteCount: 1200)
            let (hog, account) = (budget.account(), budget.account())
            _ = try await Self.bytes(hog, 0, 1200)
            let lane = Self.lanes(fetch, of: account)[0]
            await CancellationRace.run(Array(0..<8)) { _ in
                try? await lane.open()
            } waking: { number in
                if number == 3 { hog.release(held: 1200) }
            }
            lane.close()
            hog.close()
            #expect(budget.reservedByteCount == 0)
        }
    }

    // MARK: Deadlines

    @Test func `cancelling against a deadline stops nobody`() async {
        for _ in 0..<400 {
            let (deadlines, clock) = (DeadlineWatch(), ManualClock(isJumping: true))
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await deadlines.run(clock: clock) }
                let isOver = Watched(false)
                await CancellationRace.run(Array(0..<64)) { _ in
                    try? await deadlines.wait { isOver.value ? .zero : .seconds(1) }
                } waking: { number in
                    if number == 8 { isOver.change { $0 = true } }
                }
                group.cancelAll()
            }
        }
    }
}
