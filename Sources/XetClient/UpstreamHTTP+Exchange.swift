import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import XetAccess
import XetWire

extension UpstreamHTTP {
    /// Most redirects that are followed for one request.
    private static let maximumRedirectCount = 5

    /// Passes a request on and returns the answer, whatever its status.
    ///
    /// Redirects are followed if `followsRedirects`, but for requests with a body; no other origin gets the
    /// authorization. A body is read to its end even if nobody wants the rest of it any more, so that the connection it
    /// comes on stays usable. Throws ``XetError``.
    public func exchange(_ request: UpstreamRequest, followsRedirects: Bool = false) async throws -> UpstreamResponse {
        let owner = request.address.origin
        var address = request.address
        for _ in 0...Self.maximumRedirectCount {
            var headers = HTTPHeaders(request.headers)
            if let authorization = request.authorization, address.origin == owner {
                headers.replaceOrAdd(name: "Authorization", value: authorization)
            }
            let service = address.origin == owner ? request.service : .cdn
            let response = try await send(request, to: address, of: service, headers)
            guard followsRedirects, request.body == nil, response.status.isRedirection,
                let location = response.headers[first: .location]
            else { return UpstreamResponse(response, from: address, of: service, metrics) }
            guard let next = address.resolving(location) else {
                throw XetError(.invalidResponse, "\(address) redirects to what is no address")
            }
            address = next
        }
        throw XetError(.invalidResponse, "\(owner) redirects too often")
    }

    private func send(
        _ request: UpstreamRequest,
        to address: HTTPAddress,
        of service: UpstreamService,
        _ headers: HTTPHeaders
    ) async throws -> HTTPClientResponse {
        let method = HTTPMethod(rawValue: request.method.rawValue)
        guard let body = request.body else {
            return try await exchange(
                method,
                address,
                of: service,
                headers: headers,
                headTimeout: request.headTimeout,
                isDirect: request.isDirect
            )
        }
        let relay = BodyRelay()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await body.pieces { try await relay.push($0) }
                    relay.finish()
                } catch {
                    relay.finish(throwing: error)
                    throw error
                }
            }
            let length = body.byteCount.map { HTTPClientRequest.Body.Length.known($0) } ?? .unknown
            let outcome: Result<HTTPClientResponse, any Error>
            do {
                let response = try await exchange(
                    method,
                    address,
                    of: service,
                    headers: headers,
                    body: .stream(relay, length: length),
                    headTimeout: request.headTimeout,
                    isDirect: request.isDirect
                )
                // An answer that is no success may come early: the server does not read on then.
                if !response.status.isSuccess { relay.discard() }
                outcome = .success(response)
            } catch {
                relay.discard()
                outcome = .failure(error)
            }
            try await group.waitForAll()
            return try outcome.get()
        }
    }
}
