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
        private(set) var chunks: [DeliveredPieces.Chunk] = []
        /// Where each chunk ends.
        private var ends: [UInt64] = []

        init(start: UInt64) {
            self.start = start
        }

        var end: UInt64 { ends.last ?? start }

        var memoryByteCount: Int {
            MemoryLayout<Run>.stride
                + chunks.count * (MemoryLayout<DeliveredPieces.Chunk>.stride + MemoryLayout<UInt64>.stride)
        }

        mutating func append(_ chunk: DeliveredPieces.Chunk) {
            ends.append(end + UInt64(chunk.byteCount))
            chunks.append(chunk)
        }

        /// Puts chunks in the place of as many that begin and end where they do; returns whether there are such.
        mutating func replace(with new: Run) -> Bool {
            let first = new.start == start ? 0 : ends.partitioningIndex { $0 >= new.start } + 1
            let last = first + new.ends.count
            guard new.start == start || first <= ends.count && ends[first - 1] == new.start, last <= ends.count,
                ends[first..<last].elementsEqual(new.ends)
            else { return false }
            for (index, chunk) in new.chunks.enumerated() { chunks[first + index] = chunk }
            return true
        }

        /// The chunks that lie inside `range` as a whole; `nil` if there are none.
        func part(_ range: Range<UInt64>) -> Run? {
            var part: Run?
            var place = start
            for (chunk, next) in zip(chunks, ends) {
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
        // What many readers are given at the same time is the same chunks, over and over.
        let index = runs.partitioningIndex { $0.start > new.start } - 1
        if index >= 0, runs[index].replace(with: new) { return }
        if index >= 0, runs[index].end == new.start, index + 1 == runs.count || runs[index + 1].start >= new.end {
            memoryByteCount -= runs[index].memoryByteCount
            for chunk in new.chunks { runs[index].append(chunk) }
            memoryByteCount += runs[index].memoryByteCount
        } else {
            replace(with: new)
            // Many small runs are of a reader that jumps about; it will not read the whole.
            if runs.count > Self.mostRunCount { self = FilePieces() }
            countMemory()
        }
        if fold() { countMemory() }
    }

    private mutating func countMemory() {
        memoryByteCount = runs.reduce(front.memoryByteCount) { $0 + $1.memoryByteCount }
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

    /// Folds most of a long beginning into the tree; returns whether it did.
    private mutating func fold() -> Bool {
        guard let first = runs.first, first.start == front.byteCount, first.chunks.count > Self.mostUnfoldedCount else {
            return false
        }
        let foldedCount = first.chunks.count - Self.leastUnfoldedCount
        for chunk in first.chunks.prefix(foldedCount) { front.append(chunk.hash, byteCount: chunk.byteCount) }
        var rest = Run(start: front.byteCount)
        for chunk in first.chunks.dropFirst(foldedCount) { rest.append(chunk) }
        runs[0] = rest
        return true
    }
}

extension Array {
    /// The first index from which on `belongs` is true, as it then is for all that follow.
    fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
