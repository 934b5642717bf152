import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetServer
import XetWire

/// What the routes of the endpoint share.
struct EndpointServices: Sendable {
    /// Longest wait for the answer to a request that changes something.
    private static let writeTimeout = TimeAmount.hours(12)
    /// Bytes up to which an answer is read before it is passed on, so that its length is known, and before there is room for
    /// it.
    private static let shortAnswerByteCount = 256 << 10
    /// Memory for an answer while it is rewritten, in its own length: what came, a copy, and what becomes of it.
    private static let rewritingFactor = 4

    let upstream: Upstream
    let publicAddress: PublicAddress
    let rules: RepositoryRules
    let allowWrites: Bool
    let signer: Signer
    /// Lets one long answer at a time grow, of those that do not say how long they are.
    private let growingAnswers = TaskGate()
    /// Unix seconds.
    let now: @Sendable () -> UInt64

    init(_ configuration: ProxyConfiguration, upstream: Upstream, now: @escaping @Sendable () -> UInt64) {
        self.upstream = upstream
        publicAddress = PublicAddress(
            configured: configuration.publicAddress,
            settings: configuration.settings,
            isSecure: configuration.server.tls != nil
        )
        rules = RepositoryRules(configuration.settings)
        allowWrites = configuration.allowWrites
        signer = configuration.signingKey.map(Signer.init(key:)) ?? Signer()
        self.now = now
    }

    /// The map of addresses for the answer to a request.
    ///
    /// Throws `.invalidRequest` if the request does not say how the client reaches the proxy.
    func addresses(_ request: Request, _ context: ProxyContext) throws -> AddressMap {
        // The first one is the authority of the request; a second one leaves open which is meant (RFC 9112, section 3.2).
        guard !request.headers.contains(where: { $0.name.canonicalName == "host" }),
            let proxy = publicAddress.address(for: request.head, peer: context.channel.remoteAddress)
        else { throw XetError(.invalidRequest, "the Host header is missing, malformed or there twice") }
        return AddressMap(hub: upstream.hub.endpoint, proxy: proxy, signer: signer, now: now())
    }

    /// Sends a request on.
    ///
    /// One that only reads and has no body is repeated after failures that may pass; a status is none.
    func send(_ request: UpstreamRequest, followsRedirects: Bool = false) async throws -> UpstreamResponse {
        let http = upstream.hub.http
        guard request.body == nil, [.get, .head].contains(request.method) else {
            return try await http.exchange(request)
        }
        return try await upstream.retry.run(
            clock: ContinuousClock(),
            onRetry: { _ in http.metrics.noteRetry(request.service) }
        ) {
            try await http.exchange(request, followsRedirects: followsRedirects)
        }
    }

    /// Sends on a request that reads from a repository, or gives what the Hub said before.
    ///
    /// `expiration` tells when an answer is no longer good, in Unix seconds. What gives access is not `isLasting`: no later process
    /// gives it out.
    func read(
        _ request: UpstreamRequest,
        _ target: String,
        of repository: Repository?,
        isLasting: Bool = true,
        expiration: (UpstreamResponse, ByteBuffer) -> UInt64? = { _, _ in nil }
    ) async throws -> UpstreamResponse {
        guard let leases = upstream.leases, let repository, request.body == nil, [.get, .head].contains(request.method)
        else { return try await send(request) }
        let question = HubQuestion(
            request.method,
            target,
            isLasting: isLasting,
            repository: repository,
            authorization: request.authorization,
            headers: request.headers
        )
        let reservation = upstream.downloader.budget.answerReservation()
        var own: UpstreamResponse?
        let isArchived = leases.record != nil && isLasting
        let isContent = isArchived && HubTarget(target, of: repository).isContent
        let mostKept = isContent ? HubRecord.contentByteCount : HubLeases.answerByteCount
        let most = request.headers[.range] == nil ? mostKept : HubLeases.answerByteCount
        // What an archive has comes at once, however much it is.
        if upstream.isOffline, request.method == .get { try await reservation.hold(mostKept) }
        let answer = try await leases.answer(to: question, from: request.authorization) { isPatient in
            var request = request
            if !isPatient { request.headTimeout = .init(HubLeases.briefWait) }
            let response = try await isContent ? sendForArchive(request, isPatient) : send(request, isPatient)
            let body = try await response.shortBody(of: request.method, upTo: most) {
                try await reservation.hold($0)
            }
            guard let body else {
                own = response
                return nil
            }
            let end = expiration(response, body)
            return HubAnswer(response.head, from: response.address, body: body, expiration: end)
        }
        if let answer {
            // A client that reads slowly keeps it, whatever becomes of what is remembered.
            try await reservation.hold(answer.body.readableBytes)
            return UpstreamResponse(
                answer.head,
                from: answer.address,
                of: request.service,
                body: answer.body,
                holding: reservation
            )
        }
        if let own { return own }
        return try await send(request)
    }

