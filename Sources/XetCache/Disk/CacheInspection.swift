import XetAccess
import XetCore

/// What is in the cache of a folder.
package struct CacheSummary: Hashable, Sendable {
    /// Bytes, the index included.
    package let byteCount: Int
    package let runCount: Int
    package let chunkCount: Int
    /// Bytes of runs of which not all chunks are proven.
    package let provisionalByteCount: Int
    /// Files of which it is known what they are made of.
    package let fileCount: Int
    /// When the oldest run was kept, in Unix seconds.
    package let oldest: Int64?
}

/// What came of reading everything.
package struct CacheVerification: Hashable, Sendable {
    /// What was as it was kept.
    package var runCount = 0
    package var byteCount = 0
    /// What was not, and is dropped.
    package var damagedRunCount = 0
    package var damagedByteCount = 0
}

extension DiskChunkStore {
    /// Runs that are read at the same time.
    private static let verifierCount = 4
    /// Runs that are looked up at once.
    private static let batchCount = 1024

    package func summary() async throws -> CacheSummary {
        let counts = try await index.counts()
        return CacheSummary(
            byteCount: byteCount,
            runCount: runCount,
            chunkCount: counts.chunks,
            provisionalByteCount: provisionalByteCount,
            fileCount: counts.files,
            oldest: oldest
        )
    }

    /// Reads everything, compares it with its checksums, and drops what is not as it was kept.
    ///
    /// `progress` gets the bytes so far.
    package func verify(progress: (Int) -> Void = { _ in }) async throws -> CacheVerification {
        var result = CacheVerification()
        var last: Int64 = 0
        while true {
            let places = try index.runs(after: last, Self.batchCount)
            guard let next = places.last else { break }
            last = next.number
            try await verify(places, &result, progress)
        }
        return result
    }

    private func verify(
        _ places: [SegmentIndex.Place],
        _ result: inout CacheVerification,
        _ progress: (Int) -> Void
    ) async throws {
        var places = places[...]
        try await withThrowingTaskGroup(of: (place: SegmentIndex.Place, isRight: Bool).self) { group in
            for _ in 0..<Self.verifierCount {
                if let place = places.popFirst() { group.addTask { (place, try await self.isRight(place)) } }
            }
            while let (place, isRight) = try await group.next() {
                if let place = places.popFirst() { group.addTask { (place, try await self.isRight(place)) } }
                if isRight {
                    result.runCount += 1
                    result.byteCount += place.byteCount
                } else {
                    try await remove(ChunkRun.ID(place.number))
                    result.damagedRunCount += 1
                    result.damagedByteCount += place.byteCount
                }
                progress(result.byteCount + result.damagedByteCount)
            }
        }
    }

    private func isRight(_ place: SegmentIndex.Place) async throws -> Bool {
        guard let run = try await index.run(place.number), run.contents.byteCount == place.byteCount else {
            return false
        }
        do {
            for step in RunSteps(run.contents, run.chunks) {
                try Task.checkCancellation()
                _ = try await KeptBytes.read(step.records, firstChunk: step.firstChunk, of: run.contents.xorb) {
                    try await read(step.bytes, of: run.id)
                }
            }
            return true
        } catch is ChunkStoreError {
            return false
        }
    }
}
