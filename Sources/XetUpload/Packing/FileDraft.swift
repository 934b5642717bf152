import XetCore

/// A file whose terms are being found; some may lie in the xorb that is still open and has no name yet.
struct FileDraft: Sendable {
    /// Where a chunk is.
    struct Place: Hashable, Sendable {
        /// The xorb; `nil` for the open one.
        let xorb: XorbHash?
        let chunk: Int

        /// So many chunks further on.
        func advanced(_ count: Int) -> Place { Place(xorb: xorb, chunk: chunk + count) }
    }

    /// The term that the next chunk may continue.
    private struct OpenTerm: Sendable {
        var xorb: XorbHash?
        let start: Int
        var hashes: [ChunkHash]
        var unpackedByteCount: Int

        var end: Int { start + hashes.count }
    }

    private struct ClosedTerm: Sendable {
        var xorb: XorbHash?
        let chunks: ChunkRange
        let unpackedByteCount: Int
        let verification: VerificationHash
    }

    private var terms: [ClosedTerm] = []
    private var last: OpenTerm?
    private var tree = MerkleTree()

    /// Whether a term lies in the open xorb.
    private(set) var isUnresolved = false

    /// Length of the file so far.
    var byteCount: UInt64 { tree.byteCount }

    /// Name of the file so far.
    var hash: FileHash { tree.fileHash }

    /// The place that would continue the last term.
    var continuation: Place? { last.map { Place(xorb: $0.xorb, chunk: $0.end) } }

    /// Adds the next chunk of the file.
    mutating func append(_ hash: ChunkHash, byteCount: Int, at place: Place) {
        tree.append(hash, byteCount: byteCount)
        if continuation == place {
            last?.hashes.append(hash)
            last?.unpackedByteCount += byteCount
        } else {
            closeTerm()
            last = OpenTerm(xorb: place.xorb, start: place.chunk, hashes: [hash], unpackedByteCount: byteCount)
            isUnresolved = isUnresolved || place.xorb == nil
        }
    }

    /// Names the xorb that was open until now.
    mutating func resolve(_ xorb: XorbHash) {
        guard isUnresolved else { return }
        for index in terms.indices where terms[index].xorb == nil {
            terms[index].xorb = xorb
        }
        if last?.xorb == nil {
            last?.xorb = xorb
        }
        isUnresolved = false
    }

    /// Ends the last term.
    mutating func closeTerm() {
        guard let term = last, let chunks = ChunkRange(start: term.start, end: term.end),
            let verification = VerificationHash(ofTerm: term.hashes)
        else { return }
        last = nil
        terms.append(
            ClosedTerm(
                xorb: term.xorb,
                chunks: chunks,
                unpackedByteCount: term.unpackedByteCount,
                verification: verification
            )
        )
    }

    /// The file as a shard describes it.
    ///
    /// Precondition: the last term is closed and every xorb has its name (checked).
    func file(sha256: SHA256Digest?) throws -> ShardFile {
        precondition(last == nil && !isUnresolved, "the file is not finished")
        let resolved = try terms.compactMap { term in
            try term.xorb.map { xorb in
                try Term(xorb: xorb, chunks: term.chunks, unpackedByteCount: term.unpackedByteCount)
            }
        }
        return try ShardFile(
            hash: hash,
            terms: resolved,
            verification: terms.map(\.verification),
            sha256: sha256
        )
    }
}
