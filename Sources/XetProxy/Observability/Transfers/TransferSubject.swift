import XetCore

/// What a transfer is about.
struct TransferSubject: Sendable {
    /// What is sent.
    enum Kind: String, Sendable {
        /// A file that is rebuilt, or passed through.
        case file
        /// Bytes of a xorb for a client that rebuilds by itself.
        case xorb
        /// Anything else that passes through.
        case other
    }

    /// Who may be told the names.
    enum Visibility: Sendable {
        /// The Hub gave it to a request without a token, so anyone.
        case anyone
        /// It was asked for with a token: it may be private.
        case unknown
    }

    let kind: Kind
    let repository: Repository?
    /// The path inside the repository, or the file hash if that is how it was asked for.
    let path: String?
    let visibility: Visibility
    /// Size of the body; `nil` if the server has not said.
    let byteCount: UInt64?
    /// Who asked with a token; may be told the names.
    var caller: CallerMark?
    /// The address that it goes to, as the log has it.
    var client: String?
}
