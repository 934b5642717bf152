import XetCore

extension DownloadPlan {
    /// The fetches that one GET can bring: groups of indices, in the order of the file.
    ///
    /// A URL answers for the whole list that it is signed for, in the list's order, so all of it must be needed, once, and in
    /// that order. `lists` gives the list that a fetch's range is signed with. Lists of more than `mostByteCount` bytes are left
    /// out: their ranges are faster side by side.
    func sharedFetches(mostByteCount: Int, lists: (PlannedFetch) -> [FetchInfo]) -> [[Int]] {
        guard fetches.contains(where: { $0.info.place.count > 1 }) else { return [] }
        // Nothing that is fetched twice is shared, so each list is looked at once.
        var places: [Range: Int?] = [:]
        for (index, fetch) in fetches.enumerated() {
            let range = Range(xorb: fetch.xorb, chunks: fetch.info.chunks)
            places[range] = .some(places[range] == nil ? index : nil)
        }
        func place(of info: FetchInfo, of xorb: XorbHash) -> Int? {
            guard let index = places[Range(xorb: xorb, chunks: info.chunks)] ?? nil, fetches[index].info == info else {
                return nil
            }
            return index
        }
        return fetches.compactMap { fetch in
            guard fetch.info.place.count > 1, fetch.info.place.index == 0, place(of: fetch.info, of: fetch.xorb) != nil
            else { return nil }
            let list = lists(fetch)
            guard list.isSignedList, list.reduce(0, { $0 + $1.bytes.count }) <= mostByteCount else { return nil }
            let group = list.compactMap { place(of: $0, of: fetch.xorb) }
            guard group.count == list.count, zip(group, group.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
            return group
        }
    }

    /// What tells fetches apart; addresses are long.
    private struct Range: Hashable {
        let xorb: XorbHash
        let chunks: ChunkRange
    }
}
