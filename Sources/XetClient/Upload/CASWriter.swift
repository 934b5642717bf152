import HTTPTypes
import NIOCore
import Synchronization
public import XetAccess
public import XetCore
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Writes xorbs and shards to the CAS that the tokens of a scope name, and asks it for chunks.
///
/// Everything is named by its content, so that whatever failed is simply repeated.
public final class CASWriter: XorbSink, ShardSink, DedupSource {
    /// Longest wait for the answer to a body; whether the server is still there is for its silence to say.
    private static let answerTimeout = TimeAmount.hours(6)
    /// Longest wait for an answer that makes an upload smaller.
    private static let questionTimeout = TimeAmount.seconds(10)
    private static let mostGrantCount = 3
    private static let mostAnswerByteCount = 1 << 20

    private enum Ways {
        case grants
        case direct
    }

    private let http: UpstreamHTTP
    private let tokens: any TokenProvider
    private let scope: TokenScope
    private let retry: RetryPolicy
    private let onSent: @Sendable (Int) -> Void
    private let ways = Mutex(Ways.grants)
    private let shardVersion = Mutex(ReconstructionVersion.v2)

    /// A writer with the rights of the `tokens` for `scope`; `onSent` gets the bytes of xorbs that were sent, again for each repetition.
    public init(
        http: UpstreamHTTP,
        tokens: any TokenProvider,
        scope: TokenScope,
        retry: RetryPolicy,
        onSent: @escaping @Sendable (_ byteCount: Int) -> Void = { _ in }
    ) {
        self.http = http
        self.tokens = tokens
        self.scope = scope
        self.retry = retry
        self.onSent = onSent
    }

    // MARK: Xorbs

    public func put(_ xorb: SerializedXorb) async throws -> Bool {
        let body = Body(parts: xorb.parts)
        var checksum = CRC64()
        for part in xorb.parts { checksum.update(part.rawSpan) }
        return try await repeated {
            if self.ways.withLock({ $0 == .grants }), let isNew = try await self.put(body, xorb.index.hash, checksum) {
                return isNew
            }
            return try await self.putDirectly(body, xorb.index.hash)
        }
    }

    private struct GrantRequest: Encodable {
        struct Checksum: Encodable {
            let algo = "crc64nvme"
            let value: String
        }

        let length: Int
        let checksum: Checksum
    }

    private struct Grant: Decodable {
        let id: String
        let method: String
        let url: String
        let headers: [String: String]
    }

    /// Sends a xorb to where the CAS grants it; `nil` if it grants nothing.
    private func put(_ body: Body, _ hash: XorbHash, _ checksum: CRC64) async throws -> Bool? {
        let wanted = GrantRequest(length: body.byteCount, checksum: .init(value: "\(checksum.value)"))
        let json = ByteBuffer(bytes: try JSONEncoder().encode(wanted))
        for _ in 0..<Self.mostGrantCount {
            let answer = try await send(.post, CASPath.grant(hash), .init(json), type: "application/json")
            switch answer.head.status.code {
            case 200: return false
            case 404, 405, 501:
                ways.withLock { $0 = .direct }
                return nil
            case 201: break
            default: throw refusal(answer)
            }
            let grant = try await decode(Grant.self, answer)
            guard try await take(grant, body, from: answer.address) else { continue }
            let committed = try await send(.post, CASPath.commit(hash, grant: grant.id), .init(ByteBuffer()))
            if committed.head.status.kind == .successful { return true }
            // Nothing had come there.
            guard committed.head.status.code == 404 else { throw refusal(committed) }
        }
        throw XetError(.unavailable, "the CAS has lost what was uploaded \(Self.mostGrantCount) times")
    }

    /// Sends a body as a grant says; `false` if the grant has ended.
    private func take(_ grant: Grant, _ body: Body, from cas: HTTPAddress) async throws -> Bool {
        guard let address = HTTPAddress(grant.url), ["PUT", "POST"].contains(grant.method.uppercased()),
            let method = HTTPRequest.Method(grant.method.uppercased())
        else { throw XetError(.invalidResponse, "\(cas) sent a grant that cannot be used") }
        var headers = HTTPFields()
        for (name, value) in grant.headers {
            guard let name = HTTPField.Name(name), HTTPField.isValidValue(value) else {
                throw XetError(.invalidResponse, "\(cas) sent a grant whose headers are none")
            }
            headers[name] = value
        }
        headers[.contentLength] = nil
        let request = UpstreamRequest(
            method,
            address,
            headers: headers,
            body: pieces(body),
            headTimeout: Self.answerTimeout
        )
        let answer = try await http.exchange(request)
        try await drain(answer)
        switch answer.head.status.code {
        // What has that name is there already.
        case 412: return true
        case 403: return false
        case 200..<300: return true
        default: throw refusal(answer)
        }
    }

    private struct Insertion: Decodable {
        let wasInserted: Bool

        enum CodingKeys: String, CodingKey {
            case wasInserted = "was_inserted"
        }
    }

    private func putDirectly(_ body: Body, _ hash: XorbHash) async throws -> Bool {
        let answer = try await send(.post, CASPath.xorb(hash), pieces(body), type: "application/octet-stream")
        guard answer.head.status.kind == .successful else { throw refusal(answer) }
        return try await decode(Insertion.self, answer).wasInserted
    }

    // MARK: Shards

