public import XetAccess

/// Removes objects from a store that nobody has used for a time.
///
/// Replicas may go on beside it: what one of them has just found and another removes it fetches from upstream.
public struct StorePruning: Sendable {
    /// What came of it.
    public struct Outcome: Hashable, Sendable {
        /// Objects that were removed, and their bytes.
        public private(set) var removedCount = 0
        public private(set) var removedByteCount = 0
        /// Objects that stay, and their bytes.
        public private(set) var keptCount = 0
        public private(set) var keptByteCount = 0

        fileprivate mutating func add(_ object: ListedObject, isRemoved: Bool) {
            if isRemoved {
                removedCount += 1
                removedByteCount += object.byteCount
            } else {
                keptCount += 1
                keptByteCount += object.byteCount
            }
        }
    }

    /// Requests at once.
    private static let width = 16

    private let store: any ObjectStore

    /// Prunes a store.
    public init(_ store: any ObjectStore) {
        self.store = store
    }

    /// Removes what replicas have put or touched before `time`, in Unix seconds; `removes` is `false` for a count alone.
    ///
    /// Replicas touch what they use twice a day. Throws ``ObjectStoreError`` and `CancellationError`.
    public func prune(before time: Int64, removes: Bool = true) async throws -> Outcome {
        var outcome = Outcome()
        var last: String?
        while true {
            let objects = try await store.list("", after: last)
            guard let end = objects.last?.name else { return outcome }
            guard end != last else {
                throw ObjectStoreError(.invalid, "the store lists the same objects again")
            }
            last = end
            // Somebody else may keep something there as well.
            let own = objects.filter { SharedArea.isName($0.name) }
            if removes { try await remove(own.filter { $0.time < time }) }
            for object in own { outcome.add(object, isRemoved: object.time < time) }
        }
    }

    private func remove(_ objects: [ListedObject]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, object) in objects.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { try await self.store.remove(object.name) }
            }
            try await group.waitForAll()
        }
    }
}
