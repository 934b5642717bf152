import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetCore
import XetWire

/// `GET /v1/chunks/{prefix}/{chunk}`: the xorb that holds a chunk, as a shard with keyed chunk hashes, or 404.
///
/// Further xorbs of the files that need this one are in it too: who has one chunk of a file is likely to have more.
/// The key keeps a caller from learning the chunks of xorbs that others uploaded, unless it has them itself.
/// Source: draft-denis-xet, "Query Chunk Deduplication".
struct DedupRoute: Route {
    private static let prefixes = ["default", "default-merkledb"]
    /// Most xorbs of an answer.
    static let maximumXorbCount = 16
    /// Most chunks of all of them, unless one xorb alone has more; a chunk takes 48 bytes.
    static let maximumChunkCount = 32 * 1024
    /// How long clients may use the answer, in seconds.
    private static let lifetime: UInt64 = 24 * 60 * 60

    let access: CASAccess
    let xorbs: any XorbStore
    let shards: any ShardStore
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
        var listed = [try Self.listed(location.xorb, found: location.chunk)]
        var chunkCount = location.xorb.chunkCount
        let neighbours = try await shards.neighbours(of: location.xorb.hash, maximumCount: Self.maximumXorbCount - 1)
        for neighbour in neighbours {
            guard let index = try await xorbs.index(of: neighbour) else { continue }
            chunkCount += index.chunkCount
            guard chunkCount <= Self.maximumChunkCount else { break }
            listed.append(try Self.listed(index))
        }
        let time = now()
        let answer = Shard.dedupAnswer(listed, key: key, creationTime: time, keyExpiry: time + Self.lifetime)
        var headers = HTTPFields()
        headers[.contentType] = "application/octet-stream"
        headers[.cacheControl] = "private, no-store"
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: try answer.serialized()))
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func listed(_ index: XorbIndex, found chunk: Int? = nil) throws -> ShardXorb {
        try ShardXorb(index, serializedByteCount: index.serializedByteCount) { number in
            index.chunkHashes[number].isDedupEligible(isFirstOfFile: number == chunk)
        }
    }
}
