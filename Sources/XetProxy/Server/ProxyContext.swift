import Hummingbird
import NIOCore
import XetServer

/// What a route knows of the connection it serves.
struct ProxyContext: ServerContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// What becomes known of the request.
    let record = RequestRecord()

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    var facts: RequestFacts { record.facts.forServer }

    func note(upstreamID: XetServer.RequestID?) { record.note(upstreamID: upstreamID) }
}
