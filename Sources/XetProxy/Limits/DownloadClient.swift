/// Who wants a download, as far as that is known before it begins.
struct DownloadClient: Hashable, Sendable {
    /// Where the request comes from.
    let address: ClientKey
    /// Whose token it carries; `nil` without one, and where nobody checks it.
    let caller: CallerMark?
    /// Whether the Hub is asked before the answer begins.
    ///
    /// Addresses that the proxy signed are checked by their signature; a token that comes with them says nothing.
    let isAsked: Bool
}
