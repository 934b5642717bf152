import NIOCore
import XetAccess
import XetCore

/// What is kept here of a xorb's chunks, put together from the runs that have them.
struct KeptBlocks {
    /// Serialized chunks of a block that follow one another.
    struct Contents: Sendable {
        let chunks: ChunkRange
        /// Where in the serialized xorb the first begins.
        let firstByte: UInt64
        /// What is known of each.
        let records: [ChunkRecord]
        let bytes: ByteBuffer
    }

    private struct Part {
        let run: ChunkRun
        let chunks: ChunkRange

        var place: UInt64 { run.contents.firstByte + UInt64(run.contents.bytes(of: chunks).lowerBound) }
    }

    private let xorb: XorbHash
    private let runs: [ChunkRun]
    private let store: any ChunkStore

    init(_ store: any ChunkStore, of xorb: XorbHash, in chunks: ChunkRange) async throws {
        self.store = store
        self.xorb = xorb
        runs = try await store.runs(of: xorb, in: chunks)
    }

    /// The chunks around `chunks` that are kept without a gap, within `bounds`; `nil` if those are not kept themselves.
    func extent(around chunks: ChunkRange, in bounds: ChunkRange) -> ChunkRange? {
        guard let own = parts(of: chunks), !own.isEmpty else { return nil }
        var (start, end) = (chunks.start, chunks.end)
        while start > bounds.start, let run = runs.first(where: { $0.chunks.start < start && start <= $0.chunks.end }) {
            start = max(bounds.start, run.chunks.start)
        }
        while end < bounds.end, let run = runs.last(where: { $0.chunks.start <= end && end < $0.chunks.end }) {
            end = min(bounds.end, run.chunks.end)
        }
        return ChunkRange(start: start, end: end)
    }

    /// The chunks as they are kept; `nil` if one is not, or the runs do not fit together.
    func contents(of chunks: ChunkRange) async throws -> Contents? {
        guard let parts = parts(of: chunks), let first = parts.first else { return nil }
        var bytes = ByteBuffer()
        var records: [ChunkRecord] = []
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.run.contents.bytes(of: $1.chunks).count })
        for part in parts {
            guard part.place == first.place + UInt64(bytes.readableBytes) else { return nil }
            for step in RunSteps(part.run.contents, part.chunks) {
                let read = try await KeptBytes.read(step.records, firstChunk: step.firstChunk, of: xorb) {
                    try await store.read(step.bytes, of: part.run.id)
                }
                bytes.writeImmutableBuffer(read)
                records += step.records
            }
        }
        return Contents(chunks: chunks, firstByte: first.place, records: records, bytes: bytes)
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
}
