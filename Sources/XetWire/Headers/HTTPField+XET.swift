public import HTTPTypes

extension HTTPField.Name {
    /// A name that is written in the source.
    ///
    /// Precondition: it is a valid one (checked).
    package static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid header name") }
        return field
    }

    /// `HIT` or `MISS`: whether the first bytes of the answer were kept.
    public static let xCache = known("X-Cache")
    /// What is compared with a hash before its last byte leaves: `file`, or the `chunks` of a part.
    public static let xetVerified = known("X-Xet-Verified")
    /// 40 hex digits: the commit that the revision resolved to.
    public static let repoCommit = known("X-Repo-Commit")
    /// The entity tag of the content behind a redirect.
    public static let linkedETag = known("X-Linked-Etag")
    /// The size of the content behind a redirect.
    public static let linkedSize = known("X-Linked-Size")
    /// The file hash of a file stored in XET.
    public static let xetHash = known("X-Xet-Hash")
    /// The older way to name the token route.
    public static let xetRefreshRoute = known("X-Xet-Refresh-Route")
    /// Base address of the CAS.
    public static let xetCASURL = known("X-Xet-Cas-Url")
    /// Token for the CAS.
    public static let xetAccessToken = known("X-Xet-Access-Token")
    /// Unix seconds at which the CAS token ends.
    public static let xetTokenExpiration = known("X-Xet-Token-Expiration")
    /// The Hub's name for an error.
    public static let errorCode = known("X-Error-Code")
    /// The Hub's sentence for an error.
    public static let errorMessage = known("X-Error-Message")
    /// Identifies a request in logs on both sides.
    public static let requestID = known("X-Request-Id")
    /// The trace that a request belongs to (W3C Trace Context).
    public static let traceParent = known("traceparent")
    /// What tracing systems keep beside it.
    public static let traceState = known("tracestate")
    /// Links to related resources (RFC 8288).
    public static let link = known("Link")
}
