import Synchronization
import Testing
import XetTestSupport

@testable import XetDownload

/// Who waits, and how waiting ends; ``BudgetStateMachineTests`` has the rules.
@Suite struct FetchBudgetTests {
    private let executor = StepExecutor()

    /// Asks for a place; what is not granted at once waits.
    private func place(_ account: FetchAccount, _ ordinal: Int, _ byteCount: Int = 0) -> Started<Void> {
        started { try await account.place(for: .init(ordinal: ordinal, byteCount: byteCount, weight: 4)) }
    }

    /// Asks for bytes.
    private func bytes(_ account: FetchAccount, _ ordinal: Int, _ byteCount: Int, least: Int? = nil) -> Started<Int> {
        started {
            try await account.bytes(
                for: .init(ordinal: ordinal, byteCount: byteCount, leastByteCount: least ?? byteCount)
            )
        }
    }

    private func started<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Started<Value> {
        let started = executor.start(body)
        executor.runUntilIdle()
        return started
    }

    private func settle(_ event: () -> Void) {
        event()
        executor.runUntilIdle()
    }

    // MARK: The two steps

    @Test func `a place before the GET, bytes when the head has come`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100, placeByteCount: 10)
        let account = budget.account()
        #expect(!place(account, 0, 60).isWaiting)
        #expect(budget.reservedByteCount == 10)
        let second = place(account, 1, 60)
        #expect(second.isWaiting)
        #expect(bytes(account, 0, 60).value == 60)
        #expect(budget.reservedByteCount == 70)
        settle { account.release(held: 60, ahead: 20) }
        #expect(second.value != nil)
        settle { account.endPlace(of: .init(ordinal: 0, byteCount: 60, weight: 4)) }
        #expect(budget.reservedByteCount == 10)
        account.close()
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `growing lets a waiting fetch through`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100)
        let account = budget.account()
        _ = place(account, 0, 100)
        let waiting = place(account, 1, 100)
        #expect(waiting.isWaiting)
        // A reader that waits all the time.
        account.noteDelivery(of: 0, at: .zero)
        for second in 1...2 {
            account.noteWait(of: .seconds(1))
            settle { account.noteDelivery(of: 100, at: .seconds(second)) }
        }
        #expect(account.allowance.byteCount == 200)
        #expect(!waiting.isWaiting)
    }

    @Test func `need lets a waiting fetch through`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (hog, account) = (budget.account(), budget.account())
        _ = bytes(hog, 0, 100)
        let waiting = bytes(account, 3, 70, least: 12)
        #expect(waiting.isWaiting)
        settle { account.need(2) }
        #expect(waiting.isWaiting)
        settle { account.need(3) }
        #expect(waiting.value == 12)
        #expect(budget.reservedByteCount == 112)
    }

    @Test func `congestion halves the number of GETs, down to one`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 1000, firstFetchCount: 4)
        let account = budget.account()
        account.noteCongestion()
        #expect(!place(account, 0).isWaiting)
        #expect(!place(account, 1).isWaiting)
        let third = place(account, 2)
        #expect(third.isWaiting)
        for _ in 0..<3 { account.noteCongestion() }
        settle { account.endPlace(of: .init(ordinal: 0, byteCount: 0, weight: 4)) }
        #expect(third.isWaiting)
        settle { account.endPlace(of: .init(ordinal: 1, byteCount: 0, weight: 4)) }
        #expect(!third.isWaiting)
    }

    // MARK: Allowances

    @Test func `a first limit beyond the whole is the whole`() {
        let budget = FetchBudget(byteCount: 50, firstByteCount: 100)
        #expect(budget.account().allowance.byteCount == 50)
    }

    @Test func `the part shrinks as downloads come and grows as they go`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 500, firstFetchCount: 99, mostFetchCount: 99)
        let account = budget.account()
        var others = [budget.account()]
        #expect(account.allowance.byteCount == 500)
        others += (0..<8).map { _ in budget.account() }
        #expect(account.allowance.byteCount == 100)
        #expect(others[5].allowance.byteCount == 100)
        others.removeLast(8)
        #expect(account.allowance.byteCount == 500)
        withExtendedLifetime(others) {}
    }

    @Test func `little room is for few GETs, but for one in any case`() {
        var pace = Pace.Limits()
        pace.firstByteCount = 1600
        pace.firstFetchCount = 8
        pace.leastByteCountPerFetch = 200
        let budget = FetchBudget(
            BudgetStateMachine.Limits(byteCount: 2000, spareByteCount: 0, aheadByteCount: 2000, placeByteCount: 0),
            pace: pace
        )
        let account = budget.account()
        #expect(account.allowance.fetchCount == 8)
        let other = budget.account()
        #expect(account.allowance.fetchCount == 5)
        let more = (0..<18).map { _ in budget.account() }
        #expect(account.allowance.fetchCount == 1)
        withExtendedLifetime((other, more)) {}
    }

    /// So that together they stay within what an operator allows, whatever the mix.
    @Test(arguments: [16 << 20, 64 << 20, 256 << 20, 1 << 30])
    func `the memory of an operator pays for what is given out, what is spare, and more than as much`(byteCount: Int) {
        let budget = FetchBudget(byteCount: byteCount)
        let accounts = (0..<3).map { _ in budget.account() }
        for (number, account) in accounts.enumerated() { _ = bytes(account, number, byteCount / 8) }
        #expect(budget.reservedByteCount == byteCount / 8 * 3)
        let late = budget.account()
        let waiting = bytes(late, 0, 1)
        #expect(waiting.isWaiting)
        late.need(0)
        executor.runUntilIdle()
        #expect(bytes(late, 0, byteCount, least: byteCount / 16 - 1).value == byteCount / 16 - 1)
        #expect(budget.reservedByteCount == byteCount / 8 * 3 + byteCount / 16)
        #expect(2 * budget.reservedByteCount < byteCount)
    }

    // MARK: Ends

    @Test func `what is held is given back when the download goes`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let survivor = budget.account()
        let waiting: Started<Int>
        do {
            let account = budget.account()
            _ = bytes(account, 0, 80)
            waiting = bytes(survivor, 0, 50)
            #expect(waiting.isWaiting)
            account.release(held: 10)
            #expect(budget.reservedByteCount == 70)
        }
        executor.runUntilIdle()
        #expect(!waiting.isWaiting)
        #expect(budget.reservedByteCount == 50)
    }

    @Test func `who waits when its download is closed is cancelled, and who asks later`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (hog, account) = (budget.account(), budget.account())
        _ = bytes(hog, 0, 100)
        _ = place(account, 0, 100)
        let waiting = [bytes(account, 0, 10), bytes(account, 1, 10)]
        let next = place(account, 2, 10)
        #expect(waiting.allSatisfy { $0.isWaiting } && next.isWaiting)
        settle { account.close() }
        for one in waiting { #expect(one.error is CancellationError) }
        #expect(next.error is CancellationError)
        #expect(bytes(account, 3, 1).error is CancellationError)
        #expect(place(account, 3).error is CancellationError)
        settle { hog.close() }
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `what was granted to a download that is closed counts no more`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let account = budget.account()
        #expect(bytes(account, 0, 80).value == 80)
        account.close()
        account.release(held: 80)
        account.endPlace(of: .init(ordinal: 0, byteCount: 80, weight: 4))
        account.need(4)
        account.noteCongestion()
        account.close()
        #expect(budget.reservedByteCount == 0)
        #expect(account.allowance.byteCount == 0)
    }

    @Test func `it tells when the last download has gone, if they had much`() {
        let idleCount = Mutex(0)
        let budget = FetchBudget(byteCount: 64 << 20, firstByteCount: 32 << 20) { idleCount.withLock { $0 += 1 } }
        for (byteCount, expected) in [((16 << 20) - 1, 0), (16 << 20, 1), (1, 1)] {
            var accounts = [budget.account(), budget.account()]
            _ = bytes(accounts[0], 0, byteCount)
            // What was given back before counts too.
            accounts[0].release(held: byteCount)
            accounts.removeLast()
            let before = idleCount.withLock(\.self)
            accounts[0].close()
            accounts.removeLast()
            #expect(idleCount.withLock(\.self) == expected)
            #expect(before == (byteCount == 1 ? 1 : 0))
        }
    }

    @Test func `it tells too if what waited had much`() {
        let idleCount = Mutex(0)
        let budget = FetchBudget(byteCount: 20 << 20, firstByteCount: 20 << 20) { idleCount.withLock { $0 += 1 } }
        let (small, large) = (budget.account(), budget.account())
        _ = bytes(small, 0, 15 << 20)
        let waiting = bytes(large, 0, 16 << 20)
        settle { small.close() }
        #expect(waiting.value == 16 << 20)
        large.close()
        #expect(idleCount.withLock(\.self) == 1)
    }

    // MARK: Cancelling

    @Test func `a cancelled wait leaves the line and holds nothing`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (hog, impatient, patient) = (budget.account(), budget.account(), budget.account())
        _ = bytes(hog, 0, 60)
        let cancelled = bytes(impatient, 0, 90)
        let waiting = bytes(patient, 0, 40)
        #expect(waiting.isWaiting)
        settle { cancelled.cancel() }
        #expect(cancelled.error is CancellationError)
        // It stood in the way.
        #expect(!waiting.isWaiting)
        #expect(budget.reservedByteCount == 100)
        // It may come again.
        let again = bytes(impatient, 0, 10)
        settle { hog.release(held: 60) }
        #expect(!again.isWaiting)
    }

    @Test func `a cancelled wait for a place makes way for the next`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let account = budget.account()
        _ = place(account, 0, 100)
        let cancelled = place(account, 1, 60)
        settle { cancelled.cancel() }
        #expect(cancelled.error is CancellationError)
        let next = place(account, 1, 60)
        #expect(next.isWaiting)
        settle { account.release(held: 0, ahead: 60) }
        #expect(next.value != nil)
    }

    @Test func `a task that is cancelled already holds nothing`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100, placeByteCount: 10)
        let account = budget.account()
        let started = executor.start {
            try await account.bytes(for: .init(ordinal: 0, byteCount: 10, leastByteCount: 10))
        }
        let other = executor.start { try await account.place(for: .init(ordinal: 0, byteCount: 10, weight: 4)) }
        started.cancel()
        other.cancel()
        executor.runUntilIdle()
        #expect(started.error is CancellationError)
        #expect(other.error is CancellationError)
        #expect(budget.reservedByteCount == 0)
    }

    /// Whatever is granted arrives, or is given back, whichever comes first.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `grants against cancellations, in any order`(seed: UInt64) {
        let executor = StepExecutor(seed: seed)
        var random = SplitMix64(seed: seed)
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let accounts = (0..<6).map { _ in budget.account() }
        let tasks = accounts.flatMap { account in
            (0..<4).map { ordinal in
                let byteCount = Int.random(in: 1...60, using: &random)
                let isNeeded = Bool.random(using: &random)
                return executor.start {
                    if isNeeded { account.need(ordinal) }
                    let held = try await account.bytes(
                        for: .init(ordinal: ordinal, byteCount: byteCount, leastByteCount: 1)
                    )
                    await Task.yield()
                    account.release(held: held)
                }
            }
        }
        while executor.run(Int.random(in: 1...6, using: &random)) {
            if Int.random(in: 0..<3, using: &random) == 0 { tasks.randomElement(using: &random)?.cancel() }
            if Int.random(in: 0..<20, using: &random) == 0 { accounts.randomElement(using: &random)?.close() }
        }
        for task in tasks {
            #expect(!task.isWaiting)
            if let error = task.error { #expect(error is CancellationError) }
        }
        #expect(budget.reservedByteCount == 0)
    }

    /// Readers that wait may take the whole beyond by the spare memory and what one of them needs, others nothing.
    @Test(arguments: 0..<60 as Range<UInt64>, [false, true])
    func `in any order of events everybody gets through and the whole is kept`(seed: UInt64, isNeeded: Bool) {
        let executor = StepExecutor(seed: seed)
        var random = SplitMix64(seed: seed)
        let whole = Int.random(in: 1...300, using: &random)
        // Places alone could take all of it, and then only needed bytes get through.
        let place = isNeeded ? Int.random(in: 0...whole / 3, using: &random) : 0
        let budget = FetchBudget(
            byteCount: whole,
            firstByteCount: Int.random(in: 1...100, using: &random),
            firstFetchCount: Int.random(in: 1...3, using: &random),
            placeByteCount: place
        )
        let most = Mutex(0)
        let downloads = (0..<8).map { number in
            let sizes = (0..<30).map { _ in Int.random(in: 1...whole - place, using: &random) }
            return executor.start {
                let account = budget.account()
                for (step, size) in sizes.enumerated() {
                    let fetch = BudgetStateMachine.Fetch(ordinal: step, byteCount: size, weight: 1 + size % 4)
                    if isNeeded { account.need(step) }
                    try await account.place(for: fetch)
                    await Task.yield()
                    let held = try await account.bytes(
                        for: .init(ordinal: step, byteCount: size, leastByteCount: size)
                    )
                    most.withLock { $0 = max($0, budget.reservedByteCount) }
                    await Task.yield()
                    account.noteWait(of: .milliseconds(size))
                    account.noteDelivery(of: 10 * size, at: .seconds(step))
                    account.endPlace(of: fetch)
                    account.release(held: held, ahead: size)
                }
            }
        }
        executor.runUntilIdle()
        for download in downloads { #expect(download.value != nil) }
        #expect(most.withLock { $0 } <= (isNeeded ? whole + whole / 8 + whole : whole))
        #expect(budget.reservedByteCount == 0)
    }
}
