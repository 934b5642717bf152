import HTTPTypes
import Hummingbird
import XetAccess
import XetClient
import XetCore
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `GET /api/{kind}/{repository}/xet-read-token/{revision}`, or `xet-write-token`: the Hub's token, made into one that
/// leads to the proxy.
struct TokenRoute: Sendable {
    /// Most bytes of the answer: two fields of 64,000, and some.
    private static let maximumBodyByteCount = 256 << 10

    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    /// Seconds before its end when a token is no longer given out a second time.
    private static let margin: UInt64 = 60

    func respond(
        _ request: Request,
        _ context: ProxyContext,
        _ repository: Repository,
        _ access: EndpointTarget.TokenAccess
    ) async throws -> Response {
        let addresses = try services.addresses(request, context)
        var headers = EndpointHeaders.hubRequest(request.headers)
        headers[.acceptEncoding] = "identity"
        let passed = UpstreamRequest(
            // Without its body there is no token to make one of.
            .get,
            services.upstream.hub.endpoint.appending(request.passedOnTarget),
            of: .hub,
            headers: headers,
            authorization: request.headers[.authorization]
        )
        let answer = try await services.read(
            passed,
            request.passedOnTarget,
            // One that is good for writing is nothing to hand out twice.
            of: access == .read ? repository : nil,
            isLasting: false
        ) { answer, body in
            (try? Self.token(Array(buffer: body), answer)).map { $0.expiration - min($0.expiration, Self.margin) }
        }
        guard answer.head.status.kind == .successful else {
            return services.pass(answer, for: request, addresses, context)
        }
        let json = try await services.rewritten(answer, upTo: Self.maximumBodyByteCount) { $0 }.bytes
        let sealed = try addresses.token(try Self.token(json, answer), from: answer.address)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let body = Array(try encoder.encode(sealed))
        var response = services.pass(answer, body: body, for: request, addresses)
        response.headers[.contentType] = "application/json; charset=utf-8"
        response.headers[.xetCASURL] = sealed.casURL
        response.headers[.xetAccessToken] = sealed.accessToken
        response.headers[.xetTokenExpiration] = "\(sealed.expiration)"
        response.headers[.cacheControl] = "private, no-store"
        return response
    }

    /// The token in the body or, if it has none, in the headers.
    private static func token(_ json: [UInt8], _ answer: UpstreamResponse) throws -> TokenBody {
        if let body = try? JSONDecoder().decode(TokenBody.self, from: Data(json)) { return body }
        let headers = answer.headers
        guard let endpoint = headers[.xetCASURL], let secret = headers[.xetAccessToken],
            let expiration = headers[.xetTokenExpiration].flatMap({ UInt64($0) })
        else { throw XetError(.invalidResponse, "\(answer.address) sent no CAS token") }
        return TokenBody(casURL: endpoint, accessToken: secret, expiration: expiration)
    }
}

extension AddressMap {
    /// A CAS token made into one that leads to the proxy.
    ///
    /// Throws `.invalidResponse` if the token cannot be used.
    func token(_ token: TokenBody, from address: HTTPAddress) throws -> TokenBody {
        let real = CASToken(endpoint: token.casURL, secret: token.accessToken, expiration: token.expiration)
        guard let pass = CASPass(real) else {
            throw XetError(.invalidResponse, "\(address) sent a CAS token that cannot be used")
        }
        return TokenBody(casURL: base, accessToken: pass.sealed(signer), expiration: token.expiration)
    }

    /// The proxy as the CAS of its clients, who append paths to this.
    var base: String {
        var text = proxy.absolute
        while text.last == "/" { text.removeLast() }
        return text
    }
}
