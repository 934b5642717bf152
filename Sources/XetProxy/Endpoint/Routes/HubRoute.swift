import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetServer
import XetWire

/// A request that is passed on to the Hub with the caller's own token.
struct HubRoute: Sendable {
    /// Most bytes of an answer whose addresses are rewritten.
    private static let maximumBodyByteCount = 16 << 20
    /// Most bytes of a request that names a repository in its body.
    private static let maximumNameByteCount = 64 << 10

    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    func respond(
        _ request: Request,
        _ context: ProxyContext,
        _ route: EndpointTarget.HubRoute
    ) async throws -> Response {
        let addresses = try services.addresses(request, context)
        var passed = UpstreamRequest(
            request.method,
            services.upstream.hub.endpoint.appending(request.passedOnTarget),
            of: .hub,
            headers: EndpointHeaders.hubRequest(request.headers),
            authorization: request.headers[.authorization],
            body: try await request.passedOnBody(isStream: context.isStream)
        )
        if route == .repositories, services.rules.exist {
            let body = try await request.body.collect(upTo: Self.maximumNameByteCount)
            guard permits(Array(buffer: body)) else {
                return .refusal(.forbidden, "this proxy does not serve the repository, or it is not named in full")
            }
            passed.body = UpstreamRequest.Body(body)
        }
        let isWrite = request.method != .get && request.method != .head && route != .query
        if isWrite { passed.headers[.acceptEncoding] = "identity" }
        let answer = try await isWrite ? services.sendWrite(passed) : services.send(passed)
        guard isWrite, request.method != .head, Self.isJSON(answer.headers[.contentType]) else {
            return services.pass(answer, for: request, addresses, context)
        }
        let isSuccess = answer.head.status.kind == .successful
        let body = try await services.rewritten(answer, upTo: Self.maximumBodyByteCount) { json in
            guard isSuccess else {
                // An error may name an address too, as that of the repository which exists already; it need not be JSON.
                return (try? rewriteAddresses(json, addresses)) ?? json
            }
            guard route == .lfsBatch else { return try rewriteAddresses(json, addresses) }
            return try UploadRewriting.rewriteLFSBatch(json) { token in
                try addresses.token(token, from: answer.address)
            } replacement: { target in
                try addresses.replacement(for: target, from: answer.address)
            }
        }
        return services.pass(answer, body: body, for: request, addresses)
    }

    /// Clients take the name of a repository from its address, which has to be below theirs.
    private func rewriteAddresses(_ json: [UInt8], _ addresses: AddressMap) throws -> [UInt8] {
        try AddressRewriting.rewrite(json) { text in
            HTTPAddress(text).flatMap { addresses.hubPath($0) }.map { addresses.own($0).absolute }
        }
    }

    /// `application/json`, `application/vnd.git-lfs+json` and the like.
    private static func isJSON(_ contentType: String?) -> Bool {
        let type = contentType?.lowercased().prefix { $0 != ";" }.filter { $0 != " " } ?? ""
        return type == "application/json" || type.hasSuffix("+json")
    }

    /// Whether the rules permit the repositories that a request to `/api/repos/` names in its body.
    private func permits(_ json: [UInt8]) -> Bool {
        var reader = JSONReader(json)
        var fields: [String: String] = [:]
        do {
            try reader.members { name, reader in
                guard let text = try reader.stringIfPresent() else { return }
                // The Hub might read another one of two.
                guard fields.updateValue(text.value, forKey: name) == nil else { throw JSONReader.Failure(offset: 0) }
            }
        } catch {
            return false
        }
        let kind = RepositoryKind(name: fields["type"] ?? "model")
        var names = [fields["fromRepo"], fields["toRepo"]].compactMap(\.self)
        if let name = fields["name"] { names.append(fields["organization"].map { "\($0)/\(name)" } ?? name) }
        guard let kind, !names.isEmpty else { return false }
        return names.allSatisfy { name in
            // Without an owner it would be one of the caller's, whose name only the Hub knows.
            guard name.utf8.contains(UInt8(ascii: "/")), let repository = Repository(kind: kind, name: name) else {
                return false
            }
            return services.rules.permits(repository)
        }
    }
}

extension AddressMap {
    /// The address of the proxy for one that an upload goes to.
    func replacement(for target: UploadRewriting.Target, from address: HTTPAddress) throws -> String {
        guard let upload = address.resolving(target.url), let method = HTTPRequest.Method(target.method) else {
            throw XetError(.invalidResponse, "\(address) names no address to upload to")
        }
        return replacement(for: upload, method: method, headers: target.headers).absolute
    }
}
