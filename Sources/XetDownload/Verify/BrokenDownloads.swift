import DequeModule
import Synchronization
import XetCore

/// What is known of downloads that ended before the file did, so that their rest can be verified too.
///
/// A part of a file has no hash of its own. But the chunks before the place where a download broke off were hashed
/// while they were delivered, and the Merkle tree over them takes a few KiB. Whoever asks for the rest later gets it
/// from a little earlier on, up to ``mostPointCount`` windows, and the hash of the whole file is compared at its end.
/// Only hashes are kept, of a file that is named by its hash: who asks, and who asked before, makes no difference. So the
/// bytes of one that broke off may have been wrong where another's were right; what does not lead to the file hash is
/// forgotten. At most ``mostRecordCount`` downloads are kept, and of their trees ``mostByteCount``, the last ones.
final class BrokenDownloads: Sendable {
    /// Trees kept of a download: the client may have received less than was delivered.
    static let mostPointCount = 8
    static let mostRecordCount = 256
    /// Most bytes of all trees.
    static let mostByteCount = 8 << 20

    private struct Record {
        let file: FileHash
        /// The trees over the chunks before some places, in file order.
        let points: [MerkleTree]
        /// Where the download broke off.
        let end: UInt64
        let byteCount: Int
    }

    private struct State {
        var records: Deque<Record> = []
        var byteCount = 0

        mutating func removeFirst() {
            byteCount -= records.removeFirst().byteCount
        }
    }

    private let state = Mutex(State())

    init() {}

    /// Remembers a download that delivered the bytes before `end`; `points` are in file order.
    func note(_ file: FileHash, points: [MerkleTree], end: UInt64) {
        let points = Array(points.suffix(Self.mostPointCount))
        guard !points.isEmpty else { return }
        let byteCount = points.reduce(0) { $0 + $1.memoryByteCount }
        state.withLock { state in
            state.records.append(Record(file: file, points: points, end: end, byteCount: byteCount))
            state.byteCount += byteCount
            while state.records.count > Self.mostRecordCount || state.byteCount > Self.mostByteCount {
                state.removeFirst()
            }
        }
    }

    /// Bytes that all trees take.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// Drops what is known of a file.
    func forget(_ file: FileHash) {
        state.withLock { state in
            state.records.removeAll { $0.file == file }
            state.byteCount = state.records.reduce(0) { $0 + $1.byteCount }
        }
    }

    /// The tree over the chunks before the last known place at or before `start`, if the bytes up to `start` have been
    /// delivered before.
    func tree(of file: FileHash, before start: UInt64) -> MerkleTree? {
        state.withLock { state in
            state.records.lazy.reversed()
                .filter { $0.file == file && start <= $0.end }
                .compactMap { $0.points.last { $0.byteCount <= start } }
                .first
        }
    }
}
