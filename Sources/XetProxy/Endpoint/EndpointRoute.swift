import HTTPTypes
import Hummingbird
import XetAccess
import XetCore
import XetServer
import XetWire

/// Everything that is not one of the proxy's own routes: the paths of a Hub and of a CAS.
struct EndpointRoute: Sendable {
    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    func respond(_ request: Request, _ context: ProxyContext) async throws -> Response {
        guard let target = try EndpointTarget(encodedPath: request.uri.path) else {
            return .refusal(.notFound, "there is nothing at this path of the proxy")
        }
        context.record.note(RequestRoute(target))
        if case .file(let repository, _, let path) = target {
            context.record.note(repository, path: path)
        } else {
            context.record.note(target.repository)
        }
        switch target.access(request.method) {
        case .read: break
        case .write where services.allowWrites: break
        case .write:
            return .refusal(
                .methodNotAllowed,
                "this proxy only reads; it passes on what changes something when it runs with --allow-writes",
                allow: target.methods(allowWrites: false)
            )
        case .invalid:
            return .refusal(
                .methodNotAllowed,
                "\(request.method) is no method for this path",
                allow: target.methods(allowWrites: services.allowWrites)
            )
        }
        let subject = RepositorySubject(encodedPath: request.uri.path)
        let authorization = request.headers[.authorization]
        if let refusal = try await services.upstream.refusal(subject, services.rules, authorization: authorization) {
            return refusal
        }
        switch target {
        case .file(let repository, let revision, let path):
            return try await ResolveRoute(services).respond(request, context, repository, revision, path)
        case .hub(let route, let repository):
            return try await HubRoute(services).respond(request, context, route, repository)
        case .token(_, let repository):
            return try await TokenRoute(services).respond(request, context, repository)
        case .cas(let route):
            return try await CASRoute(services).respond(request, context, route)
        case .telemetry:
            return try await TelemetryRoute().respond(request)
        case .xorb(let xorb, let capability):
            return try await XorbRoute(services).respond(request, context, xorb, capability)
        case .address(let capability):
            return try await AddressRoute(services).respond(request, context, capability)
        }
    }
}

extension Response {
    /// What the proxy refuses by itself, in the words and headers that clients of a Hub show.
    static func refusal(
        _ status: HTTPResponse.Status,
        _ message: String,
        allow: [HTTPRequest.Method]? = nil
    ) -> Response {
        var headers: HTTPFields = [.errorMessage: message]
        if let allow { headers[.allow] = allow.map(\.rawValue).joined(separator: ", ") }
        return .error(status, message, headers: headers)
    }

    /// The operator does not serve a repository.
    static func refusal(_ repository: Repository) -> Response {
        .refusal(.forbidden, "this proxy does not serve \(repository)")
    }
}
