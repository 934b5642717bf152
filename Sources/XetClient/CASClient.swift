import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import Synchronization
public import XetAccess
import XetCore
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The reconstruction API of whatever CAS the tokens name.
public final class CASClient: Sendable {
    /// Most bytes of a reconstruction: of a whole file that is about one of a TB.
    ///
    /// A window has a chunk in 8 KiB at most, each in a term of its own with a signed URL of up to 8 KiB; what is beside
    /// them, and terms that reach over the window, fit a MiB.
    static func maximumBodyByteCount(for range: FileByteRange?) -> Int {
        let most = 64 << 20
        guard let range, range.count < UInt64(most) else { return most }
        return min(most, 1 << 20 + Int(range.count))
    }

    private let http: UpstreamHTTP
    private let tokens: any TokenProvider
    private let retry: RetryPolicy
    private let clock: any Clock<Duration>
    /// CAS addresses that know version 1 only.
    private let withoutV2 = Mutex<Set<HTTPAddress.Origin>>([])
    private let sent = Mutex(SentTokens())

    /// A client that gets its tokens from `tokens`.
    public init(
        http: UpstreamHTTP,
        tokens: any TokenProvider,
        retry: RetryPolicy = RetryPolicy(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.http = http
        self.tokens = tokens
        self.retry = retry
        self.clock = clock
    }

    /// The reconstructions that a caller may see.
    public func reconstructions(for scope: TokenScope) -> some ReconstructionSource {
        ScopedReconstructions(client: self, scope: scope)
    }

    private struct ScopedReconstructions: ReconstructionSource {
        /// Most tokens that one request is sent with.
        private static let mostAttemptCount = 8

        let client: CASClient
        let scope: TokenScope
        var isRepeating = true

        var unrepeated: any ReconstructionSource {
            ScopedReconstructions(client: client, scope: scope, isRepeating: false)
        }

        func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
            guard isRepeating else { return try await ask(file, range) }
            return try await client.retry.run(
                clock: client.clock,
                onRetry: { _ in client.http.metrics.noteRetry(.cas) }
            ) { try await ask(file, range) }
        }

        /// One attempt, with another token if the CAS no longer takes the one that is there.
        private func ask(_ file: FileHash, _ range: FileByteRange?) async throws -> Reconstruction? {
            var token = try await client.tokens.casToken(for: scope, refused: nil)
            var refusal: XetError?
            for attempt in 0..<Self.mostAttemptCount {
                client.sent.withLock { $0.add(token) }
                do {
                    return try await client.reconstruction(of: file, range, token)
                } catch let error as XetError where error.code == .unauthorized {
                    refusal = error
                    // One that others sent too may have ended by their requests.
                    let isShared = client.sent.withLock { $0.remove(token) }
                    guard attempt == 0 || isShared else { break }
                    token = try await client.tokens.casToken(for: scope, refused: token)
                }
            }
            throw XetError(.invalidResponse, "the CAS refuses a token that was just issued", cause: refusal)
        }
    }

    /// What an error status means here: the CAS finding fault with a request is not the caller's doing.
    private static func refusal(_ response: HTTPClientResponse, _ address: HTTPAddress) -> XetError {
        let error = XetError(response, from: address, of: .cas)
        guard error.code == .invalidRequest else { return error }
        return XetError(.invalidResponse, error.message, response: error.response)
    }

    /// Asks version 2; where there is none, version 1, and remembers that once it has answered.
    private func reconstruction(
        of file: FileHash,
        _ range: FileByteRange?,
        _ token: CASToken
    ) async throws -> Reconstruction? {
        guard let base = HTTPAddress(token.endpoint) else {
            throw XetError(.invalidResponse, "the CAS address is no address")
        }
        if withoutV2.withLock({ $0.contains(base.origin) }) {
            return try await ask(.v1, base, file, range, token)
        }
        do {
            return try await ask(.v2, base, file, range, token)
        } catch let error as XetError where [404, 501].contains(error.response?.status) {
            let reconstruction = try await ask(.v1, base, file, range, token)
            withoutV2.withLock { _ = $0.insert(base.origin) }
            return reconstruction
        }
    }

    private func ask(
        _ version: ReconstructionVersion,
        _ base: HTTPAddress,
        _ file: FileHash,
        _ range: FileByteRange?,
        _ token: CASToken
    ) async throws -> Reconstruction? {
        var headers: HTTPHeaders = [:]
        if let range {
            guard let bytes = HTTPByteRange(range) else {
                throw XetError(.invalidRequest, "an empty range of file \(file)")
            }
            headers.add(name: "Range", value: bytes.headerValue)
        }
        let path = CASPath.reconstruction(file, version: version)
        let (response, address) = try await http.send(
            .GET,
            base.appending(path),
            of: .cas,
            bearer: token.secret,
            headers: headers
        )
        if response.status.code == 416 { return nil }
        guard response.status.isSuccess else { throw Self.refusal(response, address) }
        let json = try await http.body(
            of: response,
            from: address,
            .cas,
            upTo: Self.maximumBodyByteCount(for: range)
        )
        do {
            return try Reconstruction(json: Data(json.readableBytesView), version: version)
        } catch {
            throw XetError(.invalidResponse, "\(address) sent a reconstruction that cannot be used", cause: error)
        }
    }
}

/// How many requests the last tokens were sent with that were not refused, or not yet.
private struct SentTokens {
    private static let mostCount = 256

    private var counts: [CASToken: Int] = [:]
    private var order: [CASToken] = []

    mutating func add(_ token: CASToken) {
        if counts[token] == nil {
            if order.count == Self.mostCount { counts[order.removeFirst()] = nil }
            order.append(token)
        }
        counts[token, default: 0] += 1
    }

    /// Notes a refusal; whether there are others that were not refused.
    mutating func remove(_ token: CASToken) -> Bool {
        guard let count = counts[token] else { return false }
        counts[token] = count - 1
        return count > 1
    }
}
