import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetServer
import XetWire

/// A request that is passed on to the CAS which the caller's token belongs to.
struct CASRoute: Sendable {
    /// Most bytes of a reconstruction.
    private static let maximumBodyByteCount = 64 << 20

    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    /// `path` is that of the CAS, however the client spelled it.
    func respond(
        _ request: Request,
        _ context: ProxyContext,
        _ route: EndpointTarget.CASRoute,
        _ path: String
    ) async throws -> Response {
        let addresses = try services.addresses(request, context)
        guard let token = try Caller.token(of: request.head, allowAnonymous: false),
            let pass = CASPass(sealed: token.secret, services.signer, now: addresses.now)
        else { throw XetError(.unauthorized, "the token is none that this proxy gave out, or it has ended") }
        let passed = UpstreamRequest(
            request.method,
            pass.endpoint.appending(request.passedOnTarget(path)),
            of: .cas,
            headers: EndpointHeaders.casRequest(request.headers),
            authorization: "Bearer \(pass.token.secret)",
            body: try await request.passedOnBody(isStream: context.isStream)
        )
        let isWrite = route == .upload || route == .uploadGrant
        let answer =
            try await isWrite ? services.sendWrite(passed) : services.send(passed, followsRedirects: true)
        guard request.method != .head, let rewrite = rewriting(route, answer, addresses) else {
            return services.pass(answer, for: request, addresses, context)
        }
        var layout: ReconstructionLayout?
        let body = try await services.rewritten(answer, upTo: Self.maximumBodyByteCount) { json in
            if route == .reconstruction, services.upstream.cache != nil { layout = ReconstructionLayout(json) }
            return try rewrite(json)
        }
        if let layout { await note(layout, request, path) }
        return services.pass(answer, body: body, for: request, addresses)
    }

    /// Has the cache know what a file is made of that the client now fetches by itself.
    private func note(_ layout: ReconstructionLayout, _ request: Request, _ path: String) async {
        let start: UInt64? =
            switch request.headers[.range].map({ RangeHeader($0) }) {
            case nil: 0
            case .closed(let range)??: range.first
            case .from(let first)??: first
            case .suffix??, .some(nil): nil
            }
        guard let start, layout.offsetIntoFirstTerm <= start,
            let file = path.segments(separatedBy: "/").last.flatMap({ FileHash($0) })
        else { return }
        let part = FilePart(start: start - layout.offsetIntoFirstTerm, terms: layout.terms)
        await services.upstream.cache?.note(part, of: file)
    }

    /// How the addresses in an answer are rewritten; `nil` if there are none.
    private func rewriting(
        _ route: EndpointTarget.CASRoute,
        _ answer: UpstreamResponse,
        _ addresses: AddressMap
    ) -> (([UInt8]) throws -> [UInt8])? {
        switch (route, answer.head.status.code) {
        case (.reconstruction, 200), (.reconstructionBatch, 200):
            { json in
                try ReconstructionRewriting.rewrite(json) { fetch in
                    guard let url = answer.address.resolving(fetch.url) else {
                        throw XetError(.invalidResponse, "the URL of a fetch info is no address")
                    }
                    return addresses.xorb(fetch.xorb, at: url, fetch.parts).absolute
                }
            }
        case (.uploadGrant, 201):
            { json in
                try UploadRewriting.rewriteGrant(json) { try addresses.replacement(for: $0, from: answer.address) }
            }
        default: nil
        }
    }
}

extension AddressMap {
    /// The address under which the proxy hands out ranges of a xorb that are at a signed URL.
    func xorb(_ xorb: XorbHash, at url: HTTPAddress, _ parts: [ReconstructionRewriting.Part]) -> HTTPAddress {
        let capability = XorbCapability(
            address: url,
            parts: parts,
            expiration: now + XorbCapability.lifetime
        )
        return own("/xorbs/\(xorb)/\(capability.sealed(for: xorb, signer))")
    }
}
