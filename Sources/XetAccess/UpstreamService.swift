/// What kind of server a request goes to, as far as metrics and messages tell them apart.
public enum UpstreamService: String, Sendable, CaseIterable {
    /// The Hub.
    case hub
    /// The service that knows reconstructions.
    case cas
    /// Any other host of theirs: the ones that signed URLs and redirects lead to.
    case cdn
    /// The object store that replicas share, and what gives out credentials for it.
    case store
}
