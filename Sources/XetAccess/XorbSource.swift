public import NIOCore
public import XetCore

/// Fetches the serialized chunks that a fetch info names.
public protocol XorbSource: Sendable {
    /// Hands the bytes to `body`, piece by piece, as they arrive; nothing more is read while `body` runs.
    ///
    /// Returns after exactly `fetch.bytes.count` bytes. Throws what `body` throws, and ``XetError``: `.expired` when
    /// the URL is no longer good. Cancelling the task ends the request.
    func fetch(_ fetch: FetchInfo, _ body: (ByteBuffer) async throws -> Void) async throws

    /// Hands over the bytes of several ranges of one URL: all of the first, then all of the second, and so on, each with
    /// its index in `fetches`.
    ///
    /// `fetches` have one URL and stand in the order of its signed list. If they are the whole list
    /// (``FetchRanges/signedList(of:)``) they may come with one request, otherwise, and from hosts that cannot do that, with one
    /// each. Returns, throws and is cancelled like the fetch of one range. What was handed over before an error is right:
    /// whoever repeats goes on with the ranges that are not complete.
    func fetch(_ fetches: [FetchInfo], _ body: (_ index: Int, _ piece: ByteBuffer) async throws -> Void) async throws

    /// Whether the ranges would come with one request, as far as is known now.
    ///
    /// If not, they come one behind the other: whoever is in a hurry asks for them apart, several at once.
    func isOneRequest(_ fetches: [FetchInfo]) -> Bool
}

extension XorbSource {
    /// One request for each range.
    public func fetch(
        _ fetches: [FetchInfo],
        _ body: (_ index: Int, _ piece: ByteBuffer) async throws -> Void
    ) async throws {
        for (index, info) in fetches.enumerated() {
            try await fetch(info) { try await body(index, $0) }
        }
    }

    /// Only a single range does.
    public func isOneRequest(_ fetches: [FetchInfo]) -> Bool { fetches.count == 1 }
}
