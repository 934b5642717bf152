public import NIOCore
import Synchronization
public import XetAccess
public import XetCore
import XetStore
package import _NIOFileSystem

/// Keeps chunks in a folder: a file for each run, and an index of what is in them.
///
/// A run is findable once its bytes are on disk and the index names it. A process that is killed leaves files that the index
/// does not name: they are removed at the next start. What the index names and the disk does not have, or has otherwise, is found
/// when it is read.
public final class DiskChunkStore: ChunkStore, TermStore {
    /// What stays free on the disk for others.
    private static let spareByteCount = 64 << 20
    /// How long nothing is written after the disk has failed.
    private static let restAfterFailure = Duration.seconds(10)
    /// Runs that are read from the index at once.
    private static let batchCount = 16_384
    /// Bytes of the index for a run, about: its rows, and each record.
    private static let indexByteCount = 200

    private struct State {
        var order = EvictionOrder<Int64>()
        var reservedByteCount = 0
        var nextNumber: Int64
        var failedAt: ContinuousClock.Instant?
        /// Bytes of runs of which not all chunks are proven.
        var provisionalByteCount = 0
        /// When the oldest run was kept, in Unix seconds.
        var oldest: Int64?
    }

    /// Most bytes that are kept.
    public let byteLimit: Int
    private let lock: FolderLock
    let files: SegmentFiles
    let index: SegmentIndex
    private let time: @Sendable () -> Int64
    private let events: any CacheStoreEvents
    /// Whether what is kept makes room for what comes.
    private let mayEvict: Bool
    private let state: Mutex<State>

    /// Opens a folder, which is created if it is not there, unless it is to exist; ``close()`` follows.
    ///
    /// If it may not evict, what does not fit is not taken. `time` gives Unix seconds. At most `byteLimit` bytes are
    /// kept, 90% of what is free if `nil`, with what is there already. Throws what the folder cannot be used for.
    package static func open(
        _ path: FilePath,
        byteLimit: Int? = nil,
        events: any CacheStoreEvents = NoCacheStoreEvents(),
        isExisting: Bool = false,
        mayEvict: Bool = true,
        time: @escaping @Sendable () -> Int64 = { 0 }
    ) async throws -> DiskChunkStore {
        let folder = CacheFolder(path)
        if isExisting { try await folder.checkExists() }
        let lock = try await folder.prepare()
        let files = SegmentFiles(folder)
        do {
            let index = try await Self.openIndex(folder, files, events)
            var order = EvictionOrder<Int64>()
            var provisionalByteCount = 0
            order.reserve(try index.runCount())
            var last: Int64 = 0
            while case let places = try index.runs(after: last, Self.batchCount), let end = places.last {
                last = end.number
                for place in places {
                    order.restore(place.number, byteCount: Self.byteCount(place.byteCount))
                    if !place.isProven { provisionalByteCount += place.byteCount }
                }
            }
            let free = try SystemCalls.freeByteCount(at: folder.segments)
            return DiskChunkStore(
                byteLimit: byteLimit ?? order.byteCount + free / 10 * 9,
                lock: lock,
                files: files,
                index: index,
                events: events,
                time: time,
                mayEvict: mayEvict,
                state: State(
                    order: order,
                    nextNumber: try index.beginNumbers(),
                    provisionalByteCount: provisionalByteCount,
                    oldest: try index.oldest()
                )
            )
        } catch {
            await files.close()
            throw error
        }
    }

    /// Opens the index; one that is damaged is begun anew, and what it named is dropped.
    private static func openIndex(
        _ folder: CacheFolder,
        _ files: SegmentFiles,
        _ events: any CacheStoreEvents
    ) async throws -> SegmentIndex {
        do {
            if try await folder.isDamaged { throw SegmentIndexError.damaged }
            return try SegmentIndex(folder.index, files.threads)
        } catch let error as DatabaseError where error.isDamage {
            events.noteLost(error)
        } catch let error as SegmentIndexError where error.mayBeginAnew {
            events.noteLost(error)
        }
        try await folder.clear()
        return try SegmentIndex(folder.index, files.threads)
    }

