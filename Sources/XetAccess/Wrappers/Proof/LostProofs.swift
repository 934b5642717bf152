import Synchronization
import XetCore

/// The hashes of chunks that were proven and whose bytes were found damaged: what is fetched anew has to have them.
///
/// They stay true for ever, and are forgotten only for room.
final class LostProofs: Sendable {
    /// Most chunks; of more those of the xorb that was damaged longest ago are forgotten.
    private static let mostChunkCount = 1 << 16

    private struct State {
        var hashes: [XorbHash: [Int: ChunkHash]] = [:]
        /// The xorbs in the order in which they were damaged.
        var order: [XorbHash] = []
        var chunkCount = 0

        mutating func remove(_ xorb: XorbHash) {
            order.removeAll { $0 == xorb }
            chunkCount -= hashes.removeValue(forKey: xorb)?.count ?? 0
        }
    }

    private let state = Mutex(State())

    init() {}

    /// Remembers what is known of a run that is damaged.
    func note(_ contents: ChunkRunContents) {
        var proven: [Int: ChunkHash] = [:]
        for (index, record) in contents.records.enumerated() where record.isProven {
            proven[contents.chunks.start + index] = record.hash
        }
        guard !proven.isEmpty else { return }
        state.withLock { state in
            let all = (state.hashes[contents.xorb] ?? [:]).merging(proven) { first, _ in first }
            state.remove(contents.xorb)
            state.hashes[contents.xorb] = all
            state.order.append(contents.xorb)
            state.chunkCount += all.count
            while state.chunkCount > Self.mostChunkCount, let oldest = state.order.first { state.remove(oldest) }
        }
    }

    /// The hashes that chunks of a xorb have to have.
    func hashes(of xorb: XorbHash, in chunks: ChunkRange) -> [Int: ChunkHash] {
        state.withLock { state in
            guard let hashes = state.hashes[xorb] else { return [:] }
            return hashes.filter { chunks.start <= $0.key && $0.key < chunks.end }
        }
    }
}

/// The hashes of chunks that are fetched anew, of which some are known.
struct ExpectedHashes: ChunkHashes {
    private let kept: (any ChunkHashes)?
    private let expected: [Int: ChunkHash]

    init(_ kept: (any ChunkHashes)?, _ expected: [Int: ChunkHash]) {
        self.kept = kept
        self.expected = expected
    }

    func hash(of chunk: Int) -> ChunkHash? {
        let hash = kept?.hash(of: chunk)
        // One that differs is for whoever computes it to find.
        return expected[chunk].map { $0 == hash } ?? true ? hash : nil
    }

    func note(_ hash: ChunkHash, of chunk: Int) -> Bool {
        guard expected[chunk].map({ $0 == hash }) ?? true else { return false }
        return kept?.note(hash, of: chunk) ?? true
    }
}
