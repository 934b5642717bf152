import HTTPTypes
import NIOCore
import XetAccess
public import XetCore
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Uploads files by Git LFS, for a Hub that has no XET: whole, or in the parts that it asks for.
public struct LFSWriter: Sendable {
    /// Most objects that one batch asks about.
    public static let mostBatchCount = 256
    private static let json = "application/vnd.git-lfs+json"
    /// A part is as long as the server says; more of them than an object store takes are a mistake.
    private static let mostPartCount = 10_000

    /// A file by its content.
    public struct Object: Hashable, Sendable {
        /// What it is called.
        public let sha256: SHA256Digest
        /// Its length.
        public let byteCount: UInt64

        /// Names content.
        public init(sha256: SHA256Digest, byteCount: UInt64) {
            self.sha256 = sha256
            self.byteCount = byteCount
        }
    }

    private struct Batch: Encodable {
        struct Entry: Codable {
            let oid: String
            let size: UInt64
        }

        struct Reference: Encodable {
            let name: String
        }

        let operation = "upload"
        let transfers = ["basic", "multipart"]
        let objects: [Entry]
        let hashAlgorithm = "sha256"
        let ref: Reference?

        enum CodingKeys: String, CodingKey {
            case operation, transfers, objects, ref
            case hashAlgorithm = "hash_algo"
        }
    }

