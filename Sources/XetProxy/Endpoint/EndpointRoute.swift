import HTTPTypes
import Hummingbird
import NIOCore
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
        var request = request
        let access = try await access(of: &request, target)
        switch access {
        case .read: break
        case .write where services.allowWrites: break
        case .write:
            return .refusal(
                .methodNotAllowed,
                "this proxy only reads; it passes on what changes something when it runs with --allow-writes",
                // One that does both, as its body says, is not allowed for this.
                allow: target.methods(allowWrites: false).filter { $0 != request.method }
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
        guard access == .write, case .hub = target, let leases = services.upstream.leases else {
            return try await answer(request, context, target, access)
        }
        // Before, for whoever is told meanwhile; afterwards, for what was asked meanwhile.
        leases.end(target.changed)
        defer { leases.end(target.changed) }
        let response = try await answer(request, context, target, access)
        // Nobody makes an archive forget by asking for what the Hub refuses.
        if let changed = target.changed, response.status.kind == .successful { await leases.record?.forget(changed) }
        return response.ending { leases.end(target.changed) }
    }

    private func answer(
        _ request: Request,
        _ context: ProxyContext,
        _ target: EndpointTarget,
        _ access: EndpointAccess
    ) async throws -> Response {
        switch target {
        case .file(let repository, let revision, let path):
            return try await ResolveRoute(services).respond(request, context, repository, revision, path)
        case .hub(let route, let repository):
            return try await HubRoute(services).respond(request, context, route, repository, access)
        case .token(let access, let repository):
            return try await TokenRoute(services).respond(request, context, repository, access)
        case .cas(let route, let path):
            return try await CASRoute(services).respond(request, context, route, path)
        case .telemetry:
            return try await TelemetryRoute().respond(request)
        case .xorb(let xorb, let capability):
            return try await XorbRoute(services).respond(request, context, xorb, capability)
        case .address(let capability):
            return try await AddressRoute(services).respond(request, context, capability)
        }
    }
}

extension EndpointRoute {
    /// What a request does, by its method and, where that is not all, its query or its body.
    private func access(of request: inout Request, _ target: EndpointTarget) async throws -> EndpointAccess {
        let access = target.access(request.method)
        switch target {
        case .hub(.git(.references), _) where access == .read:
            switch request.uri.query {
            case "service=git-upload-pack": return .read
            case "service=git-receive-pack": return .write
            // The old protocol, or a query that another server might read differently.
            default: throw XetError(.forbidden, "this proxy passes on the smart protocol of Git only")
            }
        case .hub(.lfsBatch, _) where access == .read:
            let body = try await request.body.collect(upTo: LFSOperation.maximumByteCount)
            request.body = RequestBody(buffer: body)
            // What does not say that it reads might write.
            return LFSOperation(Array(buffer: body)) == .download ? .read : .write
        default: return access
        }
    }
}

extension EndpointTarget {
    /// The only repository that a write to this changes; `nil` if that is not known.
    fileprivate var changed: Repository? {
        switch self {
        case .hub(.copies, _), .hub(.repositories, _), .hub(.unknown, _): nil
        case .hub(_, let repository): repository
        case .file, .token, .cas, .telemetry, .xorb, .address: nil
        }
    }
}

extension Response {
    /// The same, with something to do when its body has ended.
    fileprivate func ending(_ onEnd: @escaping @Sendable () -> Void) -> Response {
        var response = self
        response.body = ResponseBody(contentLength: body.contentLength) { [body] writer in
            defer { onEnd() }
            try await body.write(writer)
        }
        return response
    }

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
