public import XetCore

/// A cache that all readers of a site share, as those see it who serve them.
public protocol SiteCache: Sendable {
    /// The data hosts, with what is kept in front of them.
    var source: any XorbSource { get }

    /// Bytes that are kept, and most that may be.
    var size: (byteCount: Int, limit: Int) { get }

    /// The CAS, with what is known of files in front of it, for somebody who may have them.
    func reconstructions(_ upstream: any ReconstructionSource) -> any ReconstructionSource

    /// Whether all chunks that a range of a file needs are kept and proven.
    func isProven(_ range: FileByteRange, of file: FileHash) async -> Bool

    /// The first byte of a range of a file that cannot be had from what is kept, or was imported; `nil` if there is none.
    ///
    /// Throws ``XetError`` if that cannot be said.
    func missing(_ range: FileByteRange, of file: FileHash) async throws -> UInt64?

    /// Takes note of what a file is made of, as the CAS told somebody who then fetches it by itself.
    ///
    /// Returns before it is kept, unless much waits for that already.
    func note(_ part: FilePart, of file: FileHash) async

    /// Takes note of how long a file is that somebody may fetch by itself.
    func note(byteCount: UInt64, of file: FileHash)
}
