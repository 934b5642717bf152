import DequeModule
import Synchronization
import XetCore

/// The hashes of what was delivered of files lately, whoever asked, so that a file which is downloaded by several ranges is
/// verified too: when they cover it together, before the bytes leave that complete it.
///
/// What was delivered last counts. The beginning of a file is folded into a tree as it grows; what lies before that, when it
/// is delivered again, is not compared. All files together take at most ``mostByteCount``, those that were delivered last.
final class DeliveredPieces: Sendable {
    /// A chunk that leaves, as a whole or in part.
    struct Chunk: Hashable, Sendable {
        let hash: ChunkHash
        let byteCount: Int
    }

    /// Most bytes of memory, of all files and of one.
    static let mostByteCount = 16 << 20
    private static let mostByteCountPerFile = 8 << 20

    fileprivate struct State {
        var files: [FileHash: FilePieces] = [:]
        /// The same files, those that came first in front; some are gone.
        var line: Deque<FileHash> = []
        var byteCount = 0
    }

    private let state = Mutex(State())

    init() {}

    /// Bytes of memory taken now.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// Notes chunks that are about to leave, the first from byte `start` of the file on.
    ///
    /// Returns the hash of the whole if all of it is there with them, and then forgets it.
    func note(_ chunks: [Chunk], at start: UInt64, of file: FileHash, byteCount: UInt64) -> FileHash? {
        let whole = state.withLock { state -> FilePieces? in
            var pieces = state.remove(file) ?? FilePieces()
            pieces.insert(chunks, at: start)
            if pieces.covers(byteCount) { return pieces }
            if pieces.memoryByteCount <= Self.mostByteCountPerFile { state.insert(pieces, file) }
            return nil
        }
        return whole?.fileHash
    }

    /// Drops what is known of a file.
    func forget(_ file: FileHash) {
        state.withLock { state in _ = state.remove(file) }
    }
}

extension DeliveredPieces.State {
    fileprivate mutating func remove(_ file: FileHash) -> FilePieces? {
        guard let pieces = files.removeValue(forKey: file) else { return nil }
        byteCount -= pieces.memoryByteCount
        return pieces
    }

    fileprivate mutating func insert(_ pieces: FilePieces, _ file: FileHash) {
        files[file] = pieces
        byteCount += pieces.memoryByteCount
        if line.last != file { line.append(file) }
        while byteCount > DeliveredPieces.mostByteCount || line.count > 4096 {
            guard let first = line.popFirst() else { return }
            // One that has come again since is in the line once more.
            if first != file, !line.contains(first) { _ = remove(first) }
        }
    }
}

/// What is known of the chunks of one file.
struct FilePieces: Sendable {
    /// Chunks one behind the other.
    struct Run: Sendable {
        let start: UInt64
        private(set) var end: UInt64
        private(set) var chunks: [DeliveredPieces.Chunk] = []

        init(start: UInt64) {
            self.start = start
            end = start
        }

        mutating func append(_ chunk: DeliveredPieces.Chunk) {
            chunks.append(chunk)
            end += UInt64(chunk.byteCount)
        }

        /// The chunks that lie inside `range` as a whole; `nil` if there are none.
        func part(_ range: Range<UInt64>) -> Run? {
            var part: Run?
            var place = start
            for chunk in chunks {
                let next = place + UInt64(chunk.byteCount)
                if range.lowerBound <= place, next <= range.upperBound {
                    var longer = part ?? Run(start: place)
                    longer.append(chunk)
                    part = longer
                }
                place = next
            }
            return part
        }
    }

    /// Chunks of the first run that are not folded yet from which on some are.
    static let mostUnfoldedCount = 4096
    private static let leastUnfoldedCount = 1024
    private static let mostRunCount = 4096

    /// The chunks at the beginning that are one behind the other.
    private var front = MerkleTree()
    /// Those behind it, in file order; they do not overlap.
    private(set) var runs: [Run] = []
    private(set) var memoryByteCount = 0

    init() {}

    /// Whether all bytes of a file of `byteCount` are there.
    func covers(_ byteCount: UInt64) -> Bool {
        var end = front.byteCount
        for run in runs {
            guard run.start == end else { return false }
            end = run.end
        }
        return end == byteCount
    }

    /// The hash of the file, if it is there as a whole.
    var fileHash: FileHash {
        var tree = front
        for run in runs {
            for chunk in run.chunks { tree.append(chunk.hash, byteCount: chunk.byteCount) }
        }
        return tree.fileHash
    }

    /// Takes up chunks; those that they overlap are dropped.
    mutating func insert(_ chunks: [DeliveredPieces.Chunk], at start: UInt64) {
        var new: Run?
        var place = start
        for chunk in chunks {
            if place >= front.byteCount {
                var run = new ?? Run(start: place)
                run.append(chunk)
                new = run
            }
            place += UInt64(chunk.byteCount)
        }
        guard let new, new.end > new.start else { return }
        if !extend(with: new) { replace(with: new) }
        fold()
        // Many small runs are of a reader that jumps about; it will not read the whole.
        if runs.count > Self.mostRunCount { self = FilePieces() }
        memoryByteCount =
            front.memoryByteCount
            + runs.reduce(0) {
                $0 + MemoryLayout<Run>.stride + $1.chunks.count * MemoryLayout<DeliveredPieces.Chunk>.stride
            }
    }

    /// Adds chunks to the run that ends where they begin, where it stands; returns whether that is all there is to do.
    private mutating func extend(with new: Run) -> Bool {
        guard let index = runs.lastIndex(where: { $0.start < new.start }), runs[index].end == new.start,
            index + 1 == runs.count || runs[index + 1].start >= new.end
        else { return false }
        for chunk in new.chunks { runs[index].append(chunk) }
        return true
    }

    /// Puts a run in the place of what it overlaps.
    private mutating func replace(with new: Run) {
        var before = runs.prefix { $0.start < new.start }
        var after = runs.dropFirst(before.count)
        var cut: [Run] = []
        if let last = before.last, last.end > new.start {
            before.removeLast()
            if let part = last.part(last.start..<new.start) { before.append(part) }
            if last.end > new.end, let part = last.part(new.end..<last.end) { cut.append(part) }
        }
        while let first = after.first, first.start < new.end {
            after.removeFirst()
            if first.end > new.end, let part = first.part(new.end..<first.end) { cut.append(part) }
        }
        runs = Array(before) + [new] + cut + Array(after)
    }

    private mutating func fold() {
        guard let first = runs.first, first.start == front.byteCount, first.chunks.count > Self.mostUnfoldedCount else {
            return
        }
        let foldedCount = first.chunks.count - Self.leastUnfoldedCount
        for chunk in first.chunks.prefix(foldedCount) { front.append(chunk.hash, byteCount: chunk.byteCount) }
        var rest = Run(start: front.byteCount)
        for chunk in first.chunks.dropFirst(foldedCount) { rest.append(chunk) }
        runs[0] = rest
    }
}
