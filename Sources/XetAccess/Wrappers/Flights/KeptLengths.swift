import XetCore

/// The unpacked lengths of chunks that are kept.
struct KeptLengths {
    private var byteCounts: [Int: Int] = [:]

    init(_ store: some ChunkStore, of xorb: XorbHash, in chunks: ChunkRange) async throws {
        for run in try await store.runs(of: xorb, in: chunks) {
            guard let part = run.chunks.intersection(chunks) else { continue }
            for chunk in part.start..<part.end { byteCounts[chunk] = run.contents.record(of: chunk).unpackedByteCount }
        }
    }

    subscript(chunk: Int) -> Int? { byteCounts[chunk] }
}
