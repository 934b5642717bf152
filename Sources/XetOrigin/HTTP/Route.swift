import HTTPTypes
import Hummingbird
import XetWire

/// Answers one kind of request.
protocol Route: Sendable {
    /// How logs and metrics name it.
    static var label: String { get }

    /// The answer; `nil` if the request is not of this kind. Throws ``RouteError``.
    ///
    /// A HEAD request comes as `GET`; the body of the answer is left out afterwards.
    func respond(to request: RouteRequest) async throws -> Response?
}

extension Route {
    /// The name of the type: `xorb_bytes` for `XorbBytesRoute`.
    static var label: String {
        String(describing: Self.self).replacing("Route", with: "").reduce(into: "") { label, character in
            if character.isUppercase, let last = label.last, last.isLowercase { label.append("_") }
            label += character.lowercased()
        }
    }
}

/// A request, cut into what routes need.
struct RouteRequest: Sendable {
    /// `GET` for HEAD too.
    let method: HTTPRequest.Method
    let isHead: Bool
    let target: RequestTarget
    let headers: HTTPFields
    let body: RequestBody
    /// What absolute addresses in the answer begin with.
    let base: HTTPAddress
    /// Who asks, by the `Authorization` header.
    ///
    /// It is meant for the Hub on Hub routes and for the CAS on CAS routes.
    let bearer: String?

    /// `authority` is the `Host` header, `isSecure` how the client came.
    ///
    /// Throws 400 when it, or the target, makes no sense.
    init(_ request: Request, isSecure: Bool = false, publicURL: HTTPAddress?) throws {
        guard let target = RequestTarget(request.head.path ?? "") else {
            throw RouteError(.badRequest, "The path or query of the request is malformed.")
        }
        guard let base = publicURL ?? HTTPAddress("\(isSecure ? "https" : "http")://\(request.head.authority ?? "")")
        else {
            throw RouteError(.badRequest, "The Host header is missing or malformed.")
        }
        self.target = target
        self.base = base
        isHead = request.method == .head
        method = isHead ? .get : request.method
        headers = request.headers
        body = request.body
        bearer = Self.bearer(request.headers[.authorization])
    }

    var segments: [String] { target.segments }

    /// An absolute address below the base; `path` is encoded.
    func address(_ path: String) -> String { base.appending(path).absolute }

    private static func bearer(_ value: String?) -> String? {
        guard let value else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        // An empty token stands for one that is not accepted, not for none.
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return "" }
        return String(parts[1])
    }
}
