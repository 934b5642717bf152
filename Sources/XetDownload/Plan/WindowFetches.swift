import Synchronization
import XetAccess
import XetCore

/// The addresses of one window's fetches, renewed when they have expired.
///
/// A burst of refusals leads to one new reconstruction: whoever finds newer addresses than those refused uses them.
final class WindowFetches: Sendable {
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

    private func current(_ info: FetchInfo, of xorb: XorbHash) throws -> FetchInfo {
        let found = reconstruction.withLock { $0.fetches[xorb]?.containing(info.chunks) }
        guard let found, found.chunks != info.chunks || found.bytes == info.bytes else { throw Self.changed }
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

    private static let changed = XetError(
        .invalidResponse,
        "the renewed reconstruction differs from the first",
        cause: ReconstructionError.changedOnRenewal
    )
}
