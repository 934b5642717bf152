import Synchronization
import XetAccess
import XetCore

/// The addresses of one window's fetches, renewed when they have expired.
///
/// A burst of refusals leads to one new reconstruction: whoever finds newer addresses than those refused uses them.
final class WindowFetches: RangeSigner {
    private let file: FileHash
    private let window: FileByteRange
    private let source: any ReconstructionSource
    private let metrics: DownloadMetrics
    private let reconstruction: Mutex<Reconstruction>
    private let gate = TaskGate()

    init(
        _ reconstruction: Reconstruction,
        file: FileHash,
        window: FileByteRange,
        source: any ReconstructionSource,
        metrics: DownloadMetrics = DownloadMetrics()
    ) {
        self.reconstruction = Mutex(reconstruction)
        self.file = file
        self.window = window
        self.source = source
        self.metrics = metrics
    }

    /// A range that holds the chunks of `refused`, at an address that is newer.
    ///
    /// It may be longer: what was kept somewhere may have been a part of what is signed. Throws `.invalidResponse` if the file is
    /// now to be rebuilt in another way.
    func renewed(_ refused: FetchInfo, of xorb: XorbHash) async throws -> FetchInfo {
        let known = try current(refused, of: xorb)
        if known.url != refused.url { return known }
        return try await gate.withTurn {
            let known = try current(refused, of: xorb)
            if known.url != refused.url { return known }
            try await renew()
            return try current(refused, of: xorb)
        }
    }

    /// All ranges that are signed together with one, itself among them, in the order in which they are signed.
    func signedList(of info: FetchInfo, of xorb: XorbHash) -> [FetchInfo] {
        reconstruction.withLock { $0.fetches[xorb]?.signedList(of: info) } ?? [info]
    }

    func signed(
        _ chunks: ChunkRange,
        of xorb: XorbHash,
        unpackedByteCount: (_ chunk: Int) -> Int?
    ) async throws -> FetchInfo? {
        guard let place = place(of: chunks, of: xorb, unpackedByteCount) else { return nil }
        return try await source.reconstruction(of: file, range: place)?.fetches[xorb]?.containing(chunks)
    }

    private func current(_ info: FetchInfo, of xorb: XorbHash) throws -> FetchInfo {
        let found = reconstruction.withLock { $0.fetches[xorb]?.containing(info.chunks) }
        // Whoever kept the chunks may have packed them in another way.
        guard let found, info.url == .kept || found.chunks != info.chunks || found.bytes == info.bytes else {
            throw Self.changed
        }
        return found
    }

    private func renew() async throws {
        guard let fresh = try await source.reconstruction(of: file, range: window) else { throw Self.changed }
        try reconstruction.withLock { known in
            guard fresh.terms == known.terms, fresh.offsetIntoFirstTerm == known.offsetIntoFirstTerm else {
                throw Self.changed
            }
            known = fresh
        }
        metrics.noteRenewal()
    }

    /// Where in the file chunks are, as far as the known lengths of others tell; `nil` if they are in no term.
    ///
    /// It goes from the last known end before them to the first known start behind them.
    private func place(
        of chunks: ChunkRange,
        of xorb: XorbHash,
        _ unpackedByteCount: (_ chunk: Int) -> Int?
    ) -> FileByteRange? {
        let known = reconstruction.withLock { $0 }
        var termStart = window.start - min(window.start, known.offsetIntoFirstTerm)
        var place: (start: UInt64, end: UInt64)?
        for term in known.terms {
            let termEnd = termStart + UInt64(term.unpackedByteCount)
            defer { termStart = termEnd }
            guard term.xorb == xorb, let part = term.chunks.intersection(chunks) else { continue }
            let before = (term.chunks.start..<part.start).lazy.map(unpackedByteCount).prefix { $0 != nil }
            let behind = (part.end..<term.chunks.end).reversed().lazy.map(unpackedByteCount).prefix { $0 != nil }
            let start = termStart + before.reduce(0) { $0 + UInt64($1 ?? 0) }
            let end = termEnd - min(termEnd, behind.reduce(0) { $0 + UInt64($1 ?? 0) })
            place = (min(place?.start ?? start, start), max(place?.end ?? end, end))
        }
        guard let place else { return nil }
        return FileByteRange(start: max(place.start, window.start), end: min(place.end, window.end))
    }

    private static let changed = XetError(
        .invalidResponse,
        "the renewed reconstruction differs from the first",
        cause: ReconstructionError.changedOnRenewal
    )
}
