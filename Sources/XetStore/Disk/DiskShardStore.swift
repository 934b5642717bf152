import NIOCore
import Synchronization
public import XetAccess
public import XetCore
import _NIOFileSystem

/// Shards as files.
///
/// Which shard a file is in is kept in memory, about 100 bytes per file; the shards themselves are read again when
/// they are needed, and the last few of them are kept. A file of which a xorb is missing is not known: it can be
/// registered again, with other xorbs.
public final class DiskShardStore: ShardStore {
    private struct State {
        var shards: [FileHash: ShardHash] = [:]
        /// Further shards that describe a file: in some a xorb may be missing.
        var others: [FileHash: [ShardHash]] = [:]
        /// A shard with a file that needs a xorb.
        var users: [XorbHash: ShardHash] = [:]
        var recent = RecentShards()

        mutating func insert(_ shard: Shard, _ hash: ShardHash) {
            for file in shard.files {
                if let first = shards[file.hash] {
                    if first != hash, others[file.hash]?.contains(hash) != true {
                        others[file.hash, default: []].append(hash)
                    }
                } else {
                    shards[file.hash] = hash
                }
                for term in file.terms where users[term.xorb] == nil {
                    users[term.xorb] = hash
                }
            }
        }

        func shards(of file: FileHash) -> [ShardHash] {
            shards[file].map { [$0] + (others[file] ?? []) } ?? []
        }
    }

    private let files: StoreFiles
    private let xorbs: DiskXorbStore
    private let check: ShardCheck
    private let now: @Sendable () -> UInt64
    private let state: Mutex<State>
    private let naming = TaskGate()

    /// What was found that cannot be used when the store was opened.
    public let damages: [StoreDamage]

    private init(
        files: StoreFiles,
        xorbs: DiskXorbStore,
        now: @escaping @Sendable () -> UInt64,
        state: consuming State,
        damages: [StoreDamage]
    ) {
        self.files = files
        self.xorbs = xorbs
        self.now = now
        self.state = Mutex(state)
        self.damages = damages
        check = ShardCheck(xorbs: xorbs)
    }

    /// Opens the store in the folders that ``DiskXorbStore/open(_:cachedByteCount:onDamage:)`` prepared, and reads all shards.
    ///
    /// Shards that cannot be used are left out, see ``damages``. `xorbs` is the store whose xorbs the shards describe;
    /// `now` gives the Unix seconds that a shard is marked with.
    public static func open(
        _ layout: StoreLayout,
        xorbs: DiskXorbStore,
        now: @escaping @Sendable () -> UInt64
    ) async throws -> DiskShardStore {
        let files = StoreFiles(layout: layout)
        var state = State()
        var damages: [StoreDamage] = []
        let found: [StoreFiles.Found<ShardRole>] = try await files.found(
            in: layout.shardFolder,
            extension: StoreLayout.shardExtension
        )
        for file in found {
            try Task.checkCancellation()
            let shard = try await files.read(file, &damages) { file in
                try await Self.read(file.hash, at: file.path, files)
            }
            if let shard { state.insert(shard, file.hash) }
        }
        return DiskShardStore(files: files, xorbs: xorbs, now: now, state: state, damages: damages)
    }

    @discardableResult
    public func register(_ shard: Shard) async throws -> Bool {
        try await check.check(shard)
        var new: [ShardFile] = []
        for file in shard.files where try await self.file(file.hash) == nil {
            new.append(file)
        }
        guard !new.isEmpty else { return false }
        let kept = Shard(files: new, xorbs: shard.xorbs)
        let bytes = try kept.storedBytes(ShardFooter(creationTime: now()))
        let hash = ShardHash(ofShard: bytes.rawSpan)
        let staged = try await files.stage { file in
            _ = try await file.write(contentsOf: bytes, toAbsoluteOffset: 0)
        }
        do {
            _ = try await Self.read(hash, at: staged, files)
            try await naming.withTurn {
                try await files.commit(staged, as: files.layout.shard(hash))
            }
        } catch {
            files.drop(staged)
            throw error
        }
        state.withLock { state in
            state.insert(kept, hash)
            state.recent.insert(kept, hash)
        }
        return true
    }

    public func file(_ hash: FileHash) async throws -> ShardFile? {
        for shard in state.withLock({ $0.shards(of: hash) }) {
            if let file = try await self.shard(shard)?.file(hash), isComplete(file) { return file }
        }
        return nil
    }

    public func neighbours(of xorb: XorbHash, maximumCount: Int) async throws -> [XorbHash] {
        guard let user = state.withLock({ $0.users[xorb] }), let shard = try await shard(user) else { return [] }
        return XorbNeighbours.of(xorb, in: shard.files, maximumCount: maximumCount)
    }

    /// The files of which a xorb is missing, and the first such xorb.
    ///
    /// Reads all shards that describe them.
    public func incompleteFiles() async throws -> [(file: FileHash, missing: XorbHash)] {
        var incomplete: [(file: FileHash, missing: XorbHash)] = []
        // Shard by shard, so that each is read once.
        var byShard: [ShardHash: [FileHash]] = [:]
        for (file, shard) in state.withLock({ $0.shards }) {
            byShard[shard, default: []].append(file)
        }
        for (hash, files) in byShard.sorted(by: { $0.key < $1.key }) {
            guard let shard = try await shard(hash) else { continue }
            for name in files.sorted() {
                guard let missing = shard.file(name).flatMap(missingXorb), try await file(name) == nil else { continue }
                incomplete.append((name, missing))
            }
        }
        return incomplete
    }

    /// Whether a shard describes the file, even if a xorb of it is missing.
    public func describes(_ file: FileHash) -> Bool { state.withLock { $0.shards[file] != nil } }

    private func isComplete(_ file: ShardFile) -> Bool { missingXorb(file) == nil }

    private func missingXorb(_ file: ShardFile) -> XorbHash? {
        file.terms.first { !xorbs.contains($0.xorb) }?.xorb
    }

    /// A shard; `nil` if it cannot be read any more, as if it had never been kept.
    private func shard(_ hash: ShardHash) async throws -> Shard? {
        if let recent = state.withLock({ $0.recent.shard(hash) }) { return recent }
        do {
            let shard = try await Self.read(hash, at: files.layout.shard(hash), files)
            state.withLock { $0.recent.insert(shard, hash) }
            return shard
        } catch is StoreError {
            return nil
        } catch let error as FileSystemError where error.isOfOneFile {
            return nil
        }
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
