import XetAccess
package import XetCore

/// Reads a whole bundle and checks everything that can be checked without the place where it goes.
package struct BundleInspection: Sendable {
    package private(set) var contents = BundleContents(sources: [])
    /// The hashes of its chunks, and of those of the bundles it builds on.
    package private(set) var ledger: ChunkLedger
    /// Its own chunks.
    package private(set) var chunks = ChunkSet()
    /// Files that need chunks which are in none of these bundles.
    package private(set) var openFiles: Set<FileHash> = []
    package private(set) var outcome: BundleStream.Outcome?

    private var folding: FileFolding?

    /// Reads `stream`; files may need chunks of `base` as well.
    ///
    /// `progress` gets the bytes so far. Throws ``BundleError``, and what reading throws.
    package init(
        _ stream: BundleStream,
        base: ChunkLedger = ChunkLedger(),
        progress: (UInt64) -> Void = { _ in }
    ) async throws {
        ledger = base
        outcome = try await stream.run { run in
            _ = try run.checked()
        } record: { record, offset in
            try await note(record)
            progress(offset)
        }
    }

    private mutating func note(_ record: BundleRecord) async throws {
        switch record {
        case .contents(let contents): self.contents = contents
        case .chunks(let run):
            ledger.insert(run)
            chunks.insert(run.xorb, run.chunks)
        case .file(let file): try await fold(file)
        case .answer, .end: break
        }
    }

    private mutating func fold(_ file: BundledFile) async throws {
        guard !openFiles.contains(file.hash) else { return }
        var open = folding ?? FileFolding(file.hash, byteCount: file.byteCount)
        folding = nil
        let ledger = ledger
        do {
            try await open.append(file.part) { ledger.entries(of: $0, in: $1) }
        } catch BundleError.missingChunk {
            openFiles.insert(file.hash)
            return
        }
        if file.part.end == file.byteCount { try open.finish() } else { folding = open }
    }
}
