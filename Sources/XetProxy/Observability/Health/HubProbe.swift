import HTTPTypes
import NIOCore
import Synchronization
import XetAccess
import XetClient

/// Whether the Hub answers, asked at most once in a while, however many want to know.
final class HubProbe: Sendable {
    /// How long an answer counts.
    static let lifetime = Duration.seconds(10)

    private struct Finding {
        let isUp: Bool
        let time: ContinuousClock.Instant
    }

    private let finding = Mutex<Finding?>(nil)
    private let gate = TaskGate()
    private let ask: @Sendable () async throws -> Bool
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Asks with `ask`, which throws only if its task is cancelled.
    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        ask: @escaping @Sendable () async throws -> Bool
    ) {
        self.now = now
        self.ask = ask
    }

    /// Asks for the head of the Hub's root without a token, for at most two seconds.
    ///
    /// Any answer will do but that of a server which cannot.
    convenience init(_ hub: HubClient) {
        self.init {
            // Nobody looks at what comes: in whatever coding it would come, it is an answer.
            var request = UpstreamRequest(.head, hub.endpoint, of: .hub, headers: [.acceptEncoding: "*"])
            request.headTimeout = .seconds(2)
            do {
                return try await hub.http.exchange(request).head.status.code < 500
            } catch is XetError {
                return false
            }
        }
    }

    /// Whether the Hub answered lately.
    ///
    /// Throws `CancellationError`.
    var isUp: Bool {
        get async throws {
            if let known { return known }
            return try await gate.withTurn {
                if let known { return known }
                let isUp = try await ask()
                let now = now()
                finding.withLock { $0 = Finding(isUp: isUp, time: now) }
                return isUp
            }
        }
    }

    /// What the last answer was, however long ago; `nil` before the first.
    var last: Bool? { finding.withLock { $0?.isUp } }

    private var known: Bool? {
        let now = now()
        return finding.withLock { finding in
            finding.flatMap { now - $0.time < Self.lifetime ? $0.isUp : nil }
        }
    }
}
