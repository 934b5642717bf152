/// What tells one version of a file from another (RFC 9110, section 8.8).
public struct Validators: Hashable, Sendable {
    /// The entity tag; `nil` if there is none.
    public let etag: EntityTag?
    /// When it last changed; `nil` if that is not known.
    public let lastModified: HTTPDate?

    /// Puts them together.
    public init(etag: EntityTag?, lastModified: HTTPDate?) {
        self.etag = etag
        self.lastModified = lastModified
    }
}
