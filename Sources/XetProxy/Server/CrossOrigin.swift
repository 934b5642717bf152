import HTTPTypes
import Hummingbird
import XetServer
import XetWire

/// What pages of other sites may do with the answers (CORS, of the Fetch standard): read files as anybody could who sent the
/// same request, and change something only where the proxy passes on writes.
///
/// No credentials of the browser's own count: there are no cookies here, and `*` excludes them. What the proxy says of
/// itself is for pages of its own.
struct CrossOrigin: Sendable {
    /// Seconds for which a browser may keep the answer to a preflight.
    private static let maximumAge = "7200"
    /// Most bytes of the header names in a preflight; no client needs as many.
    private static let maximumByteCount = 2048

    /// Headers of an answer that scripts may read, besides those that they may always.
    private static let exposed = [
        "Accept-Ranges", "Age", "Content-Disposition", "Content-Encoding", "Content-Range", "ETag", "Link",
        "RateLimit", "RateLimit-Policy", "Retry-After", "X-Cache", "X-Error-Code", "X-Error-Message",
        "X-Linked-ETag", "X-Linked-Size", "X-Repo-Commit", "X-Request-Id", "X-Total-Count", "X-Xet-Access-Token",
        "X-Xet-Cas-Url", "X-Xet-Hash", "X-Xet-Refresh-Route", "X-Xet-Token-Expiration", "X-Xet-Verified",
    ].joined(separator: ", ")

    /// Whether the operator lets requests without a token have files.
    let allowAnonymous: Bool
    let allowWrites: Bool

    /// The answer to a preflight; `nil` for every other request, and for paths that are the proxy's own pages or nothing.
    ///
    /// It is the same for everybody, and asks nobody: it says which requests the proxy would look at. Browsers send `POST`
    /// after every answer that is no error, listed or not, so a method that is not for them is refused here.
    func preflight(_ request: Request, _ context: ProxyContext) -> Response? {
        guard request.method == .options, request.headers[.origin] != nil,
            let method = request.headers[.accessControlRequestMethod], let route = Self.route(of: request.uri.path)
        else { return nil }
        context.record.note(route.label)
        let allowed = methods(route.target)
        guard allowed.contains(where: { $0.rawValue == method }) else {
            return .refusal(.methodNotAllowed, "pages of other sites may not do this", allow: allowed)
        }
        var headers: HTTPFields = [
            .accessControlAllowOrigin: "*",
            .accessControlAllowMethods: allowed.map(\.rawValue).joined(separator: ", "),
            .accessControlMaxAge: Self.maximumAge,
            .vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        ]
        headers[.accessControlAllowHeaders] = Self.allowedHeaders(request.headers[.accessControlRequestHeaders])
        return .bare(.noContent, headers)
    }

    /// Lets scripts read an answer.
    ///
    /// Where the Hub says who may, that holds. Otherwise whoever sent a token or an address that the proxy signed: no
    /// browser does that by itself. Without either, a page could use the place of its reader in the network, so it is for
    /// the operator to allow.
    func mark(_ response: inout Response, for request: HTTPRequest) {
        // The answer to a preflight says all that it has to.
        guard request.method != .options,
            let route = Self.route(of: String((request.path ?? "").prefix { $0 != "?" }))
        else { return }
        let isTheirs = !Self.isOurs(route.target) && response.headers[.accessControlAllowOrigin] != nil
        if !isTheirs {
            let isAsked = request.headerFields[.authorization] != nil || Self.isSigned(route.target)
            response.headers[.accessControlAllowOrigin] = allowAnonymous || isAsked ? "*" : nil
        }
        let theirs = isTheirs ? response.headers[.accessControlExposeHeaders].map { ", \($0)" } ?? "" : ""
        response.headers[.accessControlExposeHeaders] =
            response.headers[.accessControlAllowOrigin].map { _ in Self.exposed + theirs }
    }

    private func methods(_ target: EndpointTarget?) -> [HTTPRequest.Method] {
        let reads: [HTTPRequest.Method] = [.get, .head]
        guard let target else { return reads }
        let methods = target.methods(allowWrites: allowWrites)
        return allowWrites ? methods : methods.filter { reads.contains($0) }
    }

    /// Those of the names that a request may have here, as they came.
    private static func allowedHeaders(_ names: String?) -> String? {
        guard let names, names.utf8.count <= maximumByteCount else { return nil }
        let allowed = names.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }.filter {
            EndpointHeaders.mayBeSent($0.lowercased())
        }
        return allowed.isEmpty ? nil : allowed.joined(separator: ", ")
    }

    /// What a path is, unless it is one of the proxy's pages or nothing at all; `target` is `nil` for its downloads.
    private static func route(of path: String) -> (label: RequestRoute, target: EndpointTarget?)? {
        if let own = RequestRoute(ownPath: path) { return own.isStatus ? nil : (own, nil) }
        guard let target = (try? EndpointTarget(encodedPath: path)).flatMap(\.self) else { return nil }
        return (RequestRoute(target), target)
    }

    private static func isSigned(_ target: EndpointTarget?) -> Bool {
        switch target {
        case .xorb, .address: true
        default: false
        }
    }

    /// Whether it is for the proxy to say who may read the answer: a CAS or a CDN would say it of its own clients.
    private static func isOurs(_ target: EndpointTarget?) -> Bool {
        switch target {
        case .file, .hub, .token: false
        default: true
        }
    }
}
