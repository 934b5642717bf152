/// The fetch infos of one xorb, ready to be searched.
///
/// An answer may come from anybody, so finding the range of a term must stay cheap however many there are and however
/// they overlap.
public struct FetchRanges: Hashable, Sendable {
    /// The fetch infos, by first chunk.
    public let infos: [FetchInfo]
    /// For each position, which of the infos up to it reaches furthest.
    private let furthest: [Int]

    init(_ infos: [FetchInfo]) {
        let sorted = infos.sorted { ($0.chunks.start, $0.chunks.end) < ($1.chunks.start, $1.chunks.end) }
        var furthest: [Int] = []
        furthest.reserveCapacity(sorted.count)
        for (index, info) in sorted.enumerated() {
            let best = furthest.last ?? index
            furthest.append(info.chunks.end > sorted[best].chunks.end ? index : best)
        }
        self.infos = sorted
        self.furthest = furthest
    }

    /// An info that holds all of `chunks`.
    public func containing(_ chunks: ChunkRange) -> FetchInfo? {
        // The first position whose info begins after `chunks` does.
        var low = 0
        var high = infos.count
        while low < high {
            let middle = (low + high) / 2
            if infos[middle].chunks.start <= chunks.start { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let info = infos[furthest[low - 1]]
        return info.chunks.contains(chunks) ? info : nil
    }
}
