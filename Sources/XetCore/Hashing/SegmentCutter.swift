import BLAKE3

/// The chunks that end in one segment.
struct SegmentCuts: Sendable {
    /// What earlier segments hold of the first one.
    let head: [UInt8]
    /// Offsets in the segment after each chunk.
    var ends: [Int] = []

    /// Hashes the chunks; `bytes` are those of the segment.
    func leaves(in bytes: RawSpan) -> [(hash: ChunkHash, byteCount: Int)] {
        var start = 0
        return ends.map { end in
            let chunk = bytes.extracting(start..<end)
            defer { start = end }
            guard start == 0, !head.isEmpty else { return (ChunkHash(ofChunk: chunk), chunk.byteCount) }
            var hasher = BLAKE3Hasher(key: HashKey.data)
            hasher.update(head.rawSpan)
            hasher.update(chunk)
            return (ChunkHash(hasher.finalize()), head.count + chunk.byteCount)
        }
    }
}

/// Cuts segment after segment.
struct SegmentCutter {
    private var chunker = Chunker()
    /// The start of a chunk whose end has not come yet.
    private var open: [UInt8] = []

    /// Cuts the next segment, which may have any length.
    mutating func cut(_ bytes: RawSpan, isLast: Bool) -> SegmentCuts {
        var ends: [Int] = []
        var start = 0
        while start < bytes.byteCount, let cut = chunker.nextCut(in: bytes.extracting(start..<bytes.byteCount)) {
            start += cut
            ends.append(start)
        }
        if isLast, start < bytes.byteCount || (ends.isEmpty && !open.isEmpty) { ends.append(bytes.byteCount) }
        guard let last = ends.last else {
            // A short segment, all of it in a chunk that goes on.
            open.append(copying: bytes)
            return SegmentCuts(head: [])
        }
        let cuts = SegmentCuts(head: open, ends: ends)
        open = Array(copying: bytes.extracting(last..<bytes.byteCount))
        return cuts
    }
}
