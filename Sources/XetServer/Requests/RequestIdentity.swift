import HTTPTypes

/// What tells a request from all others here and upstream.
package struct RequestIdentity: Sendable {
    /// The client's own id, or a new one.
    package let id: RequestID
    /// The trace that it belongs to.
    package let parent: TraceParent?
    /// What tracing systems keep beside that, as it came.
    package let state: String?

    /// Reads the headers of a request.
    init(_ headers: HTTPFields) {
        var generator = SystemRandomNumberGenerator()
        id = headers[.requestID].flatMap { RequestID($0) } ?? RequestID(using: &generator)
        parent = headers[.traceParent].flatMap { TraceParent($0) }
        state = headers[.traceState]
    }
}

extension HTTPField.Name {
    /// The authority, where a client of HTTP/2 repeats it.
    static let host = HTTPField.Name.named("Host")
    /// Identifies a request in logs on both sides.
    static let requestID = HTTPField.Name.named("X-Request-Id")
    /// The trace that a request belongs to (W3C Trace Context).
    static let traceParent = HTTPField.Name.named("traceparent")
    /// What tracing systems keep beside it.
    static let traceState = HTTPField.Name.named("tracestate")

    /// A name that is written in the source.
    ///
    /// Precondition: it is a valid one (checked).
    static func named(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid header name") }
        return field
    }
}
