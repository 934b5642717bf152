import XetCore

/// How far the delivery of a download has come.
struct DownloadCourse: ~Copyable {
    /// Where in the file delivery goes on.
    var position: UInt64
    var verifier: FileVerifier
    var flow = ReaderFlow()
    /// The tree over the chunks before the first window, and before each that follows; the last of them.
    private(set) var points: [MerkleTree]

    init(position: UInt64, verifier: consuming FileVerifier) {
        self.position = position
        points = [verifier.tree]
        self.verifier = verifier
    }

    /// Notes that a window was delivered.
    mutating func endWindow() {
        guard verifier.tree.byteCount == position else { return }
        if points.count == BrokenDownloads.mostPointCount { points.removeFirst() }
        points.append(verifier.tree)
    }
}
