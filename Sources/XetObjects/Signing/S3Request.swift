import XetWire

/// A request as its signature sees it.
struct S3Request: Sendable {
    /// The method, in upper case.
    var method: String
    /// The host, with its port if that is not the usual one.
    var host: String
    /// The path, encoded, as it is sent.
    var path: String
    /// Names and values of the query, not encoded.
    var query: [(name: String, value: String)] = []
    /// Headers that are signed, but `Host` and those of the signature itself.
    var headers: [(name: String, value: String)] = []
    /// SHA-256 of the body in hex, or what stands for one that is not signed.
    var payloadHash = S3Signer.emptyHash

    /// The query as it is signed and sent: encoded, in the order of the encoded names, then of the values.
    var canonicalQuery: String {
        query.map { (PercentEncoding.encode(segment: $0.name), PercentEncoding.encode(segment: $0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }

    /// Path and query as they are sent.
    var target: String { query.isEmpty ? path : "\(path)?\(canonicalQuery)" }

    /// The names of all headers that are signed.
    var signedHeaders: String { canonicalHeaders.map(\.name).joined(separator: ";") }

    /// What is hashed for the signature.
    ///
    /// Source: "Create a canonical request" in "Signature calculations for the Authorization header" of the S3 API reference.
    var canonicalText: String {
        let headers = canonicalHeaders.map { "\($0.name):\($0.value)\n" }.joined()
        return [method, path, canonicalQuery, headers, signedHeaders, payloadHash].joined(separator: "\n")
    }

    /// Names in lower case, values without blanks at their ends and with single ones inside, by name.
    private var canonicalHeaders: [(name: String, value: String)] {
        (headers + [("host", host)])
            .map { ($0.name.lowercased(), $0.value.split(separator: " ").joined(separator: " ")) }
            .sorted { $0.0 < $1.0 }
    }
}
