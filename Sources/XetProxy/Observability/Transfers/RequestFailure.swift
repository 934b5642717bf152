/// A request that failed, as it is shown to the operator.
struct RequestFailure: Hashable, Sendable {
    /// Seconds since 1970.
    let time: UInt64
    /// The status that was sent; after 200 or 206 the connection was closed before the end.
    let status: Int
    /// The route's name, one of a fixed set.
    let route: String
    /// The kind of failure in a few words; names nothing private.
    let summary: String
    /// The whole cause, without secrets; may name repositories and files.
    let cause: String
    /// Who asked with a token; may be told the cause.
    var caller: CallerMark?
}
