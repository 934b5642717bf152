import XetCore

/// Which xorbs there are, and which of them holds a chunk.
///
/// Chunks are kept by the first word of their hash alone: a place has to be compared with the xorb's index. If two
/// chunks share that word, the second is not found.
struct ChunkTable: Sendable {
    private struct Place {
        let xorb: UInt32
        let chunk: UInt32
    }

    private var xorbs: [XorbHash] = []
    private var known: Set<XorbHash> = []
    private var places: [UInt64: Place] = [:]

    func contains(_ xorb: XorbHash) -> Bool { known.contains(xorb) }

    /// Adds a xorb and its chunks; of equal chunks the first stays.
    mutating func insert(_ index: XorbIndex) {
        guard let number = UInt32(exactly: xorbs.count), known.insert(index.hash).inserted else { return }
        xorbs.append(index.hash)
        for (chunk, hash) in index.chunkHashes.enumerated() where !isPlaced(hash) {
            places[hash.truncated] = Place(xorb: number, chunk: UInt32(chunk))
        }
    }

    /// Forgets a xorb; its chunks are not found until one that holds them is added.
    mutating func remove(_ xorb: XorbHash) {
        known.remove(xorb)
    }

    /// Where a chunk may be.
    func place(of chunk: ChunkHash) -> (xorb: XorbHash, chunk: Int)? {
        guard let place = places[chunk.truncated] else { return nil }
        let xorb = xorbs[Int(place.xorb)]
        return known.contains(xorb) ? (xorb, Int(place.chunk)) : nil
    }

    private func isPlaced(_ chunk: ChunkHash) -> Bool { place(of: chunk) != nil }
}
