import HTTPTypes
import Hummingbird
import NIOCore
import XetServer

/// What the proxy says of itself to people and to tools: the page, what belongs to it, and the description of all routes.
struct StatusRoutes: Sendable {
    private let source: StatusSource
    /// `nil` if the operator wants no page.
    private let page: IndexPage?
    private let style = StaticDocument(EmbeddedText.style, contentType: "text/css; charset=utf-8")
    private let script = StaticDocument(EmbeddedText.script, contentType: "text/javascript; charset=utf-8")
    private let description = StaticDocument(EmbeddedText.openAPI, contentType: "application/json")
    private let events: EventsRoute

    init(_ source: StatusSource, publicAddress: PublicAddress, hasUI: Bool, allowAnonymous: Bool) {
        self.source = source
        page = hasUI ? IndexPage(publicAddress: publicAddress, allowAnonymous: allowAnonymous) : nil
        events = EventsRoute(source)
    }

    /// The answer to `GET` or `HEAD` of a path that is one of these.
    func respond(_ request: Request, _ context: ProxyContext) async throws -> Response {
        let path = request.uri.path
        if path == "/openapi.json" { return description.respond(request) }
        guard let page else {
            return path == "/" ? plain() : .refusal(.notFound, "this proxy runs with --no-ui")
        }
        guard path.hasPrefix(OperatorAccess.path.dropLast()) else {
            return try await respond(request, path.dropFirst(), page, root: "", context)
        }
        guard source.operators.isOpen else {
            return .refusal(.notFound, "this proxy runs without --operator-token-file")
        }
        // Below its last slash, so that a browser sends what it is asked for nowhere else.
        guard path.hasPrefix(OperatorAccess.path) else {
            return .bare(.permanentRedirect, [.location: "operator/", .contentLength: "0"])
        }
        guard source.operators.matches(request.head) else { return source.operators.challenge }
        return try await respond(request, path.dropFirst(OperatorAccess.path.count), page, root: "../", context)
    }

    private func respond(
        _ request: Request,
        _ name: Substring,
        _ page: IndexPage,
        root: String,
        _ context: ProxyContext
    ) async throws -> Response {
        switch name {
        case "ui.css": return style.respond(request)
        case "ui.js": return script.respond(request)
        case "events": return events.respond(request, departure: context.departure)
        default:
            let report = try await context.whilePresent { await source.report(for: request.head) }
            return page.respond(report, request.head, peer: context.channel.remoteAddress, root: root)
        }
    }

    /// What `GET /` answers where there is no page.
    private func plain() -> Response {
        let body = #"{"name":"xet proxy","version":"\#(source.version)","api":"openapi.json","health":"health"}"#
        return Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }
}
