/// The fetch infos of one xorb, ready to be searched.
///
/// An answer may come from anybody, so finding the range of a term must stay cheap however many there are and however
/// they overlap.
public struct FetchRanges: Hashable, Sendable {
    /// The fetch infos, by first chunk.
    public let infos: [FetchInfo]
    /// For each position, which of the infos up to it reaches furthest.
    private let furthest: [Int]
    /// What each URL is signed for that has several ranges, in its order.
    private let lists: [SignedURL: [FetchInfo]]

    /// `infos` stand as in the answer: the ranges of a URL one behind the other.
    init(_ infos: [FetchInfo]) {
        lists = Self.lists(infos)
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

    /// All ranges that the URL of `info` is signed for, in its order; `info` alone if there are no others.
    ///
    /// They may be asked for together; see ``Swift/Collection/isSignedList``.
    public func signedList(of info: FetchInfo) -> [FetchInfo] {
        guard info.place.count > 1, let list = lists[info.url], info.place.index < list.count,
            list[info.place.index] == info
        else { return [info] }
        return list
    }

    /// All infos, those of one URL one behind the other and in its order.
    var listed: [FetchInfo] {
        infos.flatMap { info in
            let list = signedList(of: info)
            return list.count == 1 ? [info] : info.place.index == 0 ? list : []
        }
    }

    private static func lists(_ infos: [FetchInfo]) -> [SignedURL: [FetchInfo]] {
        var lists: [SignedURL: [FetchInfo]] = [:]
        var start = 0
        while start < infos.count {
            let count = infos[start].place.count
            let end = min(start + max(1, count), infos.count)
            if count > 1, infos[start..<end].isSignedList {
                // Of lists with the same URL the first counts; whoever has a range of another is told of that alone.
                if lists[infos[start].url] == nil { lists[infos[start].url] = Array(infos[start..<end]) }
                start = end
            } else {
                start += 1
            }
        }
        return lists
    }
}
