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
        let status = answer.head.status
        let byteCount = try Self.byteCount(answer, selection)
        guard request.method != .head else { return .bare(status, headers) }
        return Response(
            status: status,
            headers: headers,
            body: services.upstream.body(context) { sink in
                try await answer.forEach { piece in
                    if let byteCount, sink.byteCount + UInt64(piece.readableBytes) > byteCount {
                        throw XetError(.corrupt, "more than \(byteCount) bytes of xorb \(xorb)")
                    }
                    try await sink.deliver(piece)
                }
                if let byteCount, sink.byteCount != byteCount {
                    throw XetError(.connectionFailed, "\(sink.byteCount) of \(byteCount) bytes of xorb \(xorb)")
                }
            }
        )
    }

    /// How many bytes the body has; `nil` if that cannot be known.
    ///
    /// Throws if the answer is not the range that was asked for: clients take what comes for it.
    private static func byteCount(_ answer: UpstreamResponse, _ selection: RangeSelection) throws -> UInt64? {
        let length = answer.headers[.contentLength].flatMap { UInt64($0) }
        guard case .single(let range) = selection else { return length }
        if answer.head.status == .partialContent {
            if case .satisfied(let bytes, _)? = answer.headers[.contentRange].flatMap(ContentRangeHeader.init) {
                guard bytes == range else {
                    throw XetError(.corrupt, "\(answer.address) answered with another range than \(range.headerValue)")
                }
            }
        } else {
            // The range may be the whole xorb, which some servers answer like this.
            guard range.first == 0, length == range.count else {
                throw XetError(.invalidResponse, "\(answer.address) ignored the range \(range.headerValue)")
            }
        }
        guard length == nil || length == range.count else {
            throw XetError(.corrupt, "\(answer.address) announced \(length ?? 0) bytes, not \(range.count)")
        }
        return range.count
    }
}
