import Synchronization
public import XetAccess
public import XetCore

/// Finds chunks in xorbs that a server keeps: those that were uploaded before, and those that it tells of when it is asked.
public final class ServerChunks: ChunkFinder {
    /// Answers may come with keys of their own; of more than so many the oldest is forgotten.
    private static let mostKeyCount = 8
    private static let mostQuestionCount = 1 << 16

    private struct State {
        var plain = RecentChunks()
        var keyed: [(key: ChunkHashKey, chunks: RecentChunks)] = []
        var asked: Set<ChunkHash> = []
    }

    private let source: any DedupSource
    private let state = Mutex(State())

    /// Asks `source`.
    public init(_ source: any DedupSource) {
        self.source = source
    }

    /// Adds the chunks of a xorb that is kept.
    public func insert(_ xorb: XorbHash, _ chunks: [ChunkHash]) {
        state.withLock { $0.plain.insert(xorb, chunks) }
    }

    public func prepare(_ chunks: [ChunkHash]) async throws {
        for chunk in chunks {
            let isNew = state.withLock { state in
                guard !state.plain.contains(chunk), !state.keyed.contains(where: { $0.chunks.contains(chunk) }),
                    state.asked.count < Self.mostQuestionCount
                else { return false }
                return state.asked.insert(chunk).inserted
            }
            guard isNew, let shard = try await source.xorbs(holding: chunk) else { continue }
            insert(shard)
        }
    }

    public func longestMatch(of chunks: ArraySlice<ChunkHash>, next: ChunkMatch?) async throws -> ChunkMatch? {
        state.withLock { state in
            state.keyed.reduce(state.plain.longestMatch(of: chunks, next: next)) { best, keyed in
                ChunkMatch.better(best, keyed.chunks.longestMatch(of: chunks, next: next), next: next)
            }
        }
    }

    private func insert(_ shard: Shard) {
        state.withLock { state in
            guard let key = shard.footer?.key else {
                for xorb in shard.xorbs { state.plain.insert(xorb.hash, xorb.chunks.map(\.hash)) }
                return
            }
            var index = state.keyed.firstIndex { $0.key == key }
            if index == nil {
                if state.keyed.count == Self.mostKeyCount { state.keyed.removeFirst() }
                state.keyed.append((key, RecentChunks(key: key)))
                index = state.keyed.count - 1
            }
            guard let index else { return }
            for xorb in shard.xorbs { state.keyed[index].chunks.insert(xorb.hash, xorb.chunks.map(\.hash)) }
        }
    }
}