    public func register(_ shard: Shard) async throws -> Bool {
        let body = ByteBuffer(bytes: try shard.uploadBytes())
        return try await repeated {
            guard self.shardVersion.withLock({ $0 == .v2 }) else { return try await self.registerAtOnce(body) }
            let answer = try await self.send(.post, CASPath.shards(.v2), .init(body), type: "application/octet-stream")
            if [404, 501].contains(answer.head.status.code) {
                self.shardVersion.withLock { $0 = .v1 }
                return try await self.registerAtOnce(body)
            }
            guard answer.head.status.kind == .successful else { throw self.refusal(answer) }
            try await ShardFrames.read(answer)
            return true
        }
    }

    private struct Registration: Decodable {
        let result: Int
    }

    private func registerAtOnce(_ body: ByteBuffer) async throws -> Bool {
        let answer = try await send(.post, CASPath.shards(.v1), .init(body), type: "application/octet-stream")
        guard answer.head.status.kind == .successful else { throw refusal(answer) }
        return try await decode(Registration.self, answer).result != 0
    }

    // MARK: Deduplication

    /// Xorbs that hold a chunk, and others that may help; `nil` if the CAS knows none, or cannot say.
    ///
    /// Throws `CancellationError`, and ``XetError`` if there is no token.
    public func xorbs(holding chunk: ChunkHash) async throws -> Shard? {
        do {
            let answer = try await send(.get, CASPath.chunk(chunk), nil, headTimeout: Self.questionTimeout)
            guard answer.head.status.kind == .successful else {
                try await drain(answer)
                return nil
            }
            let bytes = try await body(of: answer, upTo: Shard.maximumByteCount)
            let shard = try Shard(parsing: bytes.readableBytesSpan)
            return shard.footer == nil ? nil : shard
        } catch is ShardError {
            return nil
        } catch let error as XetError where error.server?.service == .cas || error.code == .invalidResponse {
            // The chunk is sent, then.
            return nil
        }
    }

    // MARK: Requests

    private func repeated<Value>(_ operation: () async throws -> Value) async throws -> Value {
        try await retry.run(
            clock: ContinuousClock(),
            onRetry: { _ in self.http.metrics.noteRetry(.cas) },
            operation
        )
    }

    /// The serialized chunks of a xorb.
    private struct Body {
        let parts: [[UInt8]]

        var byteCount: Int { parts.reduce(0) { $0 + $1.count } }
    }

    /// The parts of a body, counted as they are taken.
    private func pieces(_ body: Body) -> UpstreamRequest.Body {
        UpstreamRequest.Body(byteCount: Int64(body.byteCount), CountedParts(rest: body.parts[...], onSent: onSent))
    }

    private struct CountedParts: AsyncSequence, AsyncIteratorProtocol {
        typealias Element = ByteBuffer
        typealias Failure = any Error

        var rest: ArraySlice<[UInt8]>
        let onSent: @Sendable (Int) -> Void

        func makeAsyncIterator() -> CountedParts { self }

        mutating func next() async throws -> ByteBuffer? {
            guard let part = rest.popFirst() else { return nil }
            onSent(part.count)
            return ByteBuffer(bytes: part)
        }
    }

    /// Sends a request with a token, and with another if that one is refused.
    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: UpstreamRequest.Body?,
        type: String? = nil,
        headTimeout: TimeAmount = answerTimeout
    ) async throws -> UpstreamResponse {
        var token = try await tokens.casToken(for: scope, refused: nil)
        var isRenewed = false
        while true {
            guard let base = HTTPAddress(token.endpoint) else {
                throw XetError(.invalidResponse, "the CAS address is no address")
            }
            var headers = HTTPFields()
            headers[.contentType] = type
            let request = UpstreamRequest(
                method,
                base.appending(path),
                of: .cas,
                headers: headers,
                authorization: "Bearer \(token.secret)",
                body: body,
                headTimeout: headTimeout
            )
            let answer = try await http.exchange(request)
            guard answer.head.status.code == 401, !isRenewed else { return answer }
            try await drain(answer)
            token = try await tokens.casToken(for: scope, refused: token)
            isRenewed = true
        }
    }

    /// What an error status means: the CAS finding fault with what it gets is not the caller's doing.
    private func refusal(_ answer: UpstreamResponse) -> XetError {
        let error = XetError(answer.head, from: answer.address, of: .cas)
        guard [400, 409, 413, 422].contains(answer.head.status.code) else { return error }
        return XetError(.invalidResponse, error.message, response: error.response, server: error.server)
    }

    private func decode<Body: Decodable>(_ type: Body.Type, _ answer: UpstreamResponse) async throws -> Body {
        let bytes = try await body(of: answer, upTo: Self.mostAnswerByteCount)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch {
            throw XetError(.invalidResponse, "\(answer.address) sent an answer that cannot be used", cause: error)
        }
    }

    private func body(of answer: UpstreamResponse, upTo byteCount: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        try await answer.forEach { piece in
            guard whole.readableBytes + piece.readableBytes <= byteCount else {
                throw XetError(.invalidResponse, "\(answer.address) sent more than \(byteCount) bytes")
            }
            whole.writeImmutableBuffer(piece)
        }
        return whole
    }

    /// Reads what nobody wants, so that the connection stays of use; a long body breaks it.
    private func drain(_ answer: UpstreamResponse) async throws {
        _ = try await body(of: answer, upTo: Self.mostAnswerByteCount)
    }
}
