import Synchronization
import Testing
import XetCore
import XetServer

@testable import XetProxy

@Suite struct TransferBookTests {
    private final class Clock: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func advance(_ duration: Duration) { time.withLock { $0 += duration } }
    }

    private let clock = Clock()

    private func book(failureCount: Int = 20) -> TransferBook {
        TransferBook(failureCount: failureCount, now: { [clock] in clock.now })
    }

    private func subject(_ byteCount: UInt64?) -> TransferSubject {
        TransferSubject(
            kind: .file,
            repository: Repository(kind: .model, name: "acme/model"),
            path: "a.bin",
            visibility: .anyone,
            byteCount: byteCount
        )
    }

    @Test func `a transfer from beginning to end`() throws {
        let book = book()
        let transfer = book.begin(subject(1000))
        transfer.note(250)
        clock.advance(.milliseconds(500))
        let live = try #require(book.snapshot.live.first)
        #expect(live.sentByteCount == 250)
        #expect(live.progress == 0.25)
        #expect(live.age == .milliseconds(500))
        #expect(live.bytesPerSecond == 500)
        #expect(book.snapshot.totals == .init(startedCount: 1, sentByteCount: 250))
        transfer.note(750)
        transfer.end(.finished)
        transfer.end(.aborted)
        #expect(book.snapshot.live.isEmpty)
        #expect(book.snapshot.totals == .init(startedCount: 1, finishedCount: 1, sentByteCount: 1000))
    }

    @Test func `the rate is an average over five seconds, whoever looks when`() {
        let book = book()
        let transfer = book.begin(subject(nil))
        #expect(book.snapshot.live[0].bytesPerSecond == 0)
        var rates: [Double] = []
        for sent in [1000, 1000, 0, 0, 0, 0, 0, 0] {
            transfer.note(sent)
            clock.advance(.seconds(1))
            rates.append(book.snapshot.live[0].bytesPerSecond)
            #expect(book.snapshot.live[0].bytesPerSecond == rates.last)
        }
        #expect(rates == [1000, 1000, 2000 / 3, 500, 400, 200, 0, 0])
        // Bursts do not show as such.
        for _ in 0..<6 {
            transfer.note(3000)
            clock.advance(.milliseconds(2500))
        }
        #expect((1000...1500).contains(book.snapshot.live[0].bytesPerSecond))
        clock.advance(.seconds(100))
        #expect(book.snapshot.live[0].bytesPerSecond == 0)
        #expect(book.snapshot.live[0].progress == nil)
        transfer.end(.finished)
    }

    @Test func `each end is counted`() {
        let book = book()
        for outcome in AnswerOutcome.allCases { book.begin(subject(1)).end(outcome) }
        // Nobody ends this one.
        _ = book.begin(subject(1))
        #expect(
            book.snapshot.totals
                == .init(startedCount: 4, finishedCount: 1, cancelledCount: 2, abortedCount: 1, sentByteCount: 0)
        )
        #expect(book.liveCount == 0)
    }

    @Test func `an empty file is done at once`() {
        let book = book()
        let transfer = book.begin(subject(0))
        #expect(book.snapshot.live.map(\.progress) == [1])
        #expect(book.liveCount == 1)
        transfer.end(.finished)
    }

    @Test func `the last failures, newest first`() {
        let book = book(failureCount: 3)
        for number in 1...5 {
            book.note(RequestFailure(time: UInt64(number), status: 502, route: "download", summary: "", cause: ""))
        }
        #expect(book.snapshot.failures.map(\.time) == [5, 4, 3])
    }
}
