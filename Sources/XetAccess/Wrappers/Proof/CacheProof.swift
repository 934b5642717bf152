import XetCore

/// Proves what is kept: that chunks are those that the hash of a file, or of a xorb, means.
///
/// A part of a xorb cannot be checked against the xorb's hash, so a chunk that was just fetched proves nothing. But the hashes of
/// all chunks of a file give the file's own, or do not; and so do those of all chunks of a xorb.
struct CacheProof: Sendable {
    /// What came of it.
    enum Outcome: Hashable, Sendable {
        /// The chunks are proven.
        case proven
        /// The chunks are not those of the file: those that nothing else has proven are dropped.
        case refuted
        /// Something is missing.
        case incomplete(FileFold.Stop)
    }

    /// Longest range of which is said whether it is proven: about 50 µs for each run of chunks.
    private static let mostByteCount: UInt64 = 16 << 30

    private let terms: any TermStore
    private let chunks: any ChunkStore
    private let lost: LostProofs
    private let events: any CacheEvents

    /// A proof over what is kept.
    init(terms: any TermStore, chunks: any ChunkStore, lost: LostProofs, events: any CacheEvents) {
        self.terms = terms
        self.chunks = chunks
        self.lost = lost
        self.events = events
    }

    /// Goes on with a file of `byteCount` bytes, or as many as there are.
    func prove(_ fold: inout FileFold, byteCount: UInt64?) async throws -> Outcome {
        let stop = try await fold.advance(to: byteCount, terms, chunks, lost)
        let isEnd = stop == .end && fold.place == byteCount
        if isEnd || stop == .terms && byteCount == nil, fold.isRight {
            try await noteProven(fold)
            return .proven
        }
        guard stop == .end || stop == .contradiction else { return .incomplete(stop) }
        try await dropUnproven(fold.file)
        return .refuted
    }

    /// Whether all chunks that a range of a file needs are proven; `false` for what takes long to say.
    func isProven(_ range: FileByteRange, of file: FileHash) async throws -> Bool {
        guard range.count <= Self.mostByteCount else { return false }
        var place = range.start
        while place < range.end {
            guard let next = FileByteRange(start: place, end: place + 1),
                let part = try await terms.part(of: file, holding: next)
            else { return false }
            var start = part.start
            for term in part.terms {
                let end = start + UInt64(term.unpackedByteCount)
                defer { start = end }
                guard end > place, start < range.end else { continue }
                guard try await isProven(term, at: start, range) else { return false }
            }
            place = part.end
        }
        return true
    }

    /// Whether the chunks of a term are proven that a range needs.
    private func isProven(_ term: Term, at termStart: UInt64, _ range: FileByteRange) async throws -> Bool {
        var (chunk, place) = (term.chunks.start, termStart)
        let runs = try await chunks.runs(of: term.xorb, in: term.chunks)
        while chunk < term.chunks.end, place < range.end {
            guard let run = runs.last(where: { $0.chunks.start <= chunk && chunk < $0.chunks.end }),
                let rest = ChunkRange(start: chunk, end: min(run.chunks.end, term.chunks.end))
            else { return false }
            for record in run.contents.records(in: rest) {
                let end = place + UInt64(record.unpackedByteCount)
                if end > range.start, place < range.end, !record.isProven { return false }
                place = end
            }
            chunk = rest.end
        }
        return true
    }

    /// Drops what is kept of a file that was downloaded and was wrong, unless it is proven.
    ///
    /// What is kept may be right all the same, if the wrong bytes came from elsewhere; then it is proven now.
    func refute(_ file: FileHash, byteCount: UInt64) async throws {
        var fold = FileFold(file)
        if case .incomplete = try await prove(&fold, byteCount: byteCount) { try await dropUnproven(file) }
    }

    private func dropUnproven(_ file: FileHash) async throws {
        let refuted = try await terms.parts(of: file).flatMap(\.terms)
        events.noteRefuted(refuted)
        for term in refuted {
            for run in try await chunks.runs(of: term.xorb, in: term.chunks)
            where !run.contents.records(in: term.chunks).allSatisfy(\.isProven) {
                try await chunks.remove(run.id)
            }
        }
        try await terms.forget(file)
    }

    /// Notes the chunks of a file as proven: those of the runs that its hash was computed from, and the same chunks elsewhere.
    private func noteProven(_ fold: FileFold) async throws {
        var ranges: [XorbHash: [ChunkRange]] = [:]
        for term in try await terms.parts(of: fold.file).lazy.flatMap(\.terms) {
            ranges[term.xorb, default: []].append(term.chunks)
        }
        for (xorb, parts) in ranges {
            guard let start = parts.lazy.map(\.start).min(), let end = parts.lazy.map(\.end).max(),
                let all = ChunkRange(start: start, end: end)
            else { continue }
            let runs = try await chunks.runs(of: xorb, in: all)
            var proven: [Int: ChunkHash] = [:]
            for run in runs where fold.runs.contains(run.id) {
                for part in parts {
                    guard let common = run.chunks.intersection(part) else { continue }
                    for chunk in common.start..<common.end { proven[chunk] = run.contents.record(of: chunk).hash }
                }
            }
            for run in runs { try await note(proven, of: run) }
        }
    }

    /// Notes the chunks of a run as proven that have hashes which are.
    private func note(_ proven: [Int: ChunkHash], of run: ChunkRun) async throws {
        var contents = run.contents
        for (index, record) in contents.records.enumerated() where !record.isProven {
            guard let hash = record.hash, proven[run.chunks.start + index] == hash else { continue }
            contents.records[index].isProven = true
        }
        if contents.records != run.contents.records { try await chunks.note(contents.records, of: run.id) }
    }

    /// Notes the chunks of a xorb as proven if all of them are kept, and give its hash.
    ///
    /// Nobody has said how many there are: fewer give another hash, or all of them are wrong, which shows elsewhere.
    func prove(_ xorb: XorbHash) async throws {
        guard let all = ChunkRange(start: 0, end: XorbBuilder.maximumChunkCount) else { return }
        let runs = try await chunks.runs(of: xorb, in: all)
        guard runs.contains(where: { !$0.contents.records.allSatisfy(\.isProven) }) else { return }
        var tree = MerkleTree()
        var proven: [Int: ChunkHash] = [:]
        var next = 0
        while let run = runs.last(where: { $0.chunks.start <= next && next < $0.chunks.end }) {
            guard let part = ChunkRange(start: next, end: run.chunks.end) else { return }
            for record in run.contents.records(in: part) {
                guard let hash = record.hash else { return }
                tree.append(hash, byteCount: record.unpackedByteCount)
                proven[next] = hash
                next += 1
            }
        }
        guard tree.xorbHash == xorb else { return }
        for run in runs { try await note(proven, of: run) }
    }
}
