import Hummingbird
import NIOCore
import Synchronization
import XetServer

/// What is known of a request to an origin, and of the connection that it came on.
struct OriginContext: ServerContext {
    private final class Record: Sendable {
        let facts = Mutex(RequestFacts())
    }

    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    private let record = Record()

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    var facts: RequestFacts { record.facts.withLock { $0 } }

    func note(upstreamID: XetServer.RequestID?) { record.facts.withLock { $0.upstreamID = upstreamID } }

    /// Notes which route answers.
    func note(_ route: any Route) {
        let label = RouteLabel(type(of: route).label)
        record.facts.withLock { $0.route = label }
    }
}

/// An origin has nothing to add to what the server logs of each request.
struct OriginWatch: RequestWatcher {
    typealias Context = OriginContext
}
