import Synchronization
import Testing

@testable import XetServer

@Suite struct AnswerObservationTests {
    private final class Endings: Sendable {
        private let stored = Mutex<[AnswerObservation.Ending]>([])
        func append(_ ending: AnswerObservation.Ending) { stored.withLock { $0.append(ending) } }
        var all: [AnswerObservation.Ending] { stored.withLock { $0 } }
    }

    private struct Wrong: Error {}

    private let endings = Endings()

    private func observation() -> AnswerObservation {
        AnswerObservation { [endings] in endings.append($0) }
    }

    @Test func `an answer ends once`() throws {
        let observation = observation()
        observation.note(status: 206)
        observation.noteFirstByte()
        observation.note(sent: 5)
        observation.note(sent: 6)
        observation.end(.aborted, error: Wrong())
        observation.end(.finished)
        let ending = try #require(endings.all.first)
        #expect(endings.all.count == 1)
        #expect(ending.status == 206)
        #expect(ending.byteCount == 11)
        #expect(ending.outcome == .aborted)
        #expect(ending.firstByte != nil)
        #expect(ending.error is Wrong)
    }

    @Test func `what is dropped before its body was left by the client`() {
        do {
            let observation = observation()
            observation.note(status: 200)
        }
        #expect(endings.all.map(\.outcome) == [.cancelled])
        #expect(endings.all.map(\.status) == [200])
        #expect(endings.all.first?.firstByte == nil)
    }

    @Test(arguments: [(9, .cancelled), (10, .finished)] as [(Int, AnswerOutcome)])
    func `who leaves with the whole body has not left early`(sent: Int, outcome: AnswerOutcome) {
        let observation = observation()
        observation.note(status: 200, byteCount: 10)
        observation.note(sent: sent)
        observation.end(.cancelled, error: CancellationError())
        #expect(endings.all.map(\.outcome) == [outcome])
        #expect((endings.all.first?.error == nil) == (outcome == .finished))
    }

    @Test func `without a head the client left before the answer`() {
        observation().end(.cancelled)
        #expect(endings.all.map(\.status) == [499])
    }
}
