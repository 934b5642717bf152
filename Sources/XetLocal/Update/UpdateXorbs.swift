import NIOCore
import XetAccess
import XetCore

/// Reads chunks of an earlier file, and has all others from upstream.
struct UpdateXorbs: XorbSource {
    /// Most bytes that are read at once, unless a chunk has more.
    private static let pieceByteCount: UInt64 = 512 << 10

    let update: FileUpdate
    let upstream: any XorbSource

    func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
        guard fetch.info.url == .kept else { return try await upstream.fetch(fetch, body) }
        guard fetch.origin != .anew, update.isTrusted,
            let local = update.local(fetch.info.chunks, of: fetch.xorb)
        else { throw distrusted() }
        let chunks = update.chunks
        var next = local.lowerBound
        while next < local.upperBound {
            let last = chunks.chunk(at: chunks.start(of: next) + Self.pieceByteCount)
            let batch = next..<max(next + 1, min(last, local.upperBound))
            let read: (bytes: ByteBuffer, hashes: [ChunkHash])?
            do {
                read = try await Blocking.run { try chunks.read(batch) }
            } catch is LocalFileError {
                read = nil
            }
            guard let read else { throw distrusted() }
            let first = fetch.info.chunks.start + next - local.lowerBound
            try await body(XorbPiece(read.bytes, hashes: ReadHashes(first: first, hashes: read.hashes)))
            next = batch.upperBound
        }
    }

    func fetch(
        _ fetches: [XorbFetch],
        _ body: (_ index: Int, _ piece: XorbPiece) async throws -> Void
    ) async throws {
        guard fetches.contains(where: { $0.info.url == .kept }) else { return try await upstream.fetch(fetches, body) }
        for (index, one) in fetches.enumerated() {
            try await fetch(one) { try await body(index, $0) }
        }
    }

    func isOneRequest(_ fetches: [XorbFetch]) -> Bool {
        !fetches.contains { $0.info.url == .kept } && upstream.isOneRequest(fetches)
    }

    /// What has to be had from the CDN after all; the next reconstruction names its address.
    private func distrusted() -> XetError {
        update.distrust()
        return XetError(.expired, "\(update.chunks.path) changed while its chunks were read")
    }

    /// What was computed when chunks were read need not be computed again.
    private struct ReadHashes: ChunkHashes {
        let first: Int
        let hashes: [ChunkHash]

        func hash(of chunk: Int) -> ChunkHash? {
            hashes.indices.contains(chunk - first) ? hashes[chunk - first] : nil
        }

        func note(_ hash: ChunkHash, of chunk: Int) -> Bool { self.hash(of: chunk) == hash }
    }
}
