import HTTPTypes
public import Instrumentation
import NIOHTTP1
import XetWire

/// What a request upstream says of the client's request that it is made for.
///
/// It goes along as the task-local context of the work, to whatever host.
public struct RequestTrace: Sendable {
    /// Longest value that is passed on; for `tracestate` that of W3C Trace Context, section 3.3.1.5.
    public static let maximumByteCount = 512

    /// `X-Request-Id`.
    public let id: String?
    /// `traceparent`.
    public let parent: String?
    /// `tracestate`, which means nothing without `parent`.
    public let state: String?

    /// Makes a record; what is too long or not printable is left out, and so is a state without a parent.
    public init(id: String, parent: String? = nil, state: String? = nil) {
        self.id = Self.passedOn(id)
        self.parent = parent.flatMap(Self.passedOn)
        self.state = self.parent == nil ? nil : state.flatMap(Self.passedOn)
    }

    private static func passedOn(_ value: String) -> String? {
        let isValid =
            !value.isEmpty && value.utf8.count <= maximumByteCount
            && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        return isValid ? value : nil
    }

    /// Sets the headers.
    func apply(to headers: inout HTTPHeaders) {
        for (name, value) in [(HTTPField.Name.requestID, id), (.traceParent, parent), (.traceState, state)] {
            if let value { headers.replaceOrAdd(name: name.rawName, value: value) }
        }
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