    private func send(_ request: UpstreamRequest, _ isPatient: Bool) async throws -> UpstreamResponse {
        try await isPatient ? send(request) : upstream.hub.http.exchange(request)
    }

    /// The same for what is archived, which has bodies as they are; a server that packs all the same may do so as the client
    /// accepts it.
    private func sendForArchive(_ request: UpstreamRequest, _ isPatient: Bool) async throws -> UpstreamResponse {
        let accepted = request.headers[.acceptEncoding]
        guard request.method == .get, let accepted, !accepted.contains("identity") else {
            return try await send(request, isPatient)
        }
        var plain = request
        plain.headers[.acceptEncoding] = "identity"
        do {
            return try await send(plain, isPatient)
        } catch let error as XetError where error.code == .invalidResponse {
            return try await send(request, isPatient)
        }
    }

    /// Sends on a request that changes something, once.
    ///
    /// An upload may take long; whether the server is still there is for its silence to say.
    func sendWrite(_ request: UpstreamRequest) async throws -> UpstreamResponse {
        var request = request
        request.headTimeout = Self.writeTimeout
        return try await upstream.writes.exchange(request)
    }

    /// An answer passed on to the client, its addresses rewritten, its body as it comes.
    func pass(
        _ answer: UpstreamResponse,
        for request: Request,
        _ addresses: AddressMap,
        _ context: ProxyContext
    ) -> Response {
        let headers = Self.headers(of: answer.head, from: answer.address, for: request, addresses)
        guard Self.hasBody(answer, request) else { return .bare(answer.head.status, headers) }
        return Response(
            status: answer.head.status,
            headers: headers,
            body: upstream.body(context) { sink in
                try await answer.forEach { try await sink.deliver($0) }
            }
        )
    }

    /// An answer passed on to the client with another body that is small.
    func pass(
        _ answer: UpstreamResponse,
        body: [UInt8],
        for request: Request,
        _ addresses: AddressMap
    ) -> Response {
        pass(answer, body: BufferedBody(bytes: body, reservation: nil), for: request, addresses)
    }

    /// An answer with JSON passed on to the client, the Hub's addresses in it made into those of the proxy.
    ///
    /// A short one keeps a length, a long one goes through as it comes. Throws `.invalidResponse` if it is compressed,
    /// since nobody then knows what it names.
    func passRewritten(
        _ answer: UpstreamResponse,
        for request: Request,
        _ addresses: AddressMap,
        _ context: ProxyContext
    ) async throws -> Response {
        guard Self.hasBody(answer, request) else {
            var response = pass(answer, for: request, addresses, context)
            // That of the answer to GET is another.
            response.headers[.contentLength] = nil
            return response
        }
        let length = answer.headers[.contentLength].flatMap { Int($0) }
        if let length, length <= Self.shortAnswerByteCount {
            let body = try await rewritten(answer, upTo: Self.shortAnswerByteCount) { json in
                AddressRewriter.rewrite(json, replacement: addresses.leadingBack)
            }
            return pass(answer, body: body, for: request, addresses)
        }
        try Self.checkIsPlain(answer)
        var headers = Self.headers(of: answer.head, from: answer.address, for: request, addresses)
        headers[.contentLength] = nil
        return Response(
            status: answer.head.status,
            headers: headers,
            body: upstream.body(context) { sink in
                var rewriter = AddressRewriter(replacement: addresses.leadingBack)
                try await answer.forEach { piece in
                    var rewritten: [UInt8] = []
                    rewritten.reserveCapacity(piece.readableBytes)
                    rewriter.consume(Array(buffer: piece)[...], into: &rewritten)
                    if !rewritten.isEmpty { try await sink.deliver(ByteBuffer(bytes: rewritten)) }
                }
                var rest: [UInt8] = []
                rewriter.finish(into: &rest)
                if !rest.isEmpty { try await sink.deliver(ByteBuffer(bytes: rest)) }
            }
        )
    }

