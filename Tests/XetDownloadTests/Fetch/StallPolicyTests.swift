import Testing
import XetTestSupport

@testable import XetDownload

@Suite struct StallPolicyTests {
    private let policy = StallPolicy(silence: .seconds(3), leastRate: 100, period: .seconds(6))

    private func rest(silence: Int, waited: Int, byteCount: Int) -> Duration {
        policy.rest(
            Pulse.Reading(silence: .milliseconds(silence), waited: .milliseconds(waited), byteCount: byteCount)
        )
    }

    @Test func `silence counts from when bytes were asked for`() {
        #expect(rest(silence: 0, waited: 0, byteCount: 0) == .seconds(3))
        #expect(rest(silence: 2999, waited: 2999, byteCount: 0) == .milliseconds(1))
        #expect(rest(silence: 3000, waited: 3000, byteCount: 0) <= .zero)
        #expect(rest(silence: 60_000, waited: 60_000, byteCount: 1 << 30) <= .zero)
    }

    @Test func `a trickle counts after the period, and from the least rate on`() {
        #expect(rest(silence: 0, waited: 5999, byteCount: 0) == .seconds(3))
        #expect(rest(silence: 0, waited: 6000, byteCount: 599) == .zero)
        #expect(rest(silence: 0, waited: 6000, byteCount: 600) == .seconds(3))
        #expect(rest(silence: 1000, waited: 12_000, byteCount: 1199) == .zero)
        #expect(rest(silence: 1000, waited: 12_000, byteCount: 1200) == .seconds(2))
    }

    @Test func `a pulse tells what was waited for`() {
        let clock = ManualClock()
        let pulse = Pulse(Stopwatch(clock))
        func expect(silence: Int, waited: Int, byteCount: Int) {
            let reading = pulse.reading
            #expect(reading.silence == .seconds(silence))
            #expect(reading.waited == .seconds(waited))
            #expect(reading.byteCount == byteCount)
        }
        clock.advance(by: .seconds(5))
        expect(silence: 0, waited: 0, byteCount: 0)
        pulse.beginWait()
        clock.advance(by: .seconds(2))
        expect(silence: 2, waited: 2, byteCount: 0)
        pulse.endWait(byteCount: 7)
        clock.advance(by: .seconds(90))
        expect(silence: 0, waited: 2, byteCount: 7)
        pulse.beginWait()
        clock.advance(by: .seconds(1))
        expect(silence: 1, waited: 3, byteCount: 7)
        pulse.endWait(byteCount: 3)
        expect(silence: 0, waited: 3, byteCount: 10)
    }
}
