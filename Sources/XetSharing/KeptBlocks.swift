import NIOCore
import XetAccess
import XetCore

/// What is kept here of a xorb's chunks, put together from the runs that have them.
struct KeptBlocks {
    private let xorb: XorbHash
    private let runs: [ChunkRun]
    private let store: any ChunkStore

    init(_ store: any ChunkStore, of xorb: XorbHash, in chunks: ChunkRange) async throws {
        self.store = store
        self.xorb = xorb
        runs = try await store.runs(of: xorb, in: chunks)
    }

    /// Whether all chunks are kept.
    func hasAll(_ chunks: ChunkRange) -> Bool { parts(of: chunks) != nil }

    /// Serialized chunks, where in the xorb the first begins, and the length of each; `nil` if not all are kept, or the runs do
    /// not fit together.
    func contents(of chunks: ChunkRange) async throws -> (firstByte: UInt64, byteCounts: [Int], bytes: ByteBuffer)? {
        guard let parts = parts(of: chunks), let first = parts.first else { return nil }
        var bytes = ByteBuffer()
        var byteCounts: [Int] = []
        let firstByte = Self.place(of: first)
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.run.contents.bytes(of: $1.chunks).count })
        for part in parts {
            guard Self.place(of: part) == firstByte + UInt64(bytes.readableBytes) else { return nil }
            for step in RunSteps(part.run.contents, part.chunks) {
                let read = try await KeptBytes.read(step.records, firstChunk: step.firstChunk, of: xorb) {
                    try await store.read(step.bytes, of: part.run.id)
                }
                bytes.writeImmutableBuffer(read)
                byteCounts += step.records.map(\.serializedByteCount)
            }
        }
        return (firstByte, byteCounts, bytes)
    }

    private struct Part {
        let run: ChunkRun
        let chunks: ChunkRange
    }

    private func parts(of chunks: ChunkRange) -> [Part]? {
        var parts: [Part] = []
        var next = chunks.start
        while next < chunks.end {
            let holding = runs.filter { $0.chunks.start <= next && next < $0.chunks.end }
            guard let run = holding.max(by: { $0.chunks.end < $1.chunks.end }),
                let part = ChunkRange(start: next, end: min(run.chunks.end, chunks.end))
            else { return nil }
            parts.append(Part(run: run, chunks: part))
            next = part.end
        }
        return parts
    }

    private static func place(of part: Part) -> UInt64 {
        part.run.contents.firstByte + UInt64(part.run.contents.bytes(of: part.chunks).lowerBound)
    }
}
