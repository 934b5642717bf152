import XetCache
import XetSharing

/// What `xet cache status` prints.
struct CacheStatusReport: Report {
    let bytes: Int
    let runs: Int
    let chunks: Int
    let provisionalBytes: Int
    let files: Int
    /// Of the oldest run.
    let ageSeconds: Int?

    /// `now` is in Unix seconds.
    init(_ summary: CacheSummary, now: Int64) {
        bytes = summary.byteCount
        runs = summary.runCount
        chunks = summary.chunkCount
        provisionalBytes = summary.provisionalByteCount
        files = summary.fileCount
        ageSeconds = summary.oldest.map { Int(max(0, now - $0)) }
    }

    var text: String {
        """
        size         \(bytes) bytes, the index included
        runs         \(runs)
        chunks       \(chunks)
        provisional  \(provisionalBytes) bytes that no hash has covered yet
        files        \(files) of which it is known what they are made of
        age          \(ageSeconds.map { "\($0) s" } ?? "-")

        """
    }
}

/// What `xet cache verify` prints.
struct CacheVerifyReport: Report {
    let bytes: Int
    let runs: Int
    let droppedBytes: Int
    let droppedRuns: Int

    init(_ verification: CacheVerification) {
        bytes = verification.byteCount
        runs = verification.runCount
        droppedBytes = verification.damagedByteCount
        droppedRuns = verification.damagedRunCount
    }

    var text: String {
        """
        right    \(runs) runs, \(bytes) bytes
        dropped  \(droppedRuns) runs, \(droppedBytes) bytes

        """
    }
}

/// What `xet cache prune` prints.
struct CachePruneReport: Report {
    let bytesBefore: Int
    let bytes: Int
    let runs: Int

    var text: String {
        """
        before  \(bytesBefore) bytes
        after   \(bytes) bytes in \(runs) runs

        """
    }
}

/// What `xet cache prune` prints of a store.
struct StorePruneReport: Report {
    let bytes: Int
    let objects: Int
    let removedBytes: Int
    let removedObjects: Int

    init(_ outcome: StorePruning.Outcome) {
        bytes = outcome.keptByteCount
        objects = outcome.keptCount
        removedBytes = outcome.removedByteCount
        removedObjects = outcome.removedCount
    }

    var text: String {
        """
        removed  \(removedObjects) objects, \(removedBytes) bytes
        left     \(objects) objects, \(bytes) bytes

        """
    }
}
