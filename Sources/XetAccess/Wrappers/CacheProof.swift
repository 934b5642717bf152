public import XetCore

/// Proves what is kept of a file: that its chunks are those that the file's hash means.
///
/// A part of a xorb cannot be checked against the xorb's hash, so a chunk that was just fetched proves nothing. But the hashes of
/// all chunks of a file give the file's own, or do not.
public struct CacheProof: Sendable {
    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// The chunks are proven.
        case proven
        /// The chunks are not those of the file: those that nothing else has proven are dropped.
        case refuted
        /// Something is missing: a term, a chunk, or a hash.
        case incomplete
    }

    private let terms: any TermStore
    private let chunks: any ChunkStore

    /// A proof over what is kept.
    public init(terms: any TermStore, chunks: any ChunkStore) {
        self.terms = terms
        self.chunks = chunks
    }

    /// Drops what is kept of a file that was downloaded and was wrong, unless it is proven.
    ///
    /// What is kept may be right all the same, if the wrong bytes came from elsewhere; then it is proven now.
    public func refute(_ file: FileHash, byteCount: UInt64) async throws {
        if try await prove(file, byteCount: byteCount) == .incomplete { try await dropUnproven(file) }
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

    /// Compares the hash of a file of `byteCount` bytes with those of its chunks.
    @discardableResult
    public func prove(_ file: FileHash, byteCount: UInt64) async throws -> Outcome {
        let parts = try await terms.parts(of: file)
        var tree = MerkleTree()
        var place: UInt64 = 0
        var runs: [ChunkRun.ID: ChunkRun] = [:]
        while place < byteCount {
            try Task.checkCancellation()
            // Of those that hold the place, the one that reaches furthest.
            guard let part = parts.filter({ $0.start <= place && place < $0.end }).max(by: { $0.end < $1.end }),
                try await fold(part, from: &place, into: &tree, &runs)
            else { return .incomplete }
        }
        guard place == byteCount, tree.fileHash == file else {
            for run in runs.values where !run.contents.records.allSatisfy(\.isProven) {
                try await chunks.remove(run.id)
            }
            try await terms.forget(file)
            return .refuted
        }
        for run in runs.values { try await notePartProven(run, in: parts) }
        return .proven
    }

    /// Adds the chunks of a part from a place in the file on; `false` if one is missing, or begins before the place and ends
    /// after it.
    private func fold(
        _ part: FilePart,
        from place: inout UInt64,
        into tree: inout MerkleTree,
        _ used: inout [ChunkRun.ID: ChunkRun]
    ) async throws -> Bool {
        var start = part.start
        for term in part.terms {
            let end = start + UInt64(term.unpackedByteCount)
            defer { start = end }
            guard end > place else { continue }
            var chunk = term.chunks.start
            var chunkStart = start
            let runs = try await chunks.runs(of: term.xorb, in: term.chunks)
            while chunk < term.chunks.end {
                guard let run = runs.last(where: { $0.chunks.start <= chunk && chunk < $0.chunks.end }),
                    let rest = ChunkRange(start: chunk, end: min(run.chunks.end, term.chunks.end))
                else { return false }
                used[run.id] = run
                for record in run.contents.records(in: rest) {
                    let chunkEnd = chunkStart + UInt64(record.unpackedByteCount)
                    if chunkEnd > place {
                        guard chunkStart == place, let hash = record.hash else { return false }
                        tree.append(hash, byteCount: record.unpackedByteCount)
                        place = chunkEnd
                    }
                    chunkStart = chunkEnd
                }
                chunk = rest.end
            }
            guard chunkStart == end else { return false }
        }
        return true
    }

    /// Notes those chunks of a run as proven that are chunks of the file.
    private func notePartProven(_ run: ChunkRun, in parts: [FilePart]) async throws {
        var contents = run.contents
        for term in parts.lazy.flatMap(\.terms) where term.xorb == contents.xorb {
            guard
                let part = ChunkRange(
                    start: max(term.chunks.start, contents.chunks.start),
                    end: min(term.chunks.end, contents.chunks.end)
                )
            else { continue }
            for chunk in part.start..<part.end { contents.records[chunk - contents.chunks.start].isProven = true }
        }
        if contents.records != run.contents.records { try await chunks.note(contents.records, of: run.id) }
    }
}
