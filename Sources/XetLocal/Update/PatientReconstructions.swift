import XetAccess
import XetCore

/// Repeats each question for longer than the CAS is asked otherwise: what was read between two of them is not to be read again.
struct PatientReconstructions: ReconstructionSource {
    let upstream: any ReconstructionSource
    let retry: RetryPolicy

    func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
        try await retry.run(clock: ContinuousClock()) {
            try await upstream.unrepeated.reconstruction(of: file, range: range)
        }
    }
}
