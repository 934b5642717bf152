public import NIOCore

/// Bytes that are to be uploaded, and can be read as often as needed.
public struct UploadContent: Sendable {
    /// How many there are.
    public let byteCount: UInt64
    /// Reads so many bytes from an offset on, all of which are there.
    let read: @Sendable (_ offset: UInt64, _ byteCount: Int) async throws -> ByteBuffer

    /// Content of `byteCount` bytes that `read` gives; it throws if they are no longer there.
    public init(
        byteCount: UInt64,
        read: @escaping @Sendable (_ offset: UInt64, _ byteCount: Int) async throws -> ByteBuffer
    ) {
        self.byteCount = byteCount
        self.read = read
    }

    /// The bytes of a range, piece by piece.
    public func pieces(of range: Range<UInt64>? = nil, byteCount: Int = 1 << 20) -> Pieces {
        Pieces(content: self, rest: range ?? 0..<self.byteCount, pieceByteCount: byteCount)
    }

    /// Bytes in pieces of one length, but for the last.
    public struct Pieces: AsyncSequence, AsyncIteratorProtocol, Sendable {
        public typealias Element = ByteBuffer
        public typealias Failure = any Error

        fileprivate let content: UploadContent
        fileprivate var rest: Range<UInt64>
        fileprivate let pieceByteCount: Int

        public func makeAsyncIterator() -> Pieces { self }

        public mutating func next() async throws -> ByteBuffer? {
            guard !rest.isEmpty else { return nil }
            let count = Int(Swift.min(UInt64(rest.count), UInt64(pieceByteCount)))
            let piece = try await content.read(rest.lowerBound, count)
            rest = rest.lowerBound + UInt64(count)..<rest.upperBound
            return piece
        }
    }
}
