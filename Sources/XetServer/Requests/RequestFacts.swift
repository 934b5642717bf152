/// The route of a request, as logs and metrics name it; there are few of them.
package struct RouteLabel: Hashable, Sendable {
    /// Its name.
    package let name: String
    /// Whether it is about the server itself: asked for often, by machines.
    package let isStatus: Bool

    package init(_ name: String, isStatus: Bool = false) {
        self.name = name
        self.isStatus = isStatus
    }

    /// The route of a request that nobody has looked at.
    package static let other = RouteLabel("other")
}

/// What becomes known of a request on its way through its route.
package struct RequestFacts: Sendable {
    /// Which route it is.
    package var route = RouteLabel.other
    /// What the log says of what is asked for; the path is logged where this holds no `file`.
    package var fields: [String: String] = [:]
    /// Why it got an error status.
    package var failure: (any Error)?
    /// The id of an upstream's answer, if that is passed on.
    package var upstreamID: RequestID?

    package init() {}
}
