import HTTPTypes
import Hummingbird
import NIOCore
import XetServer

/// What the proxy says of itself to people and to tools: the page, what belongs to it, and the description of all routes.
struct StatusRoutes: Sendable {
    private let source: StatusSource
    /// `nil` if the operator wants no page.
    private let page: IndexPage?
    private let style = StaticDocument(PageStyle.text, contentType: "text/css; charset=utf-8")
    private let script = StaticDocument(PageScript.text, contentType: "text/javascript; charset=utf-8")
    private let description = StaticDocument(OpenAPIDocument.text, contentType: "application/json")
    private let events: EventsRoute

    init(_ source: StatusSource, publicAddress: PublicAddress, hasUI: Bool, allowAnonymous: Bool) {
        self.source = source
        page = hasUI ? IndexPage(publicAddress: publicAddress, allowAnonymous: allowAnonymous) : nil
        events = EventsRoute(source)
    }

    /// The answer to `GET` or `HEAD` of a path that is one of these.
    func respond(_ request: Request, _ context: ProxyContext) -> Response {
        switch request.uri.path {
        case "/openapi.json": return description.respond(request)
        case "/":
            guard let page else { return plain() }
            return page.respond(source.report(for: request.head), request.head, peer: context.channel.remoteAddress)
        default: break
        }
        guard page != nil else { return .refusal(.notFound, "this proxy runs with --no-ui") }
        switch request.uri.path {
        case "/ui.css": return style.respond(request)
        case "/ui.js": return script.respond(request)
        default: return events.respond(request, departure: context.departure)
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
