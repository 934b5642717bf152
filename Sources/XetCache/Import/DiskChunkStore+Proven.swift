import XetAccess
package import XetBundle
import XetCore

extension DiskChunkStore {
    /// Runs that are looked up at once.
    private static let batchCount = 1024

    /// The chunks that are kept and proven: what a bundle for this cache need not bring.
    package func provenChunks() async throws -> ChunkSet {
        var set = ChunkSet()
        var last: Int64 = 0
        while case let places = try index.runs(after: last, Self.batchCount), let end = places.last {
            last = end.number
            for place in places {
                try Task.checkCancellation()
                guard let contents = try await index.run(place.number)?.contents else { continue }
                for (index, record) in contents.records.enumerated() where record.isProven {
                    let chunk = contents.chunks.start + index
                    if let one = ChunkRange(start: chunk, end: chunk + 1) { set.insert(contents.xorb, one) }
                }
            }
        }
        return set
    }
}
