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
        #expect(account.byteLimit == 100)
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
        account.endFetch()
        executor.runUntilIdle()
        #expect(!third.isWaiting)
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
        #expect(budget.account().byteLimit == 50)
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

    @Test func `the share shrinks as downloads come and grows as they go`() {
        let budget = FetchBudget(byteCount: 1200, firstByteCount: 100, firstFetchCount: 99, mostFetchCount: 99)
        let account = budget.account()
        for _ in 0..<10 {
            account.noteDelivery(of: 10_000)
            account.noteStarvation()
        }
        #expect(account.byteLimit == 1200)
        var others = [budget.account(), budget.account()]
        #expect(account.byteLimit == 400)
        others += (0..<97).map { _ in budget.account() }
        // Never less than at the start.
        #expect(account.byteLimit == 100)
        others = []
        #expect(account.byteLimit == 1200)
    }

    @Test func `starvation doubles the limits, once enough was delivered`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100, firstFetchCount: 2, mostFetchCount: 5)
        let account = budget.account()
        account.noteStarvation()
        #expect(account.byteLimit == 100)
        account.noteDelivery(of: 49)
        account.noteStarvation()
        #expect(account.byteLimit == 100)
        account.noteDelivery(of: 1)
        account.noteStarvation()
        #expect(account.byteLimit == 200)
        account.noteStarvation()
        #expect(account.byteLimit == 200)
        for (delivered, limit) in [(100, 400), (200, 800), (400, 1000), (500, 1000)] {
            account.noteDelivery(of: delivered)
            account.noteStarvation()
            #expect(account.byteLimit == limit)
        }
        // 2, 4, 5 fetches.
        for _ in 0..<5 { #expect(!reserve(account, 1).isWaiting) }
        #expect(reserve(account, 1).isWaiting)
    }

    @Test func `growing lets a waiting fetch through`() {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 100)
        let account = budget.account()
        _ = reserve(account, 100)
        let waiting = reserve(account, 100)
        #expect(waiting.isWaiting)
        account.noteDelivery(of: 50)
        account.noteStarvation()
        executor.runUntilIdle()
        #expect(!waiting.isWaiting)
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
        account.endFetch()
        executor.runUntilIdle()
        #expect(third.isWaiting)
        account.endFetch()
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
                for size in sizes {
                    try await account.reserve(size)
                    most.withLock { $0 = max($0, budget.reservedByteCount) }
                    await Task.yield()
                    account.noteDelivery(of: size)
                    account.noteStarvation()
                    account.endFetch()
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