    private init(
        byteLimit: Int,
        lock: FolderLock,
        files: SegmentFiles,
        index: SegmentIndex,
        events: any CacheStoreEvents,
        time: @escaping @Sendable () -> Int64,
        mayEvict: Bool,
        state: consuming State
    ) {
        self.byteLimit = byteLimit
        self.lock = lock
        self.files = files
        self.index = index
        self.events = events
        self.time = time
        self.mayEvict = mayEvict
        self.state = Mutex(state)
    }

    /// Ends the store; nothing else is asked of it afterwards.
    package func close() async {
        await files.close()
    }

    /// Bytes that are kept, the index included.
    public var byteCount: Int { state.withLock { $0.order.byteCount } }

    /// Runs that are kept.
    public var runCount: Int { state.withLock { $0.order.count } }

    /// Bytes of runs of which not all chunks are proven.
    public var provisionalByteCount: Int { state.withLock { $0.provisionalByteCount } }

    /// When the oldest run was kept, in Unix seconds; `nil` if there is none.
    public var oldest: Int64? { state.withLock { $0.oldest } }

    private static func byteCount(_ byteCount: Int) -> Int { byteCount + indexByteCount }

    /// Removes files that no run names, which a process left that was killed; those of this process stay.
    package func removeOrphans() async throws {
        let first = state.withLock { $0.nextNumber }
        for folder in files.folder.segmentFolders {
            try Task.checkCancellation()
            var orphans: [Int64] = []
            for entry in try await FileSystem.shared.entries(of: folder) {
                guard let number = CacheFolder.number(entry.name.string), number < first else { continue }
                let isKept = state.withLock { $0.order.contains(number) }
                if !isKept { orphans.append(number) }
            }
            try await files.remove(orphans)
        }
    }
}

// MARK: Runs

extension DiskChunkStore {
    public func runs(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkRun] {
        do {
            let (runs, damaged) = try await index.runs(of: xorb, in: chunks)
            if !damaged.isEmpty { try await drop(damaged) }
            // What was dropped is gone, also where the disk did not let go of it.
            return state.withLock { state in runs.filter { state.order.contains($0.id.number) } }
        } catch {
            noteFailure(error)
            throw error
        }
    }

    public func read(_ bytes: Range<Int>, of run: ChunkRun.ID) async throws -> ByteBuffer {
        if bytes.lowerBound == 0 { state.withLock { $0.order.use(run.number) } }
        return try await files.read(bytes, of: run.number)
    }

    public func note(_ records: [ChunkRecord], of run: ChunkRun.ID) async throws {
        guard try await index.note(records, of: run.number) else { return }
        let byteCount = records.reduce(0) { $0 + $1.serializedByteCount }
        state.withLock { $0.provisionalByteCount -= byteCount }
    }

    public func remove(_ run: ChunkRun.ID) async throws { try await drop([run.number]) }

    private func drop(_ numbers: [Int64]) async throws {
        guard !numbers.isEmpty else { return }
        state.withLock { state in
            for number in numbers { state.order.remove(number) }
        }
        try await forget(numbers)
    }

    /// Removes what is no longer in the order.
    private func forget(_ numbers: [Int64]) async throws {
        guard !numbers.isEmpty else { return }
        let removed = try await index.remove(numbers)
        let oldest = try index.oldest()
        state.withLock { state in
            for place in removed where !place.isProven { state.provisionalByteCount -= place.byteCount }
            state.oldest = oldest
        }
        try await files.remove(numbers)
    }

    /// Drops what is used least until at most `byteCount` bytes are left.
    package func prune(to byteCount: Int) async throws {
        while let victim = state.withLock({ $0.order.byteCount > byteCount ? $0.order.next() : nil }) {
            try Task.checkCancellation()
            try await forget([victim.id])
        }
    }

