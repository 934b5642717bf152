import NIOCore
public import XetAccess
import XetCore

/// Serves chunks from a store that replicas share, and has what was fetched from upstream written there.
///
/// It stands behind the cache of this process, in which what it brings is kept, and from which it writes. Nothing that the store
/// does ends a fetch: what cannot be had from there comes from upstream.
public struct SharedXorbSource<Upstream: XorbSource>: XorbSource {
    private let upstream: Upstream
    private let shared: SharedBlocks

    /// A store in front of `upstream`.
    public init(_ upstream: Upstream, _ shared: SharedBlocks) {
        self.upstream = upstream
        self.shared = shared
    }

    public func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
        let range = SharedRange(xorb: fetch.xorb, chunks: fetch.info.chunks)
        // What somebody has found to be wrong may be so in the store, if it can be had from elsewhere.
        let isDoubted = fetch.info.url != .shared && (fetch.origin == .anew || shared.isDoubted(range))
        var reader = SharedReader(shared, range, fetch.info.bytes)
        let claim = isDoubted ? nil : try await reader.read(body)
        guard !reader.isComplete else {
            if !reader.hasReadImports { shared.noteRead(range) }
            return
        }
        guard fetch.info.url != .shared else {
            throw reader.failure?.forReaders
                ?? XetError(
                    .offline,
                    "the store has not all of \(range.chunks) of xorb \(range.xorb), and nobody else is asked"
                )
        }
        do {
            try await upstream.fetch(fetch, skipping: reader.byteCount, body)
        } catch {
            if let claim { shared.giveUp(claim) }
            throw error
        }
        shared.noteFetched(range, claim, doubted: isDoubted ? Set(range.pieces.map(\.block)) : reader.doubted)
    }
}
