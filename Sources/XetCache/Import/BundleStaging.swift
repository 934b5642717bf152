import NIOCore
import Synchronization
import XetAccess
import XetBundle
import XetCore
import XetStore
import _NIOFileSystem

/// What a bundle has brought so far, beside the cache that it goes to: on the same disk, and visible to nobody.
///
/// Runs of chunks stay when an import ends early, and are not written again. Everything else is read anew each time:
/// who wrote the part of a bundle that was never seen whole is not known.
final class BundleStaging: Sendable {
    /// How much of what came was there already.
    struct Tally: Sendable {
        var writtenByteCount = 0
        /// What an earlier import of the bundle left.
        var resumedByteCount = 0
        /// What the cache has.
        var keptByteCount = 0
    }

    private struct State {
        var tally = Tally()
        /// Staged runs that this bundle has.
        var runs: Set<Int64> = []
        /// Chunks that files of this bundle prove.
        var proven = ChunkSet()
        var files: [(hash: FileHash, byteCount: UInt64)] = []
        var folding: FileFolding?
        var openTerms: [Term] = []
    }

    let folder: FilePath
    /// What the bundle says that the Hub said.
    let answers: AnswerSpool
    private let main: DiskChunkStore
    private let base: BundleImport.Base
    private let staged: DiskChunkStore
    private let state = Mutex(State())

    /// Opens the staging of a bundle of `byteCount` bytes, if that is known, or begins it; ``close()`` follows.
    ///
    /// Throws ``DiskFull`` if there is not as much room as it may need.
    init(
        _ identifier: String,
        of byteCount: UInt64?,
        beside main: DiskChunkStore,
        base: @escaping BundleImport.Base
    ) async throws {
        self.main = main
        self.base = base
        folder = main.files.folder.imports.appending(identifier)
        staged = try await DiskChunkStore.open(folder, byteLimit: .max, mayEvict: false)
        do {
            try await staged.removeOrphans()
            try await staged.forgetFiles()
            if let byteCount {
                let free = try await staged.files.freeByteCount()
                let needed = Int(clamping: byteCount) - staged.byteCount
                guard free >= needed else { throw DiskFull(freeByteCount: free, neededByteCount: needed) }
            }
            answers = try await AnswerSpool(folder.appending("answers"), staged.files.threads)
        } catch {
            await staged.close()
            throw error
        }
    }

    func close() async { await staged.close() }

    var tally: Tally { state.withLock { $0.tally } }

    /// The files that came, and all their chunks.
    var taken: (chunks: ChunkSet, files: [(hash: FileHash, byteCount: UInt64)]) {
        state.withLock { ($0.proven, $0.files) }
    }

    /// What a file that came is made of: parts that follow one another.
    func parts(of file: FileHash) async throws -> [FilePart] { try await staged.parts(of: file) }

    /// Removes the staging, which is closed.
    func remove() async throws {
        try await FileSystem.shared.removeItem(at: folder, strategy: .platformDefault, recursively: true)
    }

    /// Checks a run, and keeps it unless the cache has it, or the staging.
    func take(_ run: BundledRun) async throws {
        let contents = try run.checked()
        let byteCount = contents.byteCount
        if try await isKept(contents) {
            state.withLock { $0.tally.keptByteCount += byteCount }
            return
        }
        if let number = try await stagedNumber(of: contents) {
            state.withLock { state in
                if state.runs.insert(number).inserted { state.tally.resumedByteCount += byteCount }
            }
            return
        }
        guard let writer = try await staged.writer(byteCount: byteCount) else {
            throw DiskFull(freeByteCount: try await staged.files.freeByteCount())
        }
        do {
            try await writer.append([run.bytes])
        } catch {
            await writer.abandon()
            throw error
        }
        let number = try await writer.commit(contents).id.number
        state.withLock { state in
            state.runs.insert(number)
            state.tally.writtenByteCount += byteCount
        }
    }

    /// Whether the cache has all chunks of a run, proven and as they should be.
    ///
    /// Throws ``XetBundle/BundleError/contradiction(xorb:chunk:)`` if it has others.
    private func isKept(_ contents: ChunkRunContents) async throws -> Bool {
        let kept = try await main.runs(of: contents.xorb, in: contents.chunks)
        guard !kept.isEmpty else { return false }
        var next = contents.chunks.start
        var parts: [(run: ChunkRun, chunks: ChunkRange)] = []
        for run in kept {
            guard let common = run.chunks.intersection(contents.chunks) else { continue }
            for chunk in common.start..<common.end {
                let (ours, theirs) = (run.contents.record(of: chunk), contents.record(of: chunk))
                guard !ours.isProven || ours.hash == theirs.hash else {
                    throw BundleError.contradiction(xorb: contents.xorb, chunk: chunk)
                }
            }
            let isProven = run.contents.records(in: common).allSatisfy(\.isProven)
            guard isProven, common.start <= next, common.end > next else { continue }
            parts.append((run, common))
            next = common.end
        }
        guard next == contents.chunks.end else { return false }
        for part in parts where try await !Self.isIntact(part.run, part.chunks, in: main) { return false }
        return true
    }