    public func writer(byteCount: Int) async throws -> (any ChunkWriter)? {
        guard byteCount <= byteLimit, !isResting else { return nil }
        let free = try await files.freeByteCount()
        let (number, victims) = state.withLock { reserve(Self.byteCount(byteCount), free: free, &$0) }
        events.noteEvicted(victims.count)
        do {
            try await forget(victims)
            guard let number else {
                if free < byteCount + Self.spareByteCount { events.noteFailure(DiskFull(freeByteCount: free)) }
                return nil
            }
            return Writer(
                self,
                number: number,
                file: try await files.create(number),
                reserved: Self.byteCount(byteCount)
            )
        } catch {
            if number != nil { release(Self.byteCount(byteCount)) }
            noteFailure(error)
            throw error
        }
    }

    /// Reserves room; returns the number of a new run, `nil` if there is no room, and what is dropped for it.
    private func reserve(_ byteCount: Int, free: Int, _ state: inout State) -> (number: Int64?, victims: [Int64]) {
        var free = free - Self.spareByteCount - state.reservedByteCount
        var victims: [Int64] = []
        while state.order.byteCount + state.reservedByteCount + byteCount > byteLimit || free < byteCount {
            guard mayEvict, let victim = state.order.next() else { return (nil, victims) }
            victims.append(victim.id)
            free += victim.byteCount
        }
        state.reservedByteCount += byteCount
        defer { state.nextNumber += 1 }
        return (state.nextNumber, victims)
    }

    private func release(_ byteCount: Int) {
        state.withLock { $0.reservedByteCount -= byteCount }
    }

    /// Whether the disk has failed a moment ago.
    private var isResting: Bool {
        state.withLock { state in
            guard let failedAt = state.failedAt else { return false }
            if ContinuousClock.now - failedAt < Self.restAfterFailure { return true }
            state.failedAt = nil
            return false
        }
    }

    private func noteFailure(_ error: any Error) {
        guard !(error is CancellationError) else { return }
        state.withLock { $0.failedAt = .now }
        if let error = error as? DatabaseError, error.isDamage {
            // If that fails too, it is found again.
            try? files.folder.markDamaged()
        }
        events.noteFailure(error)
    }

    private final class Writer: ChunkWriter {
        private let store: DiskChunkStore
        private let number: Int64
        private let file: SegmentFile
        private let reserved: Int
        private let byteCount = Mutex<Int64>(0)

        init(_ store: DiskChunkStore, number: Int64, file: SegmentFile, reserved: Int) {
            self.store = store
            self.number = number
            self.file = file
            self.reserved = reserved
        }

        func append(_ pieces: [ByteBuffer]) async throws {
            let offset = byteCount.withLock { $0 }
            do {
                try await store.files.write(pieces, to: file, at: offset)
            } catch {
                store.noteFailure(error)
                throw error
            }
            byteCount.withLock { $0 += Int64(pieces.reduce(0) { $0 + $1.readableBytes }) }
        }

        func read(_ bytes: Range<Int>) async throws -> ByteBuffer {
            try await store.files.read(bytes, of: file)
        }

        func commit(_ contents: ChunkRunContents) async throws -> ChunkRun {
            let run = ChunkRun(id: ChunkRun.ID(number), contents: contents)
            do {
                try await store.files.complete(file, at: Int64(contents.byteCount))
                try await store.index.insert(run, time: store.time())
            } catch {
                store.noteFailure(error)
                await abandon()
                throw error
            }
            let byteCount = DiskChunkStore.byteCount(contents.byteCount)
            store.state.withLock { state in
                state.reservedByteCount -= reserved
                state.order.insert(number, byteCount: byteCount, key: contents.evictionKey)
                if !contents.isProven { state.provisionalByteCount += contents.byteCount }
                state.oldest = state.oldest ?? store.time()
            }
            store.events.noteWritten()
            return run
        }

