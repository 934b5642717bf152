import HTTPTypes
import XetWire

/// The headers that pass through the proxy; no other does.
///
/// Authorization is none of them: it is given to each request apart, for the one host that it belongs to.
enum EndpointHeaders {
    /// What goes with a request, whoever it goes to.
    private static let request: Set<String> = [
        "accept", "content-encoding", "content-type", "range", "if-match", "if-none-match", "if-modified-since",
        "if-unmodified-since",
        "if-range", "user-agent", "x-xet-session-id", "x-request-id",
    ]
    /// What the Hub gets besides.
    private static let hubRequest: Set<String> = ["accept-encoding", "accept-language", "origin", "x-amzn-trace-id"]
    /// What the CAS gets besides.
    private static let casRequest: Set<String> = ["x-range-dirty"]
    /// What a Git server gets besides; Git packs long requests.
    private static let gitRequest: Set<String> = ["content-encoding", "git-protocol"]
    /// What says how much of a file is wanted, and whether.
    private static let conditions: Set<String> = [
        "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
    ]

    /// What goes with an answer.
    private static let response: Set<String> = [
        // The content.
        "accept-ranges", "age", "allow", "cache-control", "content-disposition", "content-encoding", "content-language",
        "content-length", "content-range", "content-type", "etag", "expires", "last-modified", "vary",
        // Where else to look; rewritten before it leaves.
        "link", "location",
        // What the Hub says of files and errors.
        "x-error-code", "x-error-message", "x-linked-etag", "x-linked-size", "x-repo-commit", "x-total-count",
        "x-xet-hash",
        // Who may ask, and how often; and which pages' scripts may read it.
        "lfs-authenticate", "retry-after", "www-authenticate", "access-control-allow-origin",
        "access-control-expose-headers",
        // For logs on both sides.
        "x-request-id", "x-amzn-requestid",
        // What registry clients read.
        "docker-content-digest", "docker-distribution-api-version",
    ]

    /// Whether a request may have a header, whoever it is for; the name is in lower case.
    static func mayBeSent(_ name: String) -> Bool {
        request.contains(name) || hubRequest.contains(name) || casRequest.contains(name) || name.hasPrefix("x-hf-")
            || ["authorization", "traceparent", "tracestate"].contains(name)
    }

    /// What the Hub gets of a request.
    static func hubRequest(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) { request.contains($0) || hubRequest.contains($0) || $0.hasPrefix("x-hf-") }
    }

    /// What the Hub gets of a request of Git's.
    static func gitRequest(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) { request.contains($0) || hubRequest.contains($0) || gitRequest.contains($0) }
    }

    /// What the Hub gets of a request for what a file is, which is the same whatever part of it is wanted.
    static func resolveRequest(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) {
            (request.contains($0) || hubRequest.contains($0) || $0.hasPrefix("x-hf-")) && !conditions.contains($0)
                && !["accept", "content-encoding", "content-type"].contains($0)
        }
    }

    /// What the CAS gets of a request.
    static func casRequest(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) { request.contains($0) || casRequest.contains($0) }
    }

    /// What the host that has the bytes of xorbs gets of a request.
    static func xorbRequest(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) { request.contains($0) && ($0 == "range" || !conditions.contains($0)) }
    }

    /// What a host behind a signed URL gets of a request.
    static func dataRequest(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) { request.contains($0) }
    }

    /// What a client gets of an answer.
    static func response(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) { response.contains($0) || $0.hasPrefix("ratelimit") || $0.hasPrefix("x-hf-") }
    }

    /// What a client gets of the headers that describe a file, without those that describe the answer they came with.
    static func fileResponse(_ headers: HTTPFields) -> HTTPFields {
        var headers = response(headers)
        for name in [
            HTTPField.Name.contentLength, .contentType, .contentEncoding, .contentRange, .location, .link, .allow,
            .wwwAuthenticate,
        ] {
            headers[name] = nil
        }
        return headers
    }

    /// What an answer says to caches.
    static func caching(_ headers: HTTPFields) -> HTTPFields {
        filtered(headers) { ["age", "cache-control", "expires", "vary"].contains($0) }
    }

    private static func filtered(_ headers: HTTPFields, _ isKept: (String) -> Bool) -> HTTPFields {
        // A name that `Connection` lists is meant for the next hop only.
        let hop = headers[.connection]?.lowercased().filter { $0 != " " }.split(separator: ",").map(String.init) ?? []
        return HTTPFields(headers.filter { isKept($0.name.canonicalName) && !hop.contains($0.name.canonicalName) })
    }
}
