import Testing
import XetAccess
import XetTestSupport

@testable import XetDownload

/// Answers that are held as a whole count in the memory that downloads share.
@Suite struct BufferedAnswersTests {
    private static let small = BufferedAnswers.smallByteCount
    private let executor = StepExecutor()

    /// Half of it, ten pieces, is for answers.
    private let budget = FetchBudget(byteCount: 200 * small, firstByteCount: 200 * small)

    private func hold(_ answer: AnswerReservation, _ count: Int) -> Started<Void> {
        let started = executor.start { try await answer.hold(count * Self.small) }
        executor.runUntilIdle()
        return started
    }

    private var heldCount: Int { budget.reservedByteCount / Self.small }

    @Test func `answers have half of it, in the order of arrival`() {
        let answers = (0..<4).map { _ in budget.answerReservation() }
        #expect(!hold(answers[0], 60).isWaiting)
        #expect(!hold(answers[1], 40).isWaiting)
        let third = hold(answers[2], 50)
        let fourth = hold(answers[3], 2)
        #expect(third.isWaiting && fourth.isWaiting)
        answers[1].giveBack()
        executor.runUntilIdle()
        #expect(third.isWaiting && fourth.isWaiting)
        answers[0].shrink(to: 10 * Self.small)
        executor.runUntilIdle()
        #expect(!third.isWaiting && !fourth.isWaiting)
        #expect(heldCount == 62)
        for answer in answers { answer.giveBack() }
        #expect(heldCount == 0)
    }

    @Test func `one that is alone may have more, and a small one does not wait`() {
        let (large, small, next) = (budget.answerReservation(), budget.answerReservation(), budget.answerReservation())
        #expect(!hold(large, 500).isWaiting)
        #expect(!hold(small, 1).isWaiting)
        #expect(heldCount == 501)
        let waiting = hold(next, 2)
        #expect(waiting.isWaiting)
        large.giveBack()
        executor.runUntilIdle()
        #expect(!waiting.isWaiting)
        #expect(heldCount == 3)
    }

    @Test func `one that grows goes before those that have nothing`() {
        let (written, growing, next) = (
            budget.answerReservation(), budget.answerReservation(), budget.answerReservation()
        )
        #expect(!hold(written, 50).isWaiting)
        #expect(!hold(growing, 30).isWaiting)
        let other = hold(next, 40)
        let more = hold(growing, 60)
        #expect(other.isWaiting && more.isWaiting)
        written.giveBack()
        executor.runUntilIdle()
        #expect(!more.isWaiting)
        #expect(!other.isWaiting)
        #expect(heldCount == 100)
    }

    @Test func `what is held is given back when it goes, or its task is cancelled`() {
        var answer: AnswerReservation? = budget.answerReservation()
        if let answer { #expect(!hold(answer, 90).isWaiting) }
        let (impatient, patient) = (budget.answerReservation(), budget.answerReservation())
        let cancelled = hold(impatient, 80)
        let waiting = hold(patient, 10)
        #expect(cancelled.isWaiting && waiting.isWaiting)
        cancelled.cancel()
        executor.runUntilIdle()
        #expect(cancelled.error is CancellationError)
        #expect(!waiting.isWaiting)
        #expect(heldCount == 100)
        answer = nil
        #expect(heldCount == 10)
    }

    private func bytes(_ account: FetchAccount, _ count: Int, least: Int? = nil) -> Started<Int> {
        let demand = BudgetStateMachine.Demand(
            ordinal: 0,
            byteCount: count * Self.small,
            leastByteCount: least ?? count * Self.small
        )
        let started = executor.start { try await account.bytes(for: demand) }
        executor.runUntilIdle()
        return started
    }

    @Test func `answers take from what downloads may have, and keep no reader waiting`() {
        let (answer, account) = (budget.answerReservation(), budget.account())
        #expect(!hold(answer, 100).isWaiting)
        let ahead = bytes(account, 150)
        #expect(ahead.isWaiting)
        answer.giveBack()
        executor.runUntilIdle()
        #expect(!ahead.isWaiting)
        // Downloads that have all of it keep no answer waiting.
        let (next, other) = (budget.answerReservation(), budget.account())
        #expect(!hold(next, 100).isWaiting)
        let behind = bytes(other, 100, least: 1)
        #expect(behind.isWaiting)
        // And answers no reader, however much both have.
        other.need(0)
        executor.runUntilIdle()
        #expect(behind.value == 1)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `in any order of events all get through and the half is kept`(seed: UInt64) {
        let executor = StepExecutor(seed: seed)
        let gate = TaskGate()
        let tasks = (0..<12).map { number in
            executor.start {
                var random = SplitMix64(seed: seed &* 100 &+ UInt64(number))
                for _ in 0..<10 {
                    let answer = budget.answerReservation()
                    if Bool.random(using: &random) {
                        try await answer.hold(Int.random(in: 1...100, using: &random) * Self.small)
                    } else {
                        try await gate.withTurn {
                            for size in [10, 20, 40, 80] { try await answer.hold(size * Self.small) }
                            answer.shrink(to: Int.random(in: 1...80, using: &random) * Self.small)
                        }
                    }
                    await Task.yield()
                }
            }
        }
        executor.runUntilIdle()
        for task in tasks { #expect(task.value != nil) }
        #expect(budget.reservedByteCount == 0)
    }
}
