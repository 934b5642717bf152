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

    private let terms: any TermStore
    private let chunks: any ChunkStore

    /// A proof over what is kept.
    init(terms: any TermStore, chunks: any ChunkStore) {
        self.terms = terms
        self.chunks = chunks
    }

    /// Goes on with a file of `byteCount` bytes, or as many as there are.
    func prove(_ fold: inout FileFold, byteCount: UInt64?) async throws -> Outcome {
        let stop = try await fold.advance(to: byteCount, terms, chunks)
        let isEnd = stop == .end && fold.place == byteCount
        if isEnd || stop == .terms && byteCount == nil, fold.isRight {
            try await noteProven(fold)
            return .proven
        }
        guard stop == .end || stop == .contradiction else { return .incomplete(stop) }
        try await dropUnproven(fold.file)
        return .refuted
    }

    /// Drops what is kept of a file that was downloaded and was wrong, unless it is proven.
    ///
    /// What is kept may be right all the same, if the wrong bytes came from elsewhere; then it is proven now.
    func refute(_ file: FileHash, byteCount: UInt64) async throws {
        var fold = FileFold(file)
        if case .incomplete = try await prove(&fold, byteCount: byteCount) { try await dropUnproven(file) }
    }

    private func dropUnproven(_ file: FileHash) async throws {
        for term in try await terms.parts(of: file).flatMap(\.terms) {
            for run in try await chunks.runs(of: term.xorb, in: term.chunks)
            where !run.contents.records(in: term.chunks).allSatisfy(\.isProven) {
                try await chunks.remove(run.id)
            }
        }
        try await terms.forget(file)
    }

    /// Notes the chunks of a file as proven, where the runs are those that its hash was computed from.
    private func noteProven(_ fold: FileFold) async throws {
        var ranges: [XorbHash: [ChunkRange]] = [:]
        for term in try await terms.parts(of: fold.file).lazy.flatMap(\.terms) {
            ranges[term.xorb, default: []].append(term.chunks)
        }
        for (xorb, parts) in ranges {
            guard let start = parts.lazy.map(\.start).min(), let end = parts.lazy.map(\.end).max(),
                let all = ChunkRange(start: start, end: end)
            else { continue }
            for run in try await chunks.runs(of: xorb, in: all) where fold.runs.contains(run.id) {
                try await noteProven(run, in: parts)
            }
        }
    }

    private func noteProven(_ run: ChunkRun, in parts: [ChunkRange]) async throws {
        var contents = run.contents
        for part in parts {
            let start = max(part.start, contents.chunks.start)
            guard let common = ChunkRange(start: start, end: min(part.end, contents.chunks.end)) else { continue }
            for chunk in common.start..<common.end { contents.records[chunk - contents.chunks.start].isProven = true }
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
        var used: [(run: ChunkRun, part: ChunkRange)] = []
        var next = 0
        while let run = runs.last(where: { $0.chunks.start <= next && next < $0.chunks.end }) {
            guard let part = ChunkRange(start: next, end: run.chunks.end) else { return }
            for record in run.contents.records(in: part) {
                guard let hash = record.hash else { return }
                tree.append(hash, byteCount: record.unpackedByteCount)
            }
            used.append((run, part))
            next = part.end
        }
        guard tree.xorbHash == xorb else { return }
        for (run, part) in used { try await noteProven(run, in: [part]) }
    }
}
