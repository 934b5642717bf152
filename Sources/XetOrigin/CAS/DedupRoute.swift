import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetCore
import XetWire

/// `GET /v1/chunks/{prefix}/{chunk}`: the xorb that holds a chunk, as a shard with keyed chunk hashes, or 404.
///
/// The key keeps a caller from learning the chunks of xorbs that others uploaded, unless it has them itself.
/// Source: draft-denis-xet, "Query Chunk Deduplication".
struct DedupRoute: Route {
    private static let prefixes = ["default", "default-merkledb"]
    /// How long clients may use the answer, in seconds.
    private static let lifetime: UInt64 = 24 * 60 * 60

    let access: CASAccess
    let xorbs: any XorbStore
    let key: ChunkHashKey
    let now: @Sendable () -> UInt64

    func respond(to request: RouteRequest) async throws -> Response? {
        let path = request.casPath.segments
        guard request.method == .get, path.count == 3, path[0] == "chunks", Self.prefixes.contains(path[1]) else {
            return nil
        }
        _ = try access.grant(request, .read)
        guard let chunk = ChunkHash(path[2]) else { throw RouteError.malformedHash }
        guard let location = try await xorbs.locate(chunk) else {
            throw RouteError(.notFound, "The chunk is not known.")
        }
        let index = location.xorb
        let xorb = try ShardXorb(index, serializedByteCount: index.serializedByteCount) { number in
            index.chunkHashes[number].isDedupEligible(isFirstOfFile: number == location.chunk)
        }
        let time = now()
        let answer = Shard.dedupAnswer([xorb], key: key, creationTime: time, keyExpiry: time + Self.lifetime)
        var headers = HTTPFields()
        headers[.contentType] = "application/octet-stream"
        headers[.cacheControl] = "private, no-store"
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: try answer.serialized()))
        return Response(status: .ok, headers: headers, body: body)
    }
}
