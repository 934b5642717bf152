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
    /// Longest wait for the head of what Git is sent: the server counts and packs before.
    private static let gitTimeout = TimeAmount.minutes(5)

    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    func respond(
        _ request: Request,
        _ context: ProxyContext,
        _ route: EndpointTarget.HubRoute,
        _ repository: Repository?,
        _ access: EndpointAccess
    ) async throws -> Response {
        let addresses = try services.addresses(request, context)
        var passed = UpstreamRequest(
            request.method,
            services.upstream.hub.endpoint.appending(request.passedOnTarget),
            of: .hub,
            headers: EndpointHeaders.hubRequest(request.headers),
            authorization: request.headers[.authorization]
        )
        let isWrite = access == .write
        if isWrite, services.rules.exist, let names = Self.names(route, repository) {
            let body = try await request.body.collect(upTo: RepositoryNames.maximumByteCount)
            // What is read here has to be what the Hub reads.
            let isPlain = [nil, "identity"].contains(request.headers[.contentEncoding]?.lowercased())
            guard isPlain, let named = names(Array(buffer: body)), named.allSatisfy(services.rules.permits) else {
                return .refusal(.forbidden, "this proxy does not serve the repository, or it is not named in full")
            }
            passed.body = UpstreamRequest.Body(body)
        } else {
            passed.body = try await request.passedOnBody(isStream: context.isStream)
        }
        let paths = try await PathsQuestion(route, repository, &passed, request, services.upstream)
        if case .list(let kind) = route, services.rules.exist {
            return try await list(kind, passed, for: request, addresses, context)
        }
        if case .git = route {
            passed.headers = EndpointHeaders.gitRequest(request.headers)
            passed.headTimeout = Self.gitTimeout
            let answer = try await isWrite ? services.sendWrite(passed) : services.send(passed)
            return services.pass(answer, for: request, addresses, context)
        }
        // A file is what it is, whatever its bytes look like.
        guard route != .content else {
            return services.pass(try await read(passed, request, repository), for: request, addresses, context)
        }
        // Addresses are found in what is not packed, and not in a part of it.
        passed.headers[.acceptEncoding] = "identity"
        var answer: UpstreamResponse
        if let paths {
            answer = try await paths.answer { try await services.send(passed) }
        } else {
            answer = try await isWrite ? services.sendWrite(passed) : read(passed, request, repository)
        }
        if answer.head.status == .partialContent, Self.isJSON(answer.headers[.contentType]), request.method == .get {
            passed.headers[.range] = nil
            answer = try await read(passed, request, repository)
        }
        guard Self.isJSON(answer.headers[.contentType]) else {
            return services.pass(answer, for: request, addresses, context)
        }
        guard route == .lfsBatch, answer.head.status.kind == .successful else {
            return try await services.passRewritten(answer, for: request, addresses, context)
        }
        let body = try await services.rewritten(answer, upTo: Self.maximumBodyByteCount) { json in
            try UploadRewriting.rewriteLFSBatch(json) { token in
                try addresses.token(token, from: answer.address)
            } replacement: { target in
                try addresses.replacement(for: target, from: answer.address)
            }
        }
        return services.pass(answer, body: body, for: request, addresses)
    }

    private func read(
        _ passed: UpstreamRequest,
        _ request: Request,
        _ repository: Repository?
    ) async throws -> UpstreamResponse {
        try await services.read(passed, request.passedOnTarget, of: repository)
    }

    /// `application/json`, `application/vnd.git-lfs+json`, lines of JSON and the like.
    private static func isJSON(_ contentType: String?) -> Bool {
        let type = contentType?.lowercased().prefix { $0 != ";" }.filter { $0 != " " } ?? ""
        return type.hasSuffix("/json") || type.hasSuffix("+json") || type.hasSuffix("ndjson")
            || type.hasSuffix("/jsonl")
    }

    /// How to find the repositories that the body of a request names; `nil` if it names none.
    private static func names(
        _ route: EndpointTarget.HubRoute,
        _ repository: Repository?
    ) -> (([UInt8]) -> [Repository]?)? {
        switch route {
        case .repositories: { RepositoryNames.inRepositoryRequest($0) }
        case .copies(let copy): { RepositoryNames.inCopy(copy, $0, of: repository) }
        case .resource, .query, .content, .list, .git, .lfs, .lfsBatch, .unknown: nil
        }
    }

    /// A list of repositories without those that are not served.
    private func list(
        _ kind: RepositoryKind,
        _ request: UpstreamRequest,
        for asked: Request,
        _ addresses: AddressMap,
        _ context: ProxyContext
    ) async throws -> Response {
        var request = request
        request.headers[.acceptEncoding] = "identity"
        let answer = try await services.send(request)
        guard answer.head.status == .ok else { return services.pass(answer, for: asked, addresses, context) }
        var response: Response
        if asked.method == .head {
            response = services.pass(answer, for: asked, addresses, context)
            response.headers[.contentLength] = nil
        } else {
            let body = try await services.rewritten(answer, upTo: Self.maximumBodyByteCount) { json in
                let kept = try ListFiltering.filter(json) { names in
                    names.allSatisfy { name in
                        Repository(kind: kind, name: name).map(services.rules.permits) ?? false
                    }
                }
                return AddressRewriter.rewrite(kept, replacement: addresses.leadingBack)
            }
            response = services.pass(answer, body: body, for: asked, addresses)
        }
        // They speak of the whole list.
        response.headers[.eTag] = nil
        response.headers[.totalCount] = nil
        return response
    }
}

extension HTTPField.Name {
    /// How many entries a list has on all its pages.
    static let totalCount = known("X-Total-Count")
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
