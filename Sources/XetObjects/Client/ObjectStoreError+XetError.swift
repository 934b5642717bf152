import XetAccess
import XetClient

extension ObjectStoreError {
    /// What a failed exchange with a store means.
    init(_ error: XetError) {
        let kind: Kind =
            switch error.code {
            case .timedOut: .slow
            case .invalidResponse, .invalidRequest, .corrupt: .invalid
            default: .away
            }
        let reason = error.code == .timedOut ? nil : error.cause.flatMap(ConnectionFailure.reason)
        // The reason stands in most messages already.
        let addition = reason.flatMap { error.message.contains($0) ? nil : ": \($0)" } ?? ""
        self.init(kind, error.message + addition)
    }
}
