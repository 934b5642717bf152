import XetCore

/// Folds the hashes of a file's chunks, as they are kept, into what the file's hash should be: as far as there are any.
///
/// It goes on where it stopped when more is there. It takes a few KiB, and 8 bytes for each run.
struct FileFold: Sendable {
    /// Why it goes no further.
    enum Stop: Hashable, Sendable {
        /// A chunk is not kept.
        case chunk(Int, of: XorbHash)
        /// Nobody has said what is in the file from here on.
        case terms
        /// What is kept does not fit what was said of the file.
        case contradiction
        /// The file ends.
        case end
    }

    let file: FileHash
    /// Bytes of the file up to the chunk that comes next.
    private(set) var place: UInt64 = 0
    private var tree = MerkleTree()
    /// The runs that were used.
    private(set) var runs: Set<ChunkRun.ID> = []

    init(_ file: FileHash) {
        self.file = file
    }

    /// Whether what was folded makes up the file.
    var isRight: Bool { tree.fileHash == file }

    /// Goes on as far as it can, at most to the end of a file of `byteCount` bytes.
    mutating func advance(
        to byteCount: UInt64?,
        _ terms: any TermStore,
        _ chunks: any ChunkStore,
        _ lost: LostProofs
    ) async throws -> Stop {
        while byteCount.map({ place < $0 }) ?? true {
            try Task.checkCancellation()
            guard let next = FileByteRange(start: place, end: place + 1),
                let part = try await terms.part(of: file, holding: next)
            else { return .terms }
            let before = place
            if let missing = try await fold(part, chunks, ChunkHasher(chunks, lost)) { return missing }
            guard place > before else { return .contradiction }
        }
        return .end
    }

    /// Adds the chunks of a part from the place on; returns what is missing.
    private mutating func fold(
        _ part: FilePart,
        _ chunks: any ChunkStore,
        _ hasher: ChunkHasher
    ) async throws -> Stop? {
        var start = part.start
        for term in part.terms {
            let end = start + UInt64(term.unpackedByteCount)
            defer { start = end }
            guard end > place else { continue }
            var chunk = term.chunks.start
            var chunkStart = start
            let kept = try await chunks.runs(of: term.xorb, in: term.chunks)
            while chunk < term.chunks.end {
                guard let run = kept.last(where: { $0.chunks.start <= chunk && chunk < $0.chunks.end }),
                    let rest = ChunkRange(start: chunk, end: min(run.chunks.end, term.chunks.end)),
                    let hashed = try await Self.hashed(run, rest, hasher)
                else { return .chunk(chunk, of: term.xorb) }
                runs.insert(run.id)
                for record in hashed.contents.records(in: rest) {
                    let chunkEnd = chunkStart + UInt64(record.unpackedByteCount)
                    if chunkEnd > place {
                        guard chunkStart == place, let hash = record.hash else { return .contradiction }
                        tree.append(hash, byteCount: record.unpackedByteCount)
                        place = chunkEnd
                    }
                    chunkStart = chunkEnd
                    chunk += 1
                }
            }
            guard chunkStart == end else { return .contradiction }
        }
        return nil
    }

    /// The run with its hashes; `nil` if it turns out not to be kept.
    private static func hashed(
        _ run: ChunkRun,
        _ part: ChunkRange,
        _ hasher: ChunkHasher
    ) async throws -> ChunkRun? {
        do {
            return try await hasher.hashed(run, in: part)
        } catch is ChunkStoreError {
            return nil
        }
    }
}
