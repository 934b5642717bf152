import HTTPTypes

/// What a client makes of the answer to a `GET` of a file.
enum ClientKind: Hashable, Sendable {
    /// It reads the headers that lead to the CAS, and rebuilds the file itself.
    case xet
    /// It wants the bytes.
    case plain

    /// The reference client names itself in `User-Agent`: `hf_xet/1.8.0`, perhaps after what uses it.
    init(_ request: HTTPRequest) {
        self = request.headerFields[.userAgent]?.contains("hf_xet/") == true ? .xet : .plain
    }
}
