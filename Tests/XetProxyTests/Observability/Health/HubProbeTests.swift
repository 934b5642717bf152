import Synchronization
import Testing

@testable import XetProxy

@Suite struct HubProbeTests {
    /// A Hub that says what it is told, and counts.
    private final class Hub: Sendable {
        private let state = Mutex((isUp: true, count: 0, time: ContinuousClock.now))

        var isUp: Bool {
            get { state.withLock { $0.isUp } }
            set { state.withLock { $0.isUp = newValue } }
        }
        var count: Int { state.withLock { $0.count } }
        var now: ContinuousClock.Instant { state.withLock { $0.time } }
        func advance(_ duration: Duration) { state.withLock { $0.time += duration } }
        func ask() -> Bool {
            state.withLock { state in
                state.count += 1
                return state.isUp
            }
        }
    }

    private let hub = Hub()

    private func probe() -> HubProbe {
        HubProbe(now: { [hub] in hub.now }, ask: { [hub] in hub.ask() })
    }

    @Test func `an answer counts for a while`() async throws {
        let probe = probe()
        #expect(probe.last == nil)
        #expect(try await probe.isUp)
        hub.isUp = false
        hub.advance(HubProbe.lifetime - .nanoseconds(1))
        #expect(try await probe.isUp)
        #expect(hub.count == 1)
        hub.advance(.nanoseconds(1))
        #expect(try await !probe.isUp)
        #expect(probe.last == false)
        hub.isUp = true
        #expect(try await !probe.isUp)
        hub.advance(HubProbe.lifetime)
        #expect(try await probe.isUp)
        #expect(hub.count == 3)
    }

    @Test func `many who want to know ask once`() async throws {
        let probe = probe()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { try await probe.isUp } }
            for try await isUp in group { #expect(isUp) }
        }
        #expect(hub.count == 1)
    }

    @Test func `a failure to ask is no answer`() async throws {
        let isCancelled = Mutex(true)
        let probe = HubProbe {
            if isCancelled.withLock({ $0 }) { throw CancellationError() }
            return true
        }
        await #expect(throws: CancellationError.self) { try await probe.isUp }
        #expect(probe.last == nil)
        isCancelled.withLock { $0 = false }
        #expect(try await probe.isUp)
    }
}
