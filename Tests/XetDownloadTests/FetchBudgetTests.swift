import Synchronization
import Testing
import XetTestSupport

@testable import XetDownload

@Suite struct FetchBudgetTests {
    private let executor = StepExecutor()

    /// Asks for room; what is not granted at once waits.
    private func reserve(_ account: FetchAccount, _ byteCount: Int) -> Started<Int> {
        let started = executor.start { try await account.reserve(byteCount) }
        executor.runUntilIdle()
        return started
    }

    @Test func `a download runs ahead as far as it may at first`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100, firstFetchCount: 3)
        let account = budget.account()
        #expect(account.allowance.byteCount == 100)
        #expect(!reserve(account, 60).isWaiting)
        #expect(!reserve(account, 40).isWaiting)
        #expect(budget.reservedByteCount == 100)
        let third = reserve(account, 1)
        #expect(third.isWaiting)
        account.release(1)
        executor.runUntilIdle()
        #expect(!third.isWaiting)
        #expect(budget.reservedByteCount == 100)
    }

    @Test func `the number of fetches is limited too`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100, firstFetchCount: 2)
        let account = budget.account()
        _ = reserve(account, 1)
        _ = reserve(account, 1)
        let third = reserve(account, 1)
        #expect(third.isWaiting)
        account.release(2)
        executor.runUntilIdle()
        #expect(third.isWaiting)
        account.endFetch(of: 1)
        executor.runUntilIdle()
        #expect(!third.isWaiting)
    }

    @Test func `four small fetches count as one`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 1000, firstFetchCount: 2, smallFetchByteCount: 10)
        let account = budget.account()
        _ = reserve(account, 11)
        for _ in 0..<4 { #expect(!reserve(account, 10).isWaiting) }
        let next = reserve(account, 10)
        #expect(next.isWaiting)
        account.endFetch(of: 10)
        executor.runUntilIdle()
        #expect(!next.isWaiting)
        let large = reserve(account, 11)
        #expect(large.isWaiting)
        account.endFetch(of: 11)
        executor.runUntilIdle()
        #expect(!large.isWaiting)
    }

    @Test func `a single fetch may exceed the first limit but not the whole`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100)
        let account = budget.account()
        #expect(!reserve(account, 900).isWaiting)
        let other = budget.account()
        let waiting = reserve(other, 200)
        #expect(waiting.isWaiting)
        account.release(100)
        executor.runUntilIdle()
        #expect(!waiting.isWaiting)
        #expect(budget.reservedByteCount == 1000)
    }

    @Test func `a first limit beyond the whole is the whole`() {
        let budget = FetchBudget(byteCount: 50, firstByteCount: 100)
        #expect(budget.account().allowance.byteCount == 50)
    }

    @Test func `room goes to who waits longest, and the small does not overtake the large`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (first, large, small) = (budget.account(), budget.account(), budget.account())
        _ = reserve(first, 90)
        let large1 = reserve(large, 60)
        let small1 = reserve(small, 5)
        #expect(large1.isWaiting)
        // It would fit, but would keep the large one from ever fitting.
        #expect(small1.isWaiting)
        first.release(50)
        executor.runUntilIdle()
        #expect(!large1.isWaiting)
        #expect(small1.isWaiting)
        first.release(5)
        executor.runUntilIdle()
        #expect(!small1.isWaiting)
        #expect(budget.reservedByteCount == 100)
    }

    @Test func `who is at its own limit keeps nobody waiting`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100, firstFetchCount: 9)
        let (busy, other) = (budget.account(), budget.account())
        _ = reserve(busy, 100)
        #expect(reserve(busy, 50).isWaiting)
        #expect(!reserve(other, 50).isWaiting)
    }

    /// Lets a reader wait all the time, and twice as long for twice as many bytes: more is worth it every time.
    private func grow(_ account: FetchAccount, times count: Int) {
        var time = Duration.zero
        account.noteDelivery(of: 0, at: time)
        for step in 0..<count {
            account.noteWait(of: .seconds(1))
            time += .seconds(1)
            account.noteDelivery(of: account.allowance.byteCount << step, at: time)
        }
    }

    @Test func `the share shrinks as downloads come and grows as they go`() {
        let budget = FetchBudget(byteCount: 1200, firstByteCount: 100, firstFetchCount: 99, mostFetchCount: 99)
        let account = budget.account()
        grow(account, times: 5)
        #expect(account.allowance.byteCount == 1200)
        var others = [budget.account(), budget.account()]
        // Those that want little get it.
        #expect(others[0].allowance.byteCount == 100)
        #expect(account.allowance.byteCount == 1000)
        others += (0..<97).map { _ in budget.account() }
        // All want as much or more than there is.
        #expect(account.allowance.byteCount == 12)
        #expect(others[50].allowance.byteCount == 12)
        others = []
        #expect(account.allowance.byteCount == 1200)
    }

    @Test func `those that want more than there is get equal parts of what the others leave`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100, firstFetchCount: 1)
        let accounts = (0..<4).map { _ in budget.account() }
        grow(accounts[0], times: 5)
        grow(accounts[1], times: 2)
        grow(accounts[2], times: 5)
        #expect(accounts.map(\.allowance.byteCount) == [300, 300, 300, 100])
    }

    @Test func `little room is for few fetches`() {
        var limits = Pace.Limits()
        limits.firstByteCount = 1600
        limits.firstFetchCount = 8
        limits.leastByteCountPerFetch = 200
        let budget = FetchBudget(byteCount: 2000, limits: limits)
        let account = budget.account()
        #expect(account.allowance.fetchCount == 8)
        let other = budget.account()
        #expect(account.allowance.fetchCount == 5)
        let more = (0..<18).map { _ in budget.account() }
        #expect(account.allowance.fetchCount == 1)
        withExtendedLifetime((other, more)) {}
    }

    @Test func `growing lets a waiting fetch through`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100)
        let account = budget.account()
        _ = reserve(account, 100)
        let waiting = reserve(account, 100)
        #expect(waiting.isWaiting)
        grow(account, times: 1)
        executor.runUntilIdle()
        #expect(!waiting.isWaiting)
    }

    @Test func `a fetch that ends gives back what its connection took`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 1000)
        let account = budget.account()
        _ = reserve(account, 600)
        account.endFetch(of: 600, releasing: 200)
        #expect(budget.reservedByteCount == 400)
        account.release(400)
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `congestion halves the number of fetches, down to one`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 1000, firstFetchCount: 4)
        let account = budget.account()
        account.noteCongestion()
        #expect(!reserve(account, 1).isWaiting)
        #expect(!reserve(account, 1).isWaiting)
        let third = reserve(account, 1)
        #expect(third.isWaiting)
        account.noteCongestion()
        account.noteCongestion()
        account.noteCongestion()
        account.endFetch(of: 1)
        executor.runUntilIdle()
        #expect(third.isWaiting)
        account.endFetch(of: 1)
        executor.runUntilIdle()
        #expect(!third.isWaiting)
    }

    @Test func `the fetch that the reader waits for is never refused`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (hog, account) = (budget.account(), budget.account())
        _ = reserve(hog, 100)
        let waiting = reserve(account, 70)
        #expect(waiting.isWaiting)
        account.expedite()
        executor.runUntilIdle()
        #expect(!waiting.isWaiting)
        #expect(budget.reservedByteCount == 170)
        // Once only.
        let next = reserve(account, 1)
        #expect(next.isWaiting)
        hog.release(100)
        account.release(70)
        executor.runUntilIdle()
        #expect(!next.isWaiting)
    }

    @Test func `beyond the whole the least is reserved`() throws {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (hog, account) = (budget.account(), budget.account())
        _ = reserve(hog, 90)
        account.expedite()
        let least = executor.start { try await account.reserve(70, atLeast: 20) }
        executor.runUntilIdle()
        #expect(least.value == 20)
        #expect(budget.reservedByteCount == 110)
        hog.release(90)
        account.release(20)
        let all = executor.start { try await account.reserve(70, atLeast: 20) }
        executor.runUntilIdle()
        #expect(all.value == 70)
    }

    @Test func `expediting before the reservation counts for it`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (hog, account) = (budget.account(), budget.account())
        _ = reserve(hog, 100)
        account.expedite()
        account.expedite()
        #expect(!reserve(account, 70).isWaiting)
        #expect(reserve(account, 1).isWaiting)
    }

    @Test func `what is reserved is given back when the download goes`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let survivor = budget.account()
        let waiting: Started<Int>
        do {
            let account = budget.account()
            _ = reserve(account, 80)
            waiting = reserve(survivor, 50)
            #expect(waiting.isWaiting)
            account.release(10)
            #expect(budget.reservedByteCount == 70)
        }
        executor.runUntilIdle()
        #expect(!waiting.isWaiting)
        #expect(budget.reservedByteCount == 50)
    }

    @Test func `it tells when the last download has gone, if they had much`() {
        let idleCount = Mutex(0)
        var limits = Pace.Limits()
        limits.firstByteCount = 32 << 20
        let budget = FetchBudget(byteCount: 64 << 20, limits: limits) { idleCount.withLock { $0 += 1 } }
        for (byteCount, expected) in [((16 << 20) - 1, 0), (16 << 20, 1), (1, 1)] {
            var accounts = [budget.account(), budget.account()]
            _ = reserve(accounts[0], byteCount)
            accounts.removeLast()
            let before = idleCount.withLock(\.self)
            accounts.removeLast()
            #expect(idleCount.withLock(\.self) == expected)
            #expect(before == (byteCount == 1 ? 1 : 0))
        }
    }

    @Test func `a cancelled wait leaves the line and reserves nothing`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let (hog, impatient, patient) = (budget.account(), budget.account(), budget.account())
        _ = reserve(hog, 60)
        let cancelled = reserve(impatient, 90)
        let waiting = reserve(patient, 40)
        #expect(waiting.isWaiting)
        cancelled.cancel()
        executor.runUntilIdle()
        #expect(cancelled.error is CancellationError)
        // It stood in the way.
        #expect(!waiting.isWaiting)
        #expect(budget.reservedByteCount == 100)
        // It may come again.
        let again = reserve(impatient, 10)
        hog.release(60)
        executor.runUntilIdle()
        #expect(!again.isWaiting)
    }

    @Test func `a task that is cancelled already reserves nothing`() {
        let budget = FetchBudget(byteCount: 100, firstByteCount: 100)
        let account = budget.account()
        let started = executor.start { try await account.reserve(10) }
        started.cancel()
        executor.runUntilIdle()
        #expect(started.error is CancellationError)
        #expect(budget.reservedByteCount == 0)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `in any order of events everybody gets through and the whole is kept`(seed: UInt64) throws {
        let executor = StepExecutor(seed: seed)
        var random = SplitMix64(seed: seed)
        let whole = Int.random(in: 1...300, using: &random)
        let budget = FetchBudget(
            byteCount: whole,
            firstByteCount: Int.random(in: 1...100, using: &random),
            firstFetchCount: Int.random(in: 1...3, using: &random)
        )
        let most = Mutex(0)
        let downloads = (0..<8).map { number in
            let sizes = (0..<30).map { _ in Int.random(in: 1...whole, using: &random) }
            return executor.start {
                let account = budget.account()
                for (step, size) in sizes.enumerated() {
                    try await account.reserve(size)
                    most.withLock { $0 = max($0, budget.reservedByteCount) }
                    await Task.yield()
                    account.noteWait(of: .milliseconds(size))
                    account.noteDelivery(of: 10 * size, at: .seconds(step))
                    account.endFetch(of: size)
                    account.release(size)
                }
            }
        }
        executor.runUntilIdle()
        for download in downloads { #expect(download.value != nil) }
        #expect(most.withLock { $0 } <= whole)
        #expect(budget.reservedByteCount == 0)
    }
}
