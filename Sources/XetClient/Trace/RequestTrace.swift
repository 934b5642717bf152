import HTTPTypes
public import Instrumentation
import NIOHTTP1
public import XetWire

/// What a request upstream says of the client's request that it is made for.
///
/// It goes along as the task-local context of the work, to whatever host.
public struct RequestTrace: Sendable {
    /// Longest `tracestate` that is passed on (W3C Trace Context, section 3.3.1.5).
    public static let maximumStateByteCount = 512

    /// `X-Request-Id`.
    public let id: RequestID
    /// `traceparent`.
    public let parent: TraceParent?
    /// `tracestate`, which means nothing without `parent`.
    public let state: String?

    /// Makes a record; a state that is too long, not printable or without a parent is left out.
    public init(id: RequestID, parent: TraceParent? = nil, state: String? = nil) {
        self.id = id
        self.parent = parent
        let isPassedOn =
            state.map { state in
                parent != nil && !state.isEmpty && state.utf8.count <= Self.maximumStateByteCount
                    && state.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            } ?? false
        self.state = isPassedOn ? state : nil
    }

    /// Sets the headers.
    func apply(to headers: inout HTTPHeaders) {
        headers.replaceOrAdd(name: HTTPField.Name.requestID.rawName, value: id.text)
        guard let parent else { return }
        headers.replaceOrAdd(name: HTTPField.Name.traceParent.rawName, value: parent.value)
        if let state { headers.replaceOrAdd(name: HTTPField.Name.traceState.rawName, value: state) }
    }
}

private enum RequestTraceKey: InstrumentationContextKey {
    typealias Value = RequestTrace
    static var nameOverride: String? { "xet-request" }
}

extension InstrumentationContext {
    /// The client's request that the present task works for.
    public var requestTrace: RequestTrace? {
        get { self[RequestTraceKey.self] }
        set { self[RequestTraceKey.self] = newValue }
    }
}
