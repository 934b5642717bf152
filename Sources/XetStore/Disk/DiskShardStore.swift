import NIOCore
import Synchronization
public import XetAccess
public import XetCore
import _NIOFileSystem

/// Shards as files.
///
/// Which shard a file is in is kept in memory, about 100 bytes per file; the shards themselves are read again when
/// they are needed, and the last few of them are kept.
public final class DiskShardStore: ShardStore {
    private struct State {
        var shards: [FileHash: ShardHash] = [:]
        var recent = RecentShards()
    }

    private let files: StoreFiles
    private let check: ShardCheck
    private let now: @Sendable () -> UInt64
    private let state: Mutex<State>

    private init(files: StoreFiles, check: ShardCheck, now: @escaping @Sendable () -> UInt64, state: consuming State) {
        self.files = files
        self.check = check
        self.now = now
        self.state = Mutex(state)
    }

    /// Opens the store in the folders that ``DiskXorbStore/open(_:cachedByteCount:)`` prepared, and reads all shards.
    ///
    /// `xorbs` is the store whose xorbs the shards describe; `now` gives the Unix seconds that a shard is marked with.
    public static func open(
        _ layout: StoreLayout,
        xorbs: DiskXorbStore,
        now: @escaping @Sendable () -> UInt64
    ) async throws -> DiskShardStore {
        let files = StoreFiles(layout: layout)
        var state = State()
        let hashes: [ShardHash] = try await files.hashes(in: layout.shardFolder, extension: StoreLayout.shardExtension)
        for hash in hashes {
            try Task.checkCancellation()
            for file in try await Self.read(hash, files).files where state.shards[file.hash] == nil {
                state.shards[file.hash] = hash
            }
        }
        return DiskShardStore(files: files, check: ShardCheck(xorbs: xorbs), now: now, state: state)
    }

    @discardableResult
    public func register(_ shard: Shard) async throws -> Bool {
        try await check.check(shard)
        let new = state.withLock { state in shard.files.filter { state.shards[$0.hash] == nil } }
        guard !new.isEmpty else { return false }
        let kept = Shard(files: new, xorbs: shard.xorbs)
        let bytes = try kept.storedBytes(ShardFooter(creationTime: now()))
        let hash = ShardHash(ofShard: bytes.rawSpan)
        _ = try await files.write([bytes], to: files.layout.shard(hash)) { path in
            _ = try await Self.read(hash, at: path, files)
        }
        state.withLock { state in
            for file in new where state.shards[file.hash] == nil {
                state.shards[file.hash] = hash
            }
            state.recent.insert(kept, hash)
        }
        return true
    }

    public func file(_ hash: FileHash) async throws -> ShardFile? {
        let (name, cached) = state.withLock { state in
            let name = state.shards[hash]
            return (name, name.flatMap { state.recent.shard($0) })
        }
        guard let name else { return nil }
        if let cached { return cached.file(hash) }
        let shard = try await Self.read(name, files)
        state.withLock { $0.recent.insert(shard, name) }
        return shard.file(hash)
    }

    private static func read(_ hash: ShardHash, _ files: StoreFiles) async throws -> Shard {
        try await read(hash, at: files.layout.shard(hash), files)
    }

    private static func read(_ hash: ShardHash, at path: FilePath, _ files: StoreFiles) async throws -> Shard {
        // A byte more than allowed is enough for the parser to refuse it.
        let bytes = try await files.withPieces(of: path) { file in
            Array(buffer: try await file.bytes(in: 0..<Int64(Shard.maximumByteCount) + 1))
        }
        let found = ShardHash(ofShard: bytes.rawSpan)
        guard found == hash else { throw StoreError.misnamedShard(hash, found: found) }
        do throws(ShardError) {
            return try Shard(parsing: bytes.rawSpan)
        } catch {
            throw StoreError.corruptShard(hash, error)
        }
    }
}

/// The shards that were read last.
private struct RecentShards {
    private static let maximumCount = 8
    /// Serialized length of all of them.
    private static let maximumByteCount = 2 * Shard.maximumByteCount

    private var shards: [(hash: ShardHash, shard: Shard)] = []

    /// Gives a shard and makes it the most recent.
    mutating func shard(_ hash: ShardHash) -> Shard? {
        guard let position = shards.firstIndex(where: { $0.hash == hash }) else { return nil }
        let entry = shards.remove(at: position)
        shards.append(entry)
        return entry.shard
    }

    mutating func insert(_ shard: Shard, _ hash: ShardHash) {
        guard self.shard(hash) == nil else { return }
        shards.append((hash, shard))
        while shards.count > Self.maximumCount || byteCount > Self.maximumByteCount {
            shards.removeFirst()
        }
    }

    private var byteCount: Int { shards.reduce(0) { $0 + $1.shard.uploadByteCount } }
}
