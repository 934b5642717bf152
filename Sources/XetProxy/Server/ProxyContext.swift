import Hummingbird
import NIOCore

/// What a route knows of the connection it serves.
struct ProxyContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// What becomes known of the request.
    let record = RequestRecord()

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Whether the request came on a stream of an HTTP/2 connection, which itself is what the listening socket accepted.
    var isStream: Bool { channel.parent?.parent != nil }

    /// The connection's departure signal.
    func departure() async throws -> ClientDeparture {
        let channel = channel
        return try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: ClientDepartureHandler.self).departure
        }.get()
    }
}
