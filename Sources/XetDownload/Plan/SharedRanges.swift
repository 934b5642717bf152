import XetCore

extension DownloadPlan {
    /// The fetches that one GET can bring: groups of indices, in the order of the file.
    ///
    /// A URL answers for the whole list that it is signed for, in the list's order, so all of it must be needed, once, and in
    /// that order. `lists` gives the list that a fetch's range is signed with. Lists of more than `mostByteCount` bytes are left
    /// out: their ranges are faster side by side.
    func sharedFetches(mostByteCount: Int, lists: (PlannedFetch) -> [FetchInfo]) -> [[Int]] {
        guard fetches.contains(where: { $0.info.place.count > 1 }) else { return [] }
        var indices: [FetchInfo: [Int]] = [:]
        for (index, fetch) in fetches.enumerated() { indices[fetch.info, default: []].append(index) }
        return fetches.compactMap { fetch in
            guard fetch.info.place.count > 1, fetch.info.place.index == 0 else { return nil }
            let list = lists(fetch)
            guard list.isSignedList, list.reduce(0, { $0 + $1.bytes.count }) <= mostByteCount else { return nil }
            let group = list.compactMap { info in indices[info].flatMap { $0.count == 1 ? $0[0] : nil } }
            guard group.count == list.count, zip(group, group.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
            return group
        }
    }
}
