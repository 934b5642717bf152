package import NIOCore
import XetCore

/// Reads a bundle to its end, and has its chunks looked at on several cores.
package struct BundleStream: Sendable {
    /// Frames of chunks that are looked at at once, or wait for it: 4 MiB each, as they are written here.
    private static let runsAtOnce = 6

    /// What came of it.
    package struct Outcome: Sendable {
        package let counts: BundleEnd
        /// Bytes of the bundle.
        package let byteCount: UInt64
        /// Who signed it.
        package let signer: VerifyingKey?
    }

    private let trusted: [VerifyingKey]
    private let read: @Sendable () async throws -> ByteBuffer

    /// A bundle that `read` gives piece by piece, an empty one at its end; it is to be signed by one of `trusted` if
    /// there are any.
    package init(trusted: [VerifyingKey], read: @escaping @Sendable () async throws -> ByteBuffer) {
        self.trusted = trusted
        self.read = read
    }

    /// Gives each record to `record`, in order, and then each run to `check`, several at once.
    ///
    /// Before `record` gets terms of a file, all runs before them were checked. Nothing may be believed before this
    /// returns. Throws ``BundleError``, and what the closures and the source throw.
    package func run(
        check: @escaping @Sendable (BundledRun) async throws -> Void,
        record: (BundleRecord, _ offset: UInt64) async throws -> Void
    ) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var reader = BundleReader(trusted: trusted)
            var running = 0
            var piece = try await read()
            while piece.readableBytes > 0 {
                var place = 0
                while let found = try reader.next(in: piece.readableBytesSpan, from: &place) {
                    if case .file = found {
                        try await group.waitForAll()
                        running = 0
                    }
                    try await record(found, reader.offset)
                    guard case .chunks(let run) = found else { continue }
                    if running == Self.runsAtOnce {
                        try await group.next()
                        running -= 1
                    }
                    group.addTask { try await check(run) }
                    running += 1
                }
                piece = try await read()
            }
            let counts = try reader.finish()
            try await group.waitForAll()
            return Outcome(counts: counts, byteCount: reader.offset, signer: reader.signer)
        }
    }
}
