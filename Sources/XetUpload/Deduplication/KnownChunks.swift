import XetCore

/// The chunks of some xorbs, by their hashes.
///
/// Takes about 80 bytes for a chunk.
struct KnownChunks: Sendable {
    /// Most places of one truncated hash that are looked at; it bounds the work that a hostile list can cause.
    private static let mostCandidateCount = 8

    private struct Place: Sendable {
        let xorb: UInt32
        let chunk: UInt32
    }

    private let key: ChunkHashKey?
    private var xorbs: [(hash: XorbHash, chunks: [ChunkHash])] = []
    private var positions: [XorbHash: Int] = [:]
    /// The first place of a truncated hash, and those that came after it.
    private var places: [UInt64: Place] = [:]
    private var further: [UInt64: [Place]] = [:]
    private(set) var chunkCount = 0

    /// No chunks; the lists of xorbs that come have hashes that are keyed with `key`, if there is one.
    init(key: ChunkHashKey? = nil) {
        self.key = key
    }

    /// Adds the chunks of a xorb, in order; does nothing if it is known.
    mutating func insert(_ xorb: XorbHash, _ chunks: [ChunkHash]) {
        guard positions[xorb] == nil, let number = UInt32(exactly: xorbs.count) else { return }
        positions[xorb] = xorbs.count
        xorbs.append((xorb, chunks))
        chunkCount += chunks.count
        for (index, chunk) in chunks.enumerated() {
            let place = Place(xorb: number, chunk: UInt32(index))
            let hash = chunk.truncated
            if places[hash] == nil {
                places[hash] = place
            } else if further[hash, default: []].count < Self.mostCandidateCount - 1 {
                further[hash, default: []].append(place)
            }
        }
    }

    /// Whether a chunk is among them.
    func contains(_ chunk: ChunkHash) -> Bool {
        longestMatch(of: [chunk], next: nil) != nil
    }

    /// See ``ChunkFinder/longestMatch(of:next:)``.
    func longestMatch(of chunks: ArraySlice<ChunkHash>, next: ChunkMatch?) -> ChunkMatch? {
        guard let first = chunks.first else { return nil }
        if let next, let number = positions[next.xorb] {
            let count = count(of: chunks, in: number, from: next.start)
            if count > 0 { return ChunkMatch(xorb: next.xorb, start: next.start, count: count) }
        }
        let hash = stored(first).truncated
        guard let place = places[hash] else { return nil }
        var best: ChunkMatch?
        for place in [place] + further[hash, default: []] {
            let count = count(of: chunks, in: Int(place.xorb), from: Int(place.chunk))
            if count > best?.count ?? 0 {
                best = ChunkMatch(xorb: xorbs[Int(place.xorb)].hash, start: Int(place.chunk), count: count)
            }
        }
        return best
    }

    private func stored(_ chunk: ChunkHash) -> ChunkHash { key.map { chunk.keyed($0.key) } ?? chunk }

    /// How many of `chunks` stand in a xorb from `start` on.
    private func count(of chunks: ArraySlice<ChunkHash>, in xorb: Int, from start: Int) -> Int {
        let known = xorbs[xorb].chunks
        guard start < known.count else { return 0 }
        return zip(chunks, known[start...]).prefix { stored($0) == $1 }.count
    }
}

/// The chunks of the xorbs that came last, as many as there is room for.
struct RecentChunks: Sendable {
    /// When there are so many, the older half goes: about 40 MiB.
    private static let mostChunkCount = 1 << 19

    private var recent: KnownChunks
    private var older: KnownChunks
    private let key: ChunkHashKey?

    init(key: ChunkHashKey? = nil) {
        self.key = key
        recent = KnownChunks(key: key)
        older = recent
    }

    mutating func insert(_ xorb: XorbHash, _ chunks: [ChunkHash]) {
        if recent.chunkCount + chunks.count > Self.mostChunkCount {
            older = recent
            recent = KnownChunks(key: key)
        }
        recent.insert(xorb, chunks)
    }

    func contains(_ chunk: ChunkHash) -> Bool { recent.contains(chunk) || older.contains(chunk) }

    /// See ``ChunkFinder/longestMatch(of:next:)``.
    func longestMatch(of chunks: ArraySlice<ChunkHash>, next: ChunkMatch?) -> ChunkMatch? {
        ChunkMatch.better(
            recent.longestMatch(of: chunks, next: next),
            older.longestMatch(of: chunks, next: next),
            next: next
        )
    }
}

extension ChunkMatch {
    /// The one that goes on at `next`, or else the longer.
    static func better(_ one: ChunkMatch?, _ other: ChunkMatch?, next: ChunkMatch?) -> ChunkMatch? {
        guard let one, let other else { return one ?? other }
        if let next, other.xorb == next.xorb, other.start == next.start { return other }
        if let next, one.xorb == next.xorb, one.start == next.start { return one }
        return other.count > one.count ? other : one
    }
}