    /// An answer passed on to the client with another body.
    func pass(
        _ answer: UpstreamResponse,
        body: BufferedBody,
        for request: Request,
        _ addresses: AddressMap
    ) -> Response {
        var headers = Self.headers(of: answer.head, from: answer.address, for: request, addresses)
        headers[.contentLength] = "\(body.bytes.count)"
        return Response(status: answer.head.status, headers: headers, body: body.responseBody)
    }

    /// The whole body of an answer, rewritten; it counts in the memory of the process until it has left.
    ///
    /// Throws `.invalidResponse` if it is too long, compressed, or not what `rewrite` needs.
    func rewritten(
        _ answer: UpstreamResponse,
        upTo byteCount: Int,
        _ rewrite: ([UInt8]) throws -> [UInt8]
    ) async throws -> BufferedBody {
        try Self.checkIsPlain(answer)
        let reservation = upstream.downloader.budget.answerReservation()
        let bytes = try await answer.withBody(
            upTo: byteCount,
            threshold: Self.shortAnswerByteCount,
            gate: growingAnswers,
            reserve: { try await reservation.hold(Self.rewritingFactor * $0) }
        ) { body in
            do {
                return try rewrite(Array(buffer: body))
            } catch let error as JSONReader.Failure {
                throw XetError(.invalidResponse, "\(answer.address) sent JSON that cannot be used", cause: error)
            }
        }
        try await reservation.hold(bytes.count)
        return BufferedBody(bytes: bytes, reservation: reservation)
    }

    /// The headers of an answer that a client gets, with addresses of the proxy.
    static func headers(
        of answer: HTTPResponse,
        from address: HTTPAddress,
        for request: Request,
        _ addresses: AddressMap
    ) -> HTTPFields {
        var headers = EndpointHeaders.response(answer.headerFields)
        if let location = headers[.location] {
            // After 303 the client asks with GET; after 301 and 302 too, if it had posted something.
            let keepsMethod = [307, 308].contains(answer.status.code) || request.method == .head
            let method = keepsMethod ? request.method : .get
            headers[.location] = addresses.location(location, from: address, method: method)
        }
        let links = headers[values: .link].joined(separator: ", ")
        headers[.link] = links.isEmpty ? nil : addresses.link(links, from: address)
        return headers
    }

    private static func checkIsPlain(_ answer: UpstreamResponse) throws {
        guard [nil, "identity"].contains(answer.headers[.contentEncoding]?.lowercased()) else {
            throw XetError(.invalidResponse, "\(answer.address) compressed an answer that was asked for as it is")
        }
    }

    private static func hasBody(_ answer: UpstreamResponse, _ request: Request) -> Bool {
        request.method != .head && ![204, 304].contains(answer.head.status.code)
    }
}

extension Request {
    /// Path and query for the request that is passed on: the path that was checked, and what should have been encoded is.
    var passedOnTarget: String { passedOnTarget(uri.path) }

    /// The same with another path.
    func passedOnTarget(_ path: String) -> String {
        PercentEncoding.encode(invalid: path + (uri.query.map { "?\($0)" } ?? ""))
    }

    /// The body, if there is one, to be sent on as it comes.
    ///
    /// A stream of HTTP/2 need not say how long its body is, nor whether it has one: the first piece shows that.
    func passedOnBody(isStream: Bool) async throws -> UpstreamRequest.Body? {
        guard method != .get, method != .head else { return nil }
        if let length = headers[.contentLength].flatMap({ Int64($0) }) {
            return UpstreamRequest.Body(byteCount: length, body)
        }
        if headers[.transferEncoding] != nil { return UpstreamRequest.Body(byteCount: nil, body) }
        guard isStream else { return nil }
        return try await BegunBody(body).map { UpstreamRequest.Body(byteCount: nil, $0) }
    }

    /// The value of a query parameter that is there once.
    func queryValue(_ name: String) -> String? {
        for parameter in (uri.query ?? "").split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == name { return PercentEncoding.decode(parts[1]) }
        }
        return nil
    }
}
