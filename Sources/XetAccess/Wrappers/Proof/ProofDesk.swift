import XetCore

/// Proves files as their chunks come, and hashes chunks that nobody has hashed.
///
/// One thing after the other, by whoever calls it. Of more files than a bound the one that nothing came for is given up longest.
struct ProofDesk {
    /// Most files that wait for chunks.
    private static let mostFileCount = 256

    private struct Waiting {
        var fold: FileFold
        var byteCount: UInt64?
        var stop = FileFold.Stop.terms
        var lastTurn = 0
    }

    private let terms: any TermStore
    private let chunks: any ChunkStore
    private let events: any CacheEvents
    private let lost: LostProofs
    private var files: [FileHash: Waiting] = [:]
    private var turn = 0

    init(terms: any TermStore, chunks: any ChunkStore, lost: LostProofs, events: any CacheEvents) {
        self.lost = lost
        self.terms = terms
        self.chunks = chunks
        self.events = events
    }

    private var proof: CacheProof { CacheProof(terms: terms, chunks: chunks, lost: lost, events: events) }

    /// Goes on with a file: more is known of it, or how long it is.
    mutating func advance(_ file: FileHash, byteCount: UInt64?) async throws {
        turn += 1
        var waiting = files[file] ?? Waiting(fold: FileFold(file))
        waiting.byteCount = byteCount ?? waiting.byteCount
        waiting.lastTurn = turn
        files[file] = nil
        switch try await proof.prove(&waiting.fold, byteCount: waiting.byteCount) {
        case .proven: events.noteProven(true)
        case .refuted: events.noteProven(false)
        case .incomplete(let stop):
            waiting.stop = stop
            if files.count >= Self.mostFileCount, let oldest = files.min(by: { $0.value.lastTurn < $1.value.lastTurn })
            {
                files[oldest.key] = nil
            }
            files[file] = waiting
        }
    }

    /// Hashes chunks that have been kept, and goes on with what waits for them.
    mutating func take(_ kept: ChunkRange, of xorb: XorbHash) async throws {
        for run in try await chunks.runs(of: xorb, in: kept) {
            do {
                try await restore(try await ChunkHasher(chunks, lost).hashed(run, in: run.chunks))
            } catch is ChunkStoreError {
                events.noteHealed()
            }
        }
        try await proof.prove(xorb)
        for (file, waiting) in files {
            guard case .chunk(let chunk, of: xorb) = waiting.stop, kept.start <= chunk, chunk < kept.end else {
                continue
            }
            try await advance(file, byteCount: nil)
        }
    }

    /// Compares chunks that were had anew with those that were proven before: they are proven again, or dropped.
    private func restore(_ run: ChunkRun) async throws {
        let expected = lost.hashes(of: run.contents.xorb, in: run.chunks)
        guard !expected.isEmpty else { return }
        var contents = run.contents
        for (chunk, hash) in expected {
            let index = chunk - run.chunks.start
            guard contents.records[index].hash == hash else {
                events.noteHealed()
                return try await chunks.remove(run.id)
            }
            contents.records[index].isProven = true
        }
        try await chunks.note(contents.records, of: run.id)
    }
}
