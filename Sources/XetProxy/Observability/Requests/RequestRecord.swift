import Synchronization
import XetAccess
import XetCore
import XetServer

/// What becomes known of a request on its way through its route, for logs, metrics and the list of transfers.
final class RequestRecord: Sendable {
    /// What is known so far.
    struct Facts: Sendable {
        var route = RequestRoute.other
        var repository: Repository?
        /// The path in the repository, or the file hash.
        var path: String?
        var failure: XetError?
        /// Where the bytes came from, if there is a cache.
        var cache: CacheTally.Result?
        /// Bytes of xorbs that nobody had to fetch.
        var savedByteCount: UInt64 = 0
        /// The id of the Hub's or the CAS's answer, if that is passed on.
        var upstreamID: XetServer.RequestID?

        /// The same as the server shell takes it.
        var forServer: RequestFacts {
            var facts = RequestFacts()
            facts.route = RouteLabel(route.rawValue, isStatus: route.isStatus)
            facts.fields["repo"] = repository.map { "\($0)" }
            facts.fields["file"] = path
            facts.fields["cache"] = cache?.rawValue
            facts.failure = failure
            facts.upstreamID = upstreamID
            return facts
        }
    }

    private let state = Mutex(Facts())

    /// What is known so far.
    var facts: Facts { state.withLock { $0 } }

    func note(_ route: RequestRoute) {
        state.withLock { $0.route = route }
    }

    func note(_ repository: Repository?, path: String? = nil) {
        state.withLock { facts in
            facts.repository = repository
            facts.path = path
        }
    }

    /// Notes the id that an upstream gave to its answer, which the client gets.
    func note(upstreamID: XetServer.RequestID?) {
        state.withLock { $0.upstreamID = upstreamID }
    }

    /// Notes where the bytes of the answer came from.
    func note(_ cache: CacheTally.Result?, savedByteCount: UInt64) {
        state.withLock { facts in
            facts.cache = cache
            facts.savedByteCount = savedByteCount
        }
    }

    /// Notes why the request got an error status.
    func note(_ failure: XetError) {
        state.withLock { $0.failure = failure }
    }
}
