import HTTPTypes
import Hummingbird
import XetAccess
import XetClient
import XetCore
import XetServer
import XetWire

/// `GET|HEAD /xorbs/{xorb}/{capability}`: ranges of a xorb, from where the CAS said they are.
///
/// 403 means that the client has to ask for the reconstruction again, here as at the Hub's own hosts.
struct XorbRoute: Sendable {
    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    func respond(
        _ request: Request,
        _ context: ProxyContext,
        _ xorb: XorbHash,
        _ sealed: String
    ) async throws -> Response {
        let now = services.now()
        guard let capability = XorbCapability(sealed: sealed, for: xorb, services.signer, now: now) else {
            return .refusal(.forbidden, "the address is not signed by this proxy, or has expired")
        }
        guard let selection = capability.selection(request.headers[.range]) else {
            return .refusal(.forbidden, "the address is signed for other ranges")
        }
        let passed = UpstreamRequest(
            request.method,
            capability.address,
            of: .cdn,
            headers: EndpointHeaders.xorbRequest(request.headers)
        )
        let answer = try await services.send(passed, followsRedirects: true)
        switch answer.head.status.code {
        case 200, 206:
            return try response(answer, selection, request, context, xorb)
        case 401, 403, 410:
            return .refusal(.forbidden, "the data host no longer accepts the signature")
        default:
            return .failure(XetError(answer.head, from: answer.address))
        }
    }

    private func response(
        _ answer: UpstreamResponse,
        _ selection: RangeSelection,
        _ request: Request,
        _ context: ProxyContext,
        _ xorb: XorbHash
    ) throws -> Response {
        var headers = EndpointHeaders.response(answer.headers)
        headers[.location] = nil
        headers[.link] = nil
        switch selection {
        case .single(let range):
            // Clients take for the range whatever comes, so it is the range that comes.
            let found = try RangeAnswer(answer.head, of: range, from: answer.address)
            headers[.contentRange] = ContentRangeHeader.satisfied(range, total: found.total).value
            headers[.contentLength] = "\(range.count)"
            guard request.method != .head else { return .bare(.partialContent, headers) }
            return Response(
                status: .partialContent,
                headers: headers,
                body: services.upstream.body(context) { sink in
                    try await answer.forEach(of: found) { try await sink.deliver($0) }
                }
            )
        case .multiple:
            guard answer.head.status == .partialContent else {
                throw XetError(.invalidResponse, "\(answer.address) ignored the ranges of xorb \(xorb)")
            }
            let byteCount = answer.headers[.contentLength].flatMap { UInt64($0) }
            guard request.method != .head else { return .bare(.partialContent, headers) }
            return Response(
                status: .partialContent,
                headers: headers,
                body: services.upstream.body(context) { sink in
                    try await answer.forEach { try await sink.deliver($0) }
                    if let byteCount, sink.byteCount != byteCount {
                        throw XetError(.connectionFailed, "\(sink.byteCount) of \(byteCount) bytes of xorb \(xorb)")
                    }
                }
            )
        }
    }
}
