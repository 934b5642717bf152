import NIOCore
import XetAccess
import XetClient
import XetLocal

/// The bytes of a file of a Hub, in pieces, as they come.
///
/// Each iteration fetches them anew. Who stops iterating ends the fetches.
public struct FileBytes: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = any Error

    /// Which bytes of the file these are; `nil` if the Hub does not say how many there are.
    public let range: Range<UInt64>?
    private let retry: RetryPolicy
    private let open: @Sendable () async throws -> ContentSource

    init(range: Range<UInt64>?, retry: RetryPolicy, open: @escaping @Sendable () async throws -> ContentSource) {
        self.range = range
        self.retry = retry
        self.open = open
    }

    public func makeAsyncIterator() -> Iterator { Iterator(bytes: self) }

    /// One reading of the bytes.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let bytes: FileBytes
        private var reading: Reading?

        fileprivate init(bytes: FileBytes) {
            self.bytes = bytes
        }

        public mutating func next() async throws -> [UInt8]? {
            let reading = reading ?? Reading(bytes)
            self.reading = reading
            return try await reading.next()
        }
    }

    /// The task that fetches, which ends with who iterates.
    private final class Reading: Sendable {
        private let relay: BodyRelay
        private let task: Task<Void, Never>

        init(_ bytes: FileBytes) {
            let relay = BodyRelay()
            self.relay = relay
            // A sequence is asked for its elements one by one, and fetches have to go on between: so they have a task of their own.
            task = Task {
                do {
                    let source = try await bytes.open()
                    var sink = RelaySink(relay: relay, skipped: (bytes.range?.lowerBound ?? 0) - source.start)
                    sink.rest = bytes.range.map { UInt64($0.count) }
                    try await source.stream(retry: bytes.retry, into: &sink)
                    relay.finish()
                } catch is RelaySink.Enough {
                    relay.finish()
                } catch {
                    relay.finish(throwing: error)
                }
            }
        }

        deinit {
            task.cancel()
            relay.discard()
        }

        func next() async throws -> [UInt8]? {
            try await withTaskCancellationHandler {
                try Task.checkCancellation()
                return try await relay.makeAsyncIterator().next().map { Array($0.readableBytesView) }
            } onCancel: {
                task.cancel()
                relay.discard()
            }
        }
    }

    /// Hands on the bytes that are meant, of a Hub that may send more.
    private struct RelaySink: DeliverySink {
        struct Enough: Error {}

        let relay: BodyRelay
        var skipped: UInt64
        /// Bytes that are still to come; `nil` if nobody knows.
        var rest: UInt64?

        init(relay: BodyRelay, skipped: UInt64) {
            self.relay = relay
            self.skipped = skipped
        }

        mutating func deliver(_ bytes: ByteBuffer) async throws {
            var bytes = bytes
            let before = Swift.min(skipped, UInt64(bytes.readableBytes))
            bytes.moveReaderIndex(forwardBy: Int(before))
            skipped -= before
            guard let rest else { return try await relay.push(bytes) }
            let count = Swift.min(rest, UInt64(bytes.readableBytes))
            try await relay.push(bytes.readSlice(length: Int(count)) ?? ByteBuffer())
            self.rest = rest - count
            if bytes.readableBytes > 0 { throw Enough() }
        }
    }
}
