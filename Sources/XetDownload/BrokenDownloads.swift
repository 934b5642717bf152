import DequeModule
import Synchronization
import XetCore

/// What is known of downloads that ended before the file did, so that their rest can be verified too.
///
/// A part of a file has no hash of its own. But the chunks before the place where a download broke off were hashed
/// while they were delivered, and the Merkle tree over them takes a few KiB. Whoever asks for the rest later gets it
/// from a little earlier on, up to ``mostPointCount`` windows, and the hash of the whole file is compared at its end.
/// Only hashes are kept, of a file that is named by its hash: who asks, and who asked before, makes no difference.
final class BrokenDownloads: Sendable {
    /// Trees kept of a download: the client may have received less than was delivered.
    static let mostPointCount = 8
    private static let mostRecordCount = 256

    private struct Record {
        let file: FileHash
        /// The trees over the chunks before some places, in file order.
        let points: [MerkleTree]
        /// Where the download broke off.
        let end: UInt64
    }

    private let records = Mutex<Deque<Record>>([])

    init() {}

    /// Remembers a download that delivered the bytes before `end`; `points` are in file order.
    func note(_ file: FileHash, points: [MerkleTree], end: UInt64) {
        guard !points.isEmpty else { return }
        records.withLock { records in
            if records.count == Self.mostRecordCount { records.removeFirst() }
            records.append(Record(file: file, points: points.suffix(Self.mostPointCount), end: end))
        }
    }

    /// The tree over the chunks before the last known place at or before `start`, if the bytes up to `start` have been
    /// delivered before.
    func tree(of file: FileHash, before start: UInt64) -> MerkleTree? {
        records.withLock { records in
            records.lazy.reversed()
                .filter { $0.file == file && start <= $0.end }
                .compactMap { $0.points.last { $0.byteCount <= start } }
                .first
        }
    }
}
