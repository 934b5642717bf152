import HTTPTypes
import NIOCore
public import XetAccess
public import XetCore
public import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Changes repositories of a Hub, with the token of one caller.
public struct HubWriter: Sendable {
    /// Most files that one preupload asks about; the Hub refuses more.
    public static let mostPreuploadCount = 256
    /// Most changes of one batch in a bucket; the Hub refuses more.
    public static let mostBatchCount = 1000
    /// Longest wait for the answer to a body.
    private static let answerTimeout = TimeAmount.hours(1)
    private static let mostAnswerByteCount = 32 << 20
    private static let ndjson = "application/x-ndjson"

    /// Address of the Hub, perhaps with a path.
    public let endpoint: HTTPAddress
    let http: UpstreamHTTP
    let token: HubToken?

    /// A writer with the rights of `token`.
    public init(endpoint: HTTPAddress, http: UpstreamHTTP, token: HubToken?) {
        self.endpoint = endpoint
        self.http = http
        self.token = token
    }

    // MARK: Repositories

    private struct Creation: Encodable {
        let type: String
        let name: String
        let organization: String?
        let `private`: Bool
    }

    private struct BucketCreation: Encodable {
        let visibility: String
    }

    /// Makes a repository; `false` if it is there already.
    ///
    /// Throws ``XetError``.
    @discardableResult
    public func create(_ repository: Repository, isPrivate: Bool) async throws -> Bool {
        let body: any Encodable
        let path: String
        if repository.kind.hasRevisions {
            let parts = repository.name.split(separator: "/").map(String.init)
            body = Creation(
                type: repository.kind.rawValue,
                name: parts.last ?? repository.name,
                organization: parts.count > 1 ? parts[0] : nil,
                private: isPrivate
            )
            path = "/api/repos/create"
        } else {
            body = BucketCreation(visibility: isPrivate ? "private" : "public")
            path = HubPath.api(repository)
        }
        let answer = try await send(.post, endpoint.appending(path), json: body)
        if answer.head.status.code == 409 { return false }
        try await check(answer)
        return true
    }

    // MARK: Before a commit

    /// A file about which the Hub is asked how it wants it.
    public struct PreuploadFile: Encodable, Sendable {
        let path: String
        let sample: String
        let size: UInt64

        /// `sample` is the first 512 bytes, or all there are.
        public init(path: String, sample: [UInt8], byteCount: UInt64) {
            self.path = path
            self.sample = Data(sample).base64EncodedString()
            size = byteCount
        }
    }

    private struct Preupload: Encodable {
        let files: [PreuploadFile]
        let gitIgnore: String?
    }

    /// How the Hub wants a file.
    public struct PreuploadAnswer: Decodable, Sendable {
        /// How the content of a file is brought there.
        public enum Mode: String, Decodable, Sendable {
            /// In the commit.
            case regular
            /// Before it, by XET or Git LFS.
            case lfs
        }

        /// Path from the root of the repository.
        public let path: String
        /// How its content is brought there.
        public let uploadMode: Mode
        /// Whether it is among what the repository ignores.
        public let shouldIgnore: Bool?
        /// What is there now: Git's SHA-1 of a regular file, the SHA-256 of another.
        public let oid: String?
    }

    private struct PreuploadAnswers: Decodable {
        let files: [PreuploadAnswer]
    }

    /// Asks how the Hub wants files, at most ``mostPreuploadCount``.
    ///
    /// `gitIgnore` is the content of a `.gitignore` that comes along. Throws ``XetError``, also if a file has no answer.
    public func preupload(
        _ files: [PreuploadFile],
        to repository: Repository,
        revision: String,
        opensPullRequest: Bool,
        gitIgnore: String? = nil
    ) async throws -> [String: PreuploadAnswer] {
        let path = HubPath.path(repository, "preupload", revision: revision) + Self.query(opensPullRequest)
        let answer = try await send(
            .post,
            endpoint.appending(path),
            json: Preupload(files: files, gitIgnore: gitIgnore)
        )
        let answers = try await decode(PreuploadAnswers.self, answer).files
        let byPath = Dictionary(answers.map { ($0.path, $0) }) { first, _ in first }
        if let forgotten = files.first(where: { byPath[$0.path] == nil }) {
            throw XetError(.invalidResponse, "\(answer.address) does not say how it wants '\(forgotten.path)'")
        }
        return byPath
    }

    // MARK: Commits

    /// What became of a commit.
    public struct CommitAnswer: Decodable, Sendable {
        /// The commit.
        public let commit: String
        /// Its page.
        public let url: String?
        /// The page of the pull request that it opened.
        public let pullRequest: String?

        enum CodingKeys: String, CodingKey {
            case commit = "commitOid"
            case url = "commitUrl"
            case pullRequest = "pullRequestUrl"
        }
    }

    /// Makes a commit; on a pull request that it opens, if `opensPullRequest`.
    ///
    /// It is sent once: whoever cannot be told what became of it looks. Throws ``XetError``.
    public func commit(
        _ body: CommitBody,
        to repository: Repository,
        revision: String,
        opensPullRequest: Bool
    ) async throws -> CommitAnswer {
        let path = HubPath.path(repository, "commit", revision: revision) + Self.query(opensPullRequest)
        let answer = try await send(.post, endpoint.appending(path), body.body, type: Self.ndjson)
        return try await decode(CommitAnswer.self, answer)
    }

