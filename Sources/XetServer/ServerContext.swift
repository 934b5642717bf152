package import Hummingbird
package import NIOCore

/// What the server shell needs to know of a request that a route answers.
package protocol ServerContext: RequestContext where Source == ApplicationRequestContextSource {
    /// The connection, or the stream of one.
    var channel: any Channel { get }
    /// What has become known of the request so far.
    var facts: RequestFacts { get }
    /// Notes the id that an upstream gave to its answer, which the client gets.
    func note(upstreamID: RequestID?)
}

extension ServerContext {
    /// Whether the request came on a stream of an HTTP/2 connection, which itself is what the listening socket accepted.
    package var isStream: Bool { channel.parent?.parent != nil }

    /// The connection's departure signal.
    package func departure() async throws -> ClientDeparture {
        let channel = channel
        return try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: ClientDepartureHandler.self).departure
        }.get()
    }

    /// Runs what waits for others for as long as the client is there.
    package func whilePresent<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await departure().cancelling(body)
    }
}
