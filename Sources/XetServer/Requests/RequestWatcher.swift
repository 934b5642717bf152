package import HTTPTypes
package import Hummingbird
package import Instrumentation

/// Learns of each request and its answer what only the owner of the routes can make use of.
///
/// Id, log line and metrics of requests are the observer's own; a watcher adds what is particular to a server.
package protocol RequestWatcher<Context>: Sendable {
    associatedtype Context: ServerContext

    /// The path without what gives access to anything.
    func loggedPath(_ request: Request) -> String
    /// Adds to what goes along with the work for a request.
    func prepare(_ instrumentation: inout InstrumentationContext, for identity: RequestIdentity)
    /// An answer begins whose body, of `byteCount` bytes if that is known, has yet to be written.
    ///
    /// What is returned is told how it goes on.
    func begin(_ response: Response, to request: HTTPRequest, _ context: Context, byteCount: UInt64?)
        -> (any AnswerFollower)?
    /// An answer has ended.
    func end(_ ending: AnswerObservation.Ending, of request: HTTPRequest, _ context: Context)
}

extension RequestWatcher {
    package func loggedPath(_ request: Request) -> String { request.uri.path }
    package func prepare(_ instrumentation: inout InstrumentationContext, for identity: RequestIdentity) {}
    package func begin(_ response: Response, to request: HTTPRequest, _ context: Context, byteCount: UInt64?)
        -> (any AnswerFollower)?
    { nil }
    package func end(_ ending: AnswerObservation.Ending, of request: HTTPRequest, _ context: Context) {}
}

/// Follows the body of one answer.
package protocol AnswerFollower: Sendable {
    /// Bytes were sent.
    func note(_ byteCount: Int)
    /// It is over; the first call counts.
    func end(_ outcome: AnswerOutcome)
}

/// How an answer ended.
package enum AnswerOutcome: String, Sendable, CaseIterable {
    /// The last byte was sent.
    case finished
    /// The client left.
    case cancelled
    /// The connection was closed because the rest could not be sent.
    case aborted
}