        func abandon() async {
            // What cannot be removed now is an orphan at the next start.
            try? await store.files.remove([number])
            store.release(reserved)
        }
    }
}

// MARK: Taking over another store

extension DiskChunkStore {
    /// Takes over all that another store on the same disk keeps, as one change: it can be found when this returns,
    /// and if it throws or the process ends before, nothing of it.
    ///
    /// The other one keeps its own, which takes no room beside; nobody changes it meanwhile. `contents` says what is
    /// known of each run by now.
    package func adopt(
        _ other: DiskChunkStore,
        contents: @escaping @Sendable (ChunkRunContents) throws -> ChunkRunContents
    ) async throws {
        let count = other.runCount
        let first = state.withLock { state in
            defer { state.nextNumber += Int64(count) }
            return state.nextNumber
        }
        let adopted: [SegmentIndex.Adopted]
        do {
            var linked = 0
            var last: Int64 = 0
            while case let places = try other.index.runs(after: last, Self.batchCount), let end = places.last {
                try Task.checkCancellation()
                last = end.number
                guard linked + places.count <= count else { throw SegmentIndexError.damaged }
                let names = places.enumerated().map { (old: $1.number, new: first + Int64(linked + $0)) }
                try await files.link(names, from: other.files)
                linked += places.count
            }
            adopted = try await index.adopt(
                other.index,
                firstNumber: first,
                mostCount: count,
                time: time(),
                contents: contents
            )
        } catch {
            // What cannot be removed now is an orphan at the next start.
            try? await files.remove((0..<Int64(count)).map { first + $0 })
            throw error
        }
        state.withLock { state in
            for run in adopted {
                let place = run.place
                state.order.insert(place.number, byteCount: Self.byteCount(place.byteCount), key: run.key)
                if !place.isProven { state.provisionalByteCount += place.byteCount }
            }
            if !adopted.isEmpty { state.oldest = state.oldest ?? time() }
        }
        try await index.synchronize()
    }

    /// Drops the runs whose numbers are meant.
    func drop(_ isMeant: (Int64) -> Bool) async throws {
        var last: Int64 = 0
        while case let places = try index.runs(after: last, Self.batchCount), let end = places.last {
            last = end.number
            try await drop(places.map(\.number).filter(isMeant))
        }
    }

    /// Forgets what all files are made of.
    func forgetFiles() async throws { try await index.forgetFiles() }
}

// MARK: Files

extension DiskChunkStore {
    public func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        try await index.part(of: file, holding: range)
    }

    public func keep(_ part: FilePart, of file: FileHash) async throws { try await index.insert(part, of: file) }

    public func parts(of file: FileHash) async throws -> [FilePart] { try await index.parts(of: file) }

    public func forget(_ file: FileHash) async throws { try await index.forget(file) }
}

/// There is hardly any room left on the disk, and nothing of the cache to drop for it.
package struct DiskFull: Error, CustomStringConvertible {
    let freeByteCount: Int
    /// What was to be written, if that is known.
    var neededByteCount: Int?

    package var description: String {
        let needed = neededByteCount.map { ", and \($0 >> 20) MiB may be needed" } ?? ""
        return "the disk is full: \(freeByteCount >> 20) MiB are free\(needed)"
    }
}

/// What is told about a store.
public protocol CacheStoreEvents: Sendable {
    /// Runs were dropped to make room.
    func noteEvicted(_ count: Int)

    /// The disk has failed, or is full: for a while nothing is written.
    func noteFailure(_ error: any Error)

    /// A run was written and is findable.
    func noteWritten()

    /// The index was damaged: everything is dropped.
    func noteLost(_ error: any Error)
}

/// Tells nobody.
public struct NoCacheStoreEvents: CacheStoreEvents {
    public init() {}
    public func noteEvicted(_ count: Int) {}
    public func noteFailure(_ error: any Error) {}
    public func noteWritten() {}
    public func noteLost(_ error: any Error) {}
}
