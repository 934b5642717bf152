import HTTPTypes
import Hummingbird
import XetAccess
import XetClient
import XetServer
import XetWire

/// `/addresses/{capability}`: one request to one address that an answer named, such as where an upload goes.
struct AddressRoute: Sendable {
    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    func respond(_ request: Request, _ context: ProxyContext, _ sealed: String) async throws -> Response {
        let addresses = try services.addresses(request, context)
        guard let capability = AddressCapability(sealed: sealed, services.signer, now: addresses.now) else {
            return .refusal(.forbidden, "the address is not signed by this proxy, or has expired")
        }
        guard capability.permits(request.method) else {
            return .refusal(
                .methodNotAllowed,
                "the address is signed for another method",
                allow: capability.method == .get ? [.get, .head] : [capability.method]
            )
        }
        var headers = EndpointHeaders.dataRequest(request.headers)
        for header in capability.headers {
            guard let name = HTTPField.Name(header.name), !Self.isOurs(name) else { continue }
            headers[name] = header.value
        }
        let isHub = capability.address.origin == services.upstream.hub.endpoint.origin
        if isHub {
            // An answer may have named what the lists leave out.
            let path = addresses.hubPath(capability.address)
            let subject = path.map { RepositorySubject(path: String($0)) } ?? .unknown
            let authorization = request.headers[.authorization]
            if let refusal = try await services.upstream.refusal(
                subject,
                services.rules,
                authorization: authorization
            ) {
                return refusal
            }
        }
        let passed = UpstreamRequest(
            request.method,
            capability.address,
            of: isHub ? .hub : .cdn,
            headers: headers,
            // The caller's token is the Hub's; whoever else the address belongs to must not see it.
            authorization: isHub ? request.headers[.authorization] : nil,
            body: try await request.passedOnBody(isStream: context.isStream)
        )
        let answer = try await capability.method == .get ? services.send(passed) : services.sendWrite(passed)
        return services.pass(answer, for: request, addresses, context)
    }

    /// Headers that say how the message travels.
    private static func isOurs(_ name: HTTPField.Name) -> Bool {
        ["connection", "content-length", "cookie", "host", "te", "transfer-encoding", "upgrade"]
            .contains(name.canonicalName)
    }
}
