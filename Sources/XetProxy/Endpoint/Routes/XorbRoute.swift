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
        var passed = UpstreamRequest(
            request.method,
            capability.address,
            of: .cdn,
            headers: EndpointHeaders.xorbRequest(request.headers)
        )
        let kept = KeptXorbBytes(services.upstream, xorb, capability)
        switch selection {
        case .single(let part):
            if let response = try await kept?.response([part], request, context) { return response }
            let answer = try await services.send(passed, followsRedirects: true)
            if let refusal = Self.refusal(answer) { return refusal }
            return try single(answer, part.bytes, request, context)
        case .multiple:
            if let response = try await kept?.response(capability.parts, request, context) { return response }
            let parts = XorbParts(services, capability.ranges)
            if let answer = try await parts.answer(to: passed) { return pass(answer, request, context, xorb) }
            passed.headers[.range] = capability.ranges[0].headerValue
            let first = try await services.send(passed, followsRedirects: true)
            if let refusal = Self.refusal(first) { return refusal }
            return try parts.response(passed, first, request, context)
        }
    }

    /// What a client gets of an answer without bytes; `nil` if there are some.
    static func refusal(_ answer: UpstreamResponse) -> Response? {
        switch answer.head.status.code {
        case 200, 206: nil
        case 401, 403, 410: .refusal(.forbidden, "the data host no longer accepts the signature")
        default: .failure(XetError(answer.head, from: answer.address, of: .cdn))
        }
    }

    /// Clients take for the range whatever comes, so it is the range that comes.
    private func single(
        _ answer: UpstreamResponse,
        _ range: HTTPByteRange,
        _ request: Request,
        _ context: ProxyContext
    ) throws -> Response {
        var headers = Self.headers(answer)
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
    }

    /// Parts go through as they come: clients look at what each of them is.
    private func pass(
        _ answer: UpstreamResponse,
        _ request: Request,
        _ context: ProxyContext,
        _ xorb: XorbHash
    ) -> Response {
        let headers = Self.headers(answer)
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

    static func headers(_ answer: UpstreamResponse) -> HTTPFields {
        var headers = EndpointHeaders.response(answer.headers)
        headers[.location] = nil
        headers[.link] = nil
        return headers
    }
}
