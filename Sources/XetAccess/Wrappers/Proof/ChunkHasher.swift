import NIOCore
import XetCore

/// Unpacks and hashes chunks that are kept and that no reader has unpacked: XET clients take them as they are.
struct ChunkHasher: Sendable {
    private let store: any ChunkStore
    private let lost: LostProofs

    /// A hasher that remembers in `lost` what was proven of what it drops.
    init(_ store: any ChunkStore, _ lost: LostProofs) {
        self.store = store
        self.lost = lost
    }

    /// The run with the hashes of all chunks in `part`, which the store has then too.
    ///
    /// Drops the run and throws ``ChunkStoreError`` if it is damaged, or no chunks were kept in the first place.
    func hashed(_ run: ChunkRun, in part: ChunkRange) async throws -> ChunkRun {
        guard run.contents.records(in: part).contains(where: { $0.hash == nil }) else { return run }
        var contents = run.contents
        do {
            for step in RunSteps(run.contents, part) where step.records.contains(where: { $0.hash == nil }) {
                try Task.checkCancellation()
                let bytes = try await KeptBytes.read(step.records, firstChunk: step.firstChunk, of: contents.xorb) {
                    try await store.read(step.bytes, of: run.id)
                }
                let hashes = try Self.hashes(bytes, firstChunk: step.firstChunk, of: contents.xorb)
                for (index, hash) in zip(step.records.indices, hashes) where contents.records[index].hash == nil {
                    contents.records[index].hash = hash
                }
            }
        } catch let error as ChunkStoreError {
            lost.note(run.contents)
            // A store that cannot remove it says so, and does not find it again.
            try? await store.remove(run.id)
            throw error
        }
        // What cannot be remembered is computed again.
        try? await store.note(contents.records, of: run.id)
        return ChunkRun(id: run.id, contents: contents)
    }

    /// The hashes of whole chunks that follow one another.
    private static func hashes(
        _ bytes: ByteBuffer,
        firstChunk: Int,
        of xorb: XorbHash
    ) throws(ChunkStoreError) -> [ChunkHash] {
        let span = bytes.readableBytesSpan
        var reader = XorbChunkReader()
        var unpacker = ChunkUnpacker()
        var unpacked: [UInt8] = []
        var hashes: [ChunkHash] = []
        var offset = 0
        do throws(XorbError) {
            while let item = try reader.next(in: span, from: &offset) {
                try unpacked.replace(capacity: item.header.unpackedByteCount) { (output) throws(XorbError) in
                    try reader.unpack(item, in: span, with: &unpacker, into: &output)
                }
                hashes.append(ChunkHash(ofChunk: unpacked.rawSpan))
            }
            try reader.finish()
        } catch {
            throw .damaged(xorb: xorb, chunk: firstChunk + hashes.count)
        }
        return hashes
    }
}