    // MARK: Buckets

    /// A change in a bucket.
    public enum BucketChange: Encodable, Sendable {
        /// A file that the CAS has; times in milliseconds since 1970.
        case add(path: String, FileHash, modification: Int64)
        case delete(path: String)

        private enum CodingKeys: String, CodingKey {
            case type, path, xetHash, mtime
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch self {
            case .add(let path, let hash, let modification):
                try container.encode("addFile", forKey: .type)
                try container.encode(path, forKey: .path)
                try container.encode(hash.text, forKey: .xetHash)
                try container.encode(modification, forKey: .mtime)
            case .delete(let path):
                try container.encode("deleteFile", forKey: .type)
                try container.encode(path, forKey: .path)
            }
        }
    }

    private struct BucketAnswer: Decodable {
        struct Failure: Decodable {
            let path: String
            let error: String?
        }

        let failed: [Failure]?
    }

    /// Makes changes in a bucket, at most ``mostBatchCount``; some may be made and others not.
    ///
    /// Throws ``XetError``, which names the first that was not.
    public func change(_ bucket: Repository, _ changes: [BucketChange]) async throws {
        var lines = ByteBuffer()
        for change in changes {
            lines.writeBytes(try JSONEncoder().encode(change))
            lines.writeString("\n")
        }
        let answer = try await send(
            .post,
            endpoint.appending("\(HubPath.api(bucket))/batch"),
            .init(lines),
            type: Self.ndjson
        )
        if answer.head.status.code != 422 { try await check(answer, drains: false) }
        let failed = try await decode(BucketAnswer.self, answer, mayFail: true).failed ?? []
        guard let first = failed.first else { return }
        throw XetError(
            .invalidResponse,
            "\(failed.count) of \(changes.count) changes were refused; '\(first.path)': \(first.error ?? "no reason given")"
        )
    }

    // MARK: Requests

    private static func query(_ opensPullRequest: Bool) -> String { opensPullRequest ? "?create_pr=1" : "" }

    func send(
        _ method: HTTPRequest.Method,
        _ address: HTTPAddress,
        json: any Encodable,
        type: String = "application/json",
        headers: HTTPFields = [:]
    ) async throws -> UpstreamResponse {
        try await send(
            method,
            address,
            .init(ByteBuffer(bytes: JSONEncoder().encode(json))),
            type: type,
            headers: headers
        )
    }

    /// Sends a request; the token goes along to the Hub alone.
    func send(
        _ method: HTTPRequest.Method,
        _ address: HTTPAddress,
        _ body: UpstreamRequest.Body,
        type: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> UpstreamResponse {
        let isHub = address.origin == endpoint.origin
        var headers = headers
        if let type { headers[.contentType] = type }
        let answer = try await http.exchange(
            UpstreamRequest(
                method,
                address,
                of: isHub ? .hub : .cdn,
                headers: headers,
                authorization: isHub ? token.map { "Bearer \($0.secret)" } : nil,
                body: body,
                headTimeout: Self.answerTimeout
            )
        )
        if answer.head.status.kind == .redirection, let location = answer.headers[.location] {
            throw XetError(.invalidRequest, "\(address) has moved to \(location): use the new name")
        }
        return answer
    }

    /// Throws unless the answer is a success.
    func check(_ answer: UpstreamResponse, drains: Bool = true) async throws {
        guard answer.head.status.kind == .successful else {
            throw XetError(
                answer.head,
                from: answer.address,
                of: answer.address.origin == endpoint.origin ? .hub : .cdn
            )
        }
        if drains { _ = try await body(of: answer) }
    }

    func decode<Body: Decodable>(
        _ type: Body.Type,
        _ answer: UpstreamResponse,
        mayFail: Bool = false
    ) async throws -> Body {
        if !mayFail { try await check(answer, drains: false) }
        let bytes = try await body(of: answer)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch {
            throw XetError(.invalidResponse, "\(answer.address) sent an answer that cannot be used", cause: error)
        }
    }

    private func body(of answer: UpstreamResponse) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        try await answer.forEach { piece in
            guard whole.readableBytes + piece.readableBytes <= Self.mostAnswerByteCount else {
                throw XetError(.invalidResponse, "\(answer.address) sent more than \(Self.mostAnswerByteCount) bytes")
            }
            whole.writeImmutableBuffer(piece)
        }
        return whole
    }
}

/// CAS tokens for writing.
public struct WriteTokens: TokenProvider {
    private let hub: HubClient
    private let opensPullRequest: Bool

    /// Asks `hub`; for a pull request that is not there yet if `opensPullRequest`.
    public init(_ hub: HubClient, opensPullRequest: Bool) {
        self.hub = hub
        self.opensPullRequest = opensPullRequest
    }

    public func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
        try scope.check()
        let path = HubPath.writeToken(
            scope.repository,
            revision: scope.revision,
            opensPullRequest: opensPullRequest
        )
        return try await hub.casToken(at: hub.endpoint.appending(path), scope.token)
    }
}
