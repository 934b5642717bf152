/// Whether servers are asked that the Internet cannot reach: at loopback, private, shared or link-local addresses.
///
/// A Hub, a CAS or a CDN says where requests go next, by redirects and signed URLs; one on the Internet has no business at
/// the addresses of whoever asks it. The operator's own Hub is always asked.
public enum PrivateUpstreams: String, Hashable, Sendable, CaseIterable {
    /// If the Hub is such a server itself; a link-local address only if the Hub has one.
    case auto
    /// All of them.
    case allow
    /// None of them.
    case deny
}
