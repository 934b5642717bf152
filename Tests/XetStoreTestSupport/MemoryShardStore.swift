import Synchronization
package import XetAccess
package import XetCore

@testable import XetStore

/// Reconstructions in memory.
package final class MemoryShardStore: ShardStore {
    private let check: ShardCheck
    private let files = Mutex<[FileHash: ShardFile]>([:])

    /// An empty store of files over the xorbs of another.
    package init(xorbs: any XorbStore) {
        check = ShardCheck(xorbs: xorbs)
    }

    @discardableResult
    package func register(_ shard: Shard) async throws -> Bool {
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

    package func file(_ hash: FileHash) async throws -> ShardFile? {
        files.withLock { $0[hash] }
    }

    package func neighbours(of xorb: XorbHash, maximumCount: Int) async throws -> [XorbHash] {
        let files = files.withLock { files in files.values.sorted { $0.hash < $1.hash } }
        return XorbNeighbours.of(xorb, in: files, maximumCount: maximumCount)
    }
}
