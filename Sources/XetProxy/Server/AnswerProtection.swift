import HTTPTypes
import Hummingbird
import XetWire

/// What every answer says to caches and browsers, whatever its route and whatever an upstream said.
///
/// It is applied where all answers pass, so that no route can forget it.
enum AnswerProtection {
    /// Adds what is missing, and takes away what would let a cache give an answer to somebody else.
    static func apply(to response: inout Response, of request: HTTPRequest, _ route: RequestRoute) {
        protectFromBrowsers(&response.headers)
        protectFromCaches(&response.headers, of: request, route)
    }

    // MARK: Caches

    /// Keeps answers that are meant for one caller out of shared caches (RFC 9111, sections 3 and 5.2.2).
    static func protectFromCaches(_ headers: inout HTTPFields, of request: HTTPRequest, _ route: RequestRoute) {
        let isPrivate = request.headerFields[.authorization] != nil || isForOneCaller(headers, request, route)
        let varying = varyingFields(route, isPrivate: isPrivate)
        if !varying.isEmpty { headers[.vary] = vary(headers[values: .vary], varying) }
        if isPrivate { headers[.cacheControl] = CacheControl(headers[values: .cacheControl]).forOneCaller }
    }

    /// Whether an answer gives access to something, or is about something that has changed.
    private static func isForOneCaller(_ headers: HTTPFields, _ request: HTTPRequest, _ route: RequestRoute) -> Bool {
        switch route {
        case .token, .cas, .xorb, .address, .telemetry: return true
        default: break
        }
        guard [.get, .head].contains(request.method) else { return true }
        return (headers[values: .location] + headers[values: .link]).contains { value in
            ["/addresses/", "/xorbs/"].contains { value.contains($0) }
        }
    }

    /// The request headers that an answer depends on.
    private static func varyingFields(_ route: RequestRoute, isPrivate: Bool) -> [String] {
        switch route {
        // What the client is decides between the bytes and the way to them.
        case .resolve: ["Authorization", "User-Agent"]
        case .download, .downloadHash: ["Authorization"]
        // What no shared cache keeps need not be told apart there.
        case .hub where !isPrivate: ["Authorization"]
        default: []
        }
    }

    private static func vary(_ values: [String], _ names: [String]) -> String {
        var listed = values.joined(separator: ",").split(separator: ",").map { name in
            String(name.filter { $0 != " " && $0 != "\t" })
        }
        guard !listed.contains("*") else { return "*" }
        let known = Set(listed.map { $0.lowercased() })
        listed += names.filter { !known.contains($0.lowercased()) }
        return listed.joined(separator: ", ")
    }

    // MARK: Browsers

    /// Has a browser run nothing of what is not the proxy's own page: what a repository holds shares the page's origin.
    private static func protectFromBrowsers(_ headers: inout HTTPFields) {
        headers[.xContentTypeOptions] = "nosniff"
        guard headers[.contentSecurityPolicy] == nil else { return }
        headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    }
}
