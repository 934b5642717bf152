import XetCore

/// Keeps the indexes of xorbs that were used of late, within a bound.
///
/// Entries form a ring. One that was used since the hand last passed is spared once, the next unused one goes.
struct IndexCache: Sendable {
    private struct Entry {
        let index: XorbIndex
        var isUsed: Bool
    }

    /// Bytes that a chunk takes in an index: hash and two ends.
    private static let chunkByteCount = 40

    private let maximumByteCount: Int
    private var ring: [Entry] = []
    private var positions: [XorbHash: Int] = [:]
    private var hand = 0
    private(set) var byteCount = 0

    init(maximumByteCount: Int) {
        self.maximumByteCount = maximumByteCount
    }

    mutating func index(of xorb: XorbHash) -> XorbIndex? {
        guard let position = positions[xorb] else { return nil }
        ring[position].isUsed = true
        return ring[position].index
    }

    /// Adds an index unless it is there or larger than the bound.
    mutating func insert(_ index: XorbIndex) {
        let cost = Self.cost(of: index)
        guard positions[index.hash] == nil, cost <= maximumByteCount else { return }
        while byteCount + cost > maximumByteCount {
            evict()
        }
        positions[index.hash] = ring.count
        ring.append(Entry(index: index, isUsed: false))
        byteCount += cost
    }

    mutating func remove(_ xorb: XorbHash) {
        guard let position = positions[xorb] else { return }
        remove(at: position)
    }

    private mutating func evict() {
        if hand >= ring.count { hand = 0 }
        while ring[hand].isUsed {
            ring[hand].isUsed = false
            hand = (hand + 1) % ring.count
        }
        remove(at: hand)
    }

    private mutating func remove(at position: Int) {
        let removed = ring[position].index
        ring.swapAt(position, ring.count - 1)
        ring.removeLast()
        positions[removed.hash] = nil
        if position < ring.count {
            positions[ring[position].index.hash] = position
        }
        byteCount -= Self.cost(of: removed)
    }

    private static func cost(of index: XorbIndex) -> Int {
        index.chunkCount * chunkByteCount + 128
    }
}