    fileprivate struct Action: Decodable, Sendable {
        let href: String
        let header: [String: HeaderValue]?

        /// A header field; servers may send numbers.
        enum HeaderValue: Decodable, Sendable {
            case text(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int.self) {
                    self = .text("\(number)")
                } else {
                    self = .text(try container.decode(String.self))
                }
            }

            var text: String {
                switch self {
                case .text(let text): text
                }
            }
        }
    }

    /// How one object is brought there.
    public struct Transfer: Sendable {
        fileprivate let upload: Action
        fileprivate let verify: Action?
    }

    private struct BatchAnswer: Decodable {
        struct Entry: Decodable {
            struct Actions: Decodable {
                let upload: Action?
                let verify: Action?
            }

            struct Failure: Decodable {
                let code: Int?
                let message: String?
            }

            let oid: String
            let actions: Actions?
            let error: Failure?
        }

        let objects: [Entry]
    }

    private let hub: HubWriter
    private let repository: Repository
    private let revision: String?
    private let onSent: @Sendable (Int) -> Void

    /// A writer with the rights of `hub`; `revision` is `nil` for a pull request.
    ///
    /// `onSent` gets the bytes that were sent.
    public init(
        hub: HubWriter,
        repository: Repository,
        revision: String?,
        onSent: @escaping @Sendable (_ byteCount: Int) -> Void = { _ in }
    ) {
        self.hub = hub
        self.repository = repository
        self.revision = revision
        self.onSent = onSent
    }

    /// Asks how objects are brought there, at most ``mostBatchCount``; those that are there already are left out.
    ///
    /// Throws ``XetError``.
    public func transfers(of objects: [Object]) async throws -> [SHA256Digest: Transfer] {
        let batch = Batch(
            objects: objects.map { Batch.Entry(oid: $0.sha256.text, size: $0.byteCount) },
            ref: revision.map { Batch.Reference(name: $0) }
        )
        let answer = try await hub.send(
            .post,
            hub.endpoint.appending(HubPath.lfsBatch(repository)),
            json: batch,
            type: Self.json,
            headers: [.accept: Self.json]
        )
        var transfers: [SHA256Digest: Transfer] = [:]
        for entry in try await hub.decode(BatchAnswer.self, answer).objects {
            if let error = entry.error {
                throw XetError(.invalidResponse, "the Hub refuses \(entry.oid): \(error.message ?? "no reason given")")
            }
            guard let upload = entry.actions?.upload, let sha256 = SHA256Digest(entry.oid) else { continue }
            transfers[sha256] = Transfer(upload: upload, verify: entry.actions?.verify)
        }
        return transfers
    }

    /// Sends one object.
    ///
    /// Throws ``XetError``, and what reading the content throws.
    public func send(_ content: UploadContent, _ object: Object, by transfer: Transfer) async throws {
        let header = transfer.upload.header ?? [:]
        if let text = header["chunk_size"]?.text {
            guard let partByteCount = UInt64(text), partByteCount > 0 else {
                throw XetError(.invalidResponse, "the Hub wants parts of no length")
            }
            try await sendParts(content, object, header, partByteCount, to: transfer.upload.href)
        } else {
            _ = try await put(content, 0..<content.byteCount, to: transfer.upload.href, try fields(of: transfer.upload))
        }
        guard let verify = transfer.verify else { return }
        let entry = Batch.Entry(oid: object.sha256.text, size: object.byteCount)
        var headers = try fields(of: verify)
        headers[.accept] = Self.json
        let answer = try await hub.send(.post, try address(verify.href), json: entry, type: Self.json, headers: headers)
        try await hub.check(answer)
    }

    private struct Completion: Encodable {
        struct Part: Encodable {
            let partNumber: Int
            let etag: String
        }

        let oid: String
        let parts: [Part]
    }

    private func sendParts(
        _ content: UploadContent,
        _ object: Object,
        _ header: [String: Action.HeaderValue],
        _ partByteCount: UInt64,
        to href: String
    ) async throws {
        let (whole, rest) = content.byteCount.quotientAndRemainder(dividingBy: partByteCount)
        guard let count = Int(exactly: whole + (rest > 0 ? 1 : 0)), count <= Self.mostPartCount else {
            throw XetError(.invalidResponse, "the Hub wants too many parts")
        }
        var parts: [Completion.Part] = []
        for number in 1...max(1, count) {
            guard let url = header["\(number)"]?.text else {
                throw XetError(.invalidResponse, "the Hub does not say where part \(number) goes")
            }
            let start = UInt64(number - 1) * partByteCount
            let range = start..<min(content.byteCount, start + partByteCount)
            let answer = try await put(content, range, to: url, [:])
            guard let etag = answer.headers[.eTag] else {
                throw XetError(.invalidResponse, "\(answer.address.origin) sent no ETag for part \(number)")
            }
            parts.append(Completion.Part(partNumber: number, etag: etag))
        }
        let answer = try await hub.send(
            .post,
            try address(href),
            json: Completion(oid: object.sha256.text, parts: parts),
            type: Self.json,
            headers: [.accept: Self.json]
        )
        try await hub.check(answer)
    }

    private func put(
        _ content: UploadContent,
        _ range: Range<UInt64>,
        to href: String,
        _ headers: HTTPFields
    ) async throws -> UpstreamResponse {
        let body = UpstreamRequest.Body(
            byteCount: Int64(range.count),
            CountedPieces(pieces: content.pieces(of: range), onSent: onSent)
        )
        let answer = try await hub.send(.put, try address(href), body, headers: headers)
        try await hub.check(answer)
        return answer
    }

    private struct CountedPieces: AsyncSequence, AsyncIteratorProtocol {
        typealias Element = ByteBuffer
        typealias Failure = any Error

        var pieces: UploadContent.Pieces
        let onSent: @Sendable (Int) -> Void

        func makeAsyncIterator() -> CountedPieces { self }

        mutating func next() async throws -> ByteBuffer? {
            guard let piece = try await pieces.next() else { return nil }
            onSent(piece.readableBytes)
            return piece
        }
    }

    private func address(_ href: String) throws -> HTTPAddress {
        guard let address = HTTPAddress(href) else {
            throw XetError(.invalidResponse, "the Hub sent an address that is none")
        }
        return address
    }

    private func fields(of action: Action) throws -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in action.header ?? [:] {
            guard let name = HTTPField.Name(name), HTTPField.isValidValue(value.text) else {
                throw XetError(.invalidResponse, "the Hub sent a header that is none")
            }
            fields[name] = value.text
        }
        return fields
    }
}
