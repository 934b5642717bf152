import Testing
import XetServerTestSupport
import XetTestSupport

@testable import XetServer

@Suite struct ClientPaceTests {
    private typealias Pace = ClientPace<ManualClock.Instant>

    private let clock = ManualClock()
    /// 60 KiB have to be taken in each window.
    private var pace = Pace(leastRate: 1024)

    private func time(_ seconds: Int) -> ManualClock.Instant { ManualClock().now.advanced(by: .seconds(seconds)) }

    @Test mutating func `a client that takes nothing is too slow after a window`() {
        expect(pace.beginWait(time(0)), is: .lookAgain(at: time(60)))
        expect(pace.look(time(59), taken: 0), is: .lookAgain(at: time(60)))
        expect(pace.look(time(60), taken: 0), is: .tooSlow)
    }

    @Test(arguments: [
        (61439, Pace.Verdict.tooSlow), (61440, .lookAgain(at: ManualClock().now.advanced(by: .seconds(120)))),
    ])
    func `the least rate is enough`(_ taken: Int, _ verdict: ClientPace<ManualClock.Instant>.Verdict) {
        var pace = Pace(leastRate: 1024)
        _ = pace.beginWait(time(0))
        expect(pace.look(time(60), taken: taken), is: verdict)
    }

    @Test mutating func `what was taken in one window does not count in the next`() {
        _ = pace.beginWait(time(0))
        expect(pace.look(time(60), taken: 1 << 20), is: .lookAgain(at: time(120)))
        expect(pace.look(time(120), taken: 1 << 20), is: .tooSlow)
    }

    @Test mutating func `time in which the client waits does not count`() {
        _ = pace.beginWait(time(0))
        pace.endWait(time(10))
        // The client waits for an hour, then the proxy for it.
        expect(pace.look(time(3600), taken: 0), is: .fine)
        expect(pace.beginWait(time(3600)), is: .lookAgain(at: time(3650)))
        expect(pace.look(time(3649), taken: 0), is: .lookAgain(at: time(3650)))
        expect(pace.look(time(3650), taken: 0), is: .tooSlow)
    }

    @Test mutating func `a look between two waits judges too`() {
        _ = pace.beginWait(time(0))
        pace.endWait(time(60))
        expect(pace.look(time(70), taken: 0), is: .tooSlow)
    }

    @Test mutating func `a client that goes on is left alone for ever`() {
        _ = pace.beginWait(time(0))
        for minute in 1...100 {
            expect(pace.look(time(60 * minute), taken: 61440 * minute), is: .lookAgain(at: time(60 * (minute + 1))))
        }
    }
}
