public import NIOCore
public import XetCore

/// Fetches the serialized chunks that a fetch info names.
public protocol XorbSource: Sendable {
    /// Hands the bytes to `body`, piece by piece, as they arrive; nothing more is read while `body` runs.
    ///
    /// Returns after exactly `fetch.bytes.count` bytes. Throws what `body` throws, and ``XetError``: `.expired` when
    /// the URL is no longer good. Cancelling the task ends the request.
    func fetch(_ fetch: FetchInfo, _ body: (ByteBuffer) async throws -> Void) async throws
}