    /// The staged run with just these chunks, if it is as it should be.
    private func stagedNumber(of contents: ChunkRunContents) async throws -> Int64? {
        for run in try await staged.runs(of: contents.xorb, in: contents.chunks)
        where run.contents.chunks == contents.chunks && run.contents.firstByte == contents.firstByte {
            guard run.contents.records == contents.records else { continue }
            if try await Self.isIntact(run, run.chunks, in: staged) { return run.id.number }
        }
        return nil
    }

    /// Reads chunks again; a run that is damaged is dropped.
    private static func isIntact(_ run: ChunkRun, _ chunks: ChunkRange, in store: DiskChunkStore) async throws -> Bool {
        do {
            for step in RunSteps(run.contents, chunks) {
                _ = try await KeptBytes.read(step.records, firstChunk: step.firstChunk, of: run.contents.xorb) {
                    try await store.read(step.bytes, of: run.id)
                }
            }
            return true
        } catch is ChunkStoreError {
            try await store.remove(run.id)
            return false
        }
    }

    /// Takes terms of a file: all its chunks must be here by now, or in the cache or the base, and proven.
    func take(_ file: BundledFile) async throws {
        var folding = state.withLock { state in
            state.folding.take() ?? FileFolding(file.hash, byteCount: file.byteCount)
        }
        try await folding.append(file.part) { try await entries(of: $0, in: $1) }
        let isWhole = file.part.end == file.byteCount
        if isWhole { try folding.finish() }
        if !file.part.terms.isEmpty { try await staged.keep(file.part, of: file.hash) }
        let next = isWhole ? nil : folding
        state.withLock { state in
            state.folding = next
            state.openTerms += file.part.terms
            guard isWhole else { return }
            state.files.append((file.hash, file.byteCount))
            for term in state.openTerms { state.proven.insert(term.xorb, term.chunks) }
            state.openTerms = []
        }
    }

    /// The chunks of a range from its first on, up to the first that is nowhere.
    private func entries(of xorb: XorbHash, in range: ChunkRange) async throws -> [ChunkLedger.Entry] {
        let numbers = state.withLock { $0.runs }
        let staged = try await staged.runs(of: xorb, in: range).filter { numbers.contains($0.id.number) }
        let kept = try await main.runs(of: xorb, in: range)
        var entries: [ChunkLedger.Entry] = []
        entries.reserveCapacity(range.count)
        var next = range.start
        while next < range.end {
            let before = next
            if let run = staged.last(where: { $0.chunks.start <= next && next < $0.chunks.end }) {
                next = Self.add(run, from: next, to: range.end, isProvenAlone: false, &entries)
            } else {
                for run in kept where run.chunks.start <= next && next < run.chunks.end {
                    next = Self.add(run, from: next, to: range.end, isProvenAlone: true, &entries)
                }
            }
            if next > before { continue }
            guard let rest = ChunkRange(start: next, end: range.end) else { break }
            let found = try await base(xorb, rest)
            entries += found
            next += found.count
            guard next > before else { break }
        }
        return entries
    }

    /// Adds chunks of a run; returns the chunk behind them.
    private static func add(
        _ run: ChunkRun,
        from start: Int,
        to end: Int,
        isProvenAlone: Bool,
        _ entries: inout [ChunkLedger.Entry]
    ) -> Int {
        var next = start
        while next < min(end, run.chunks.end) {
            let record = run.contents.record(of: next)
            guard let hash = record.hash, record.isProven || !isProvenAlone else { break }
            entries.append(ChunkLedger.Entry(hash: hash, unpackedByteCount: record.unpackedByteCount))
            next += 1
        }
        return next
    }

    /// Makes all of it part of the cache, as one change.
    ///
    /// Throws ``XetBundle/BundleError/unprovenChunks(count:)`` if there is a chunk that no file needs.
    func publish() async throws {
        let (numbers, proven) = state.withLock { ($0.runs, $0.proven) }
        try await staged.drop { !numbers.contains($0) }
        try await main.adopt(staged) { contents in
            var contents = contents
            let missing = proven.missing(contents.xorb, contents.chunks)
            guard missing.isEmpty else {
                throw BundleError.unprovenChunks(count: missing.reduce(0) { $0 + $1.count })
            }
            for index in contents.records.indices { contents.records[index].isProven = true }
            return contents
        }
    }
}
