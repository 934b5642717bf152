import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import XetAccess
import XetCore
import XetStore
import XetWire

/// `POST /v1/shards` and `/v2/shards`: makes the files of a shard known, after its claims were checked.
///
/// Version 1 answers when all is done; version 2 answers at once with lines of JSON, the last of which is the outcome.
/// Source: draft-denis-xet, "Upload Shard"; version 2: reference client.
struct ShardUploadRoute: Route {
    private struct Body: Encodable {
        /// 0 if all files were known, 1 otherwise.
        let result: Int
    }

    let access: CASAccess
    let shards: any ShardStore
    let ledger: UploadLedger
    let layout: StoreLayout
    /// How many shards are in memory at a time: those that have come whole.
    let permits: TaskGate
    let logger: Logger

    func respond(to request: RouteRequest) async throws -> Response? {
        let path = request.casPath
        guard request.method == .post, path.segments == ["shards"] else { return nil }
        let grant = try access.grant(request, .write)
        let body = try await request.spoolBody(maximum: Shard.maximumByteCount, layout: layout)
        switch path.version {
        case .v1:
            return .json(Body(result: try await register(body, grant) ? 1 : 0))
        case .v2:
            // What is no shard is refused before the answer begins; read again, it does not wait in memory for its turn.
            let fileCount = try await permits.withTurn { try await Self.shard(body).files.count }
            return stream(body, fileCount: fileCount, grant)
        }
    }

    private static func shard(_ body: Spool) async throws -> Shard {
        let bytes = try await body.bytes()
        do {
            return try Shard(parsing: bytes.rawSpan)
        } catch {
            throw RouteError(.badRequest, "The shard is not valid: \(error)")
        }
    }

    private func register(_ body: Spool, _ grant: CASGrant) async throws -> Bool {
        try await permits.withTurn {
            let shard = try await Self.shard(body)
            do {
                let isNew = try await shards.register(shard)
                try await ledger.insert(shard.files.map(\.hash), in: grant.repository)
                return isNew
            } catch let error as ShardCheckError {
                throw RouteError(.badRequest, "The shard was refused: \(error)")
            }
        }
    }

    private func stream(_ shard: Spool, fileCount: Int, _ grant: CASGrant) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/x-ndjson"
        let body = ResponseBody { writer in
            try await writer.write(ShardFrame.validating(verified: 0, total: fileCount).line)
            let outcome = await register(whileSignalling: shard, fileCount: fileCount, grant, &writer)
            try await writer.write(outcome.line)
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Registers, and repeats the last frame from time to time as a sign of life.
    private func register(
        whileSignalling shard: Spool,
        fileCount: Int,
        _ grant: CASGrant,
        _ writer: inout any ResponseBodyWriter
    ) async -> ShardFrame {
        do {
            return try await withThrowingTaskGroup(of: ShardFrame?.self) { group in
                group.addTask {
                    _ = try await register(shard, grant)
                    return .result
                }
                while true {
                    group.addTask {
                        try await Task.sleep(for: ShardFrame.heartbeat)
                        return nil
                    }
                    if let outcome = try await group.next() ?? nil {
                        group.cancelAll()
                        return outcome
                    }
                    try await writer.write(ShardFrame.validating(verified: 0, total: fileCount).line)
                }
            }
        } catch let error as RouteError {
            return .error(error.message, retryable: false)
        } catch {
            logger.error("a shard could not be registered", metadata: ["error": "\(error)"])
            return .error("The shard could not be stored.", retryable: true)
        }
    }
}

/// A line of the answer to a shard upload.
enum ShardFrame: Hashable, Sendable, Encodable {
    /// Time between two signs of life.
    static let heartbeat = Duration.seconds(20)

    case validating(verified: Int, total: Int)
    case result
    case error(String, retryable: Bool)

    private enum CodingKeys: String, CodingKey {
        case type, verified, total, message, retryable
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .validating(let verified, let total):
            try container.encode("validating", forKey: .type)
            try container.encode(verified, forKey: .verified)
            try container.encode(total, forKey: .total)
        case .result:
            try container.encode("result", forKey: .type)
        case .error(let message, let retryable):
            try container.encode("error", forKey: .type)
            try container.encode(message, forKey: .message)
            try container.encode(retryable, forKey: .retryable)
        }
    }

    /// The frame as a line of JSON.
    var line: ByteBuffer {
        var line = ByteBuffer(bytes: JSONText.encode(self))
        line.writeString("\n")
        return line
    }
}
