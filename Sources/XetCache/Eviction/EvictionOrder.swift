import DequeModule

/// Decides what a cache drops when it needs room: S3-FIFO, by bytes.
///
/// What is new waits in a small line, and is dropped from its end unless it was used again meanwhile; what was goes into the main
/// line, from whose end it comes round once more for each use. So a pass over things that nobody wants twice pushes out
/// nothing but itself. Keys of what was dropped from the small line are remembered: if it comes back, it was wanted twice.
/// Everything takes constant time, a drop on average.
///
/// Source: Yang, Zhang, Qiu, Yue, Vinayak, "FIFO queues are all you need for cache eviction", SOSP 2023.
struct EvictionOrder<ID: Hashable & Sendable>: Sendable {
    /// What counts at most of uses.
    private static var mostUseCount: UInt8 { 3 }
    /// Least keys that are remembered.
    private static var leastGhostCount: Int { 1024 }

    /// 10 bytes: there may be a million.
    private struct Entry {
        private let size: UInt32
        /// Two things that have the same are taken for one; that costs little.
        let key: UInt32
        var useCount: UInt8 = 0
        var isMain: Bool

        init(byteCount: Int, key: Int, isMain: Bool) {
            size = UInt32(clamping: byteCount)
            self.key = UInt32(truncatingIfNeeded: key)
            self.isMain = isMain
        }

        var byteCount: Int { Int(size) }
    }

    private var entries: [ID: Entry] = [:]
    /// The lines, oldest first; some of what stands there is gone.
    private var small: Deque<ID> = []
    private var main: Deque<ID> = []
    private var smallByteCount = 0
    /// Bytes of everything.
    private(set) var byteCount = 0
    private var ghosts: Set<UInt32> = []
    private var ghostLine: Deque<UInt32> = []

    /// How many there are.
    var count: Int { entries.count }

    /// Whether something is there.
    func contains(_ id: ID) -> Bool { entries[id] != nil }

    /// Adds what `key` names, which may have been there before.
    mutating func insert(_ id: ID, byteCount: Int, key: Int) {
        guard entries[id] == nil else { return }
        var entry = Entry(byteCount: byteCount, key: key, isMain: false)
        entry.isMain = ghosts.remove(entry.key) != nil
        add(id, entry)
    }

    /// Makes room for what was kept before.
    mutating func reserve(_ count: Int) {
        entries.reserveCapacity(count)
        main.reserveCapacity(count)
    }

    /// Adds what was kept before all that comes now.
    mutating func restore(_ id: ID, byteCount: Int) {
        guard entries[id] == nil else { return }
        // Keys are for what is in the small line.
        add(id, Entry(byteCount: byteCount, key: 0, isMain: true))
    }

    private mutating func add(_ id: ID, _ entry: Entry) {
        entries[id] = entry
        byteCount += entry.byteCount
        if entry.isMain {
            main.append(id)
        } else {
            small.append(id)
            smallByteCount += entry.byteCount
        }
    }

    /// Notes a use.
    mutating func use(_ id: ID) {
        guard let entry = entries[id], entry.useCount < Self.mostUseCount else { return }
        entries[id]?.useCount += 1
    }

    /// Takes out what was dropped for another reason.
    mutating func remove(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        byteCount -= entry.byteCount
        if !entry.isMain { smallByteCount -= entry.byteCount }
    }

    /// Takes out what is to be dropped next; `nil` if nothing is there.
    mutating func next() -> (id: ID, byteCount: Int)? {
        while !entries.isEmpty {
            let isSmallTurn = smallByteCount * 10 > byteCount || main.isEmpty
            if isSmallTurn, let id = small.popFirst() {
                guard let entry = entries[id], !entry.isMain else { continue }
                if entry.useCount == 0 {
                    remove(id)
                    remember(entry.key)
                    return (id, entry.byteCount)
                }
                smallByteCount -= entry.byteCount
                entries[id]?.isMain = true
                entries[id]?.useCount = 0
                main.append(id)
            } else if let id = main.popFirst() {
                guard let entry = entries[id], entry.isMain else { continue }
                if entry.useCount == 0 {
                    remove(id)
                    return (id, entry.byteCount)
                }
                entries[id]?.useCount -= 1
                main.append(id)
            }
        }
        return nil
    }

    private mutating func remember(_ key: UInt32) {
        guard ghosts.insert(key).inserted else { return }
        ghostLine.append(key)
        while ghostLine.count > max(Self.leastGhostCount, entries.count) {
            if let oldest = ghostLine.popFirst() { ghosts.remove(oldest) }
        }
    }
}
