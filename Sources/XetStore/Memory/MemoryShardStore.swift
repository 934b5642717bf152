import Synchronization
public import XetAccess
public import XetCore

/// Reconstructions in memory, for tests.
public final class MemoryShardStore: ShardStore {
    private let check: ShardCheck
    private let files = Mutex<[FileHash: ShardFile]>([:])

    /// An empty store of files over the xorbs of another.
    public init(xorbs: any XorbStore) {
        check = ShardCheck(xorbs: xorbs)
    }

    @discardableResult
    public func register(_ shard: Shard) async throws -> Bool {
        try await check.check(shard)
        return files.withLock { files in
            var isNew = false
            for file in shard.files where files[file.hash] == nil {
                files[file.hash] = file
                isNew = true
            }
            return isNew
        }
    }

    public func file(_ hash: FileHash) async throws -> ShardFile? {
        files.withLock { $0[hash] }
    }

    public func neighbours(of xorb: XorbHash, maximumCount: Int) async throws -> [XorbHash] {
        let files = files.withLock { files in files.values.sorted { $0.hash < $1.hash } }
        return XorbNeighbours.of(xorb, in: files, maximumCount: maximumCount)
    }
}
