import AsyncHTTPClient
public import HTTPTypes
import NIOCore
public import XetAccess
public import XetCore
public import XetWire

/// Where the bytes of a range are in an answer, which may hold more than was asked for.
///
/// Some servers send the whole for a range, or a larger range. What comes before the range is then read and thrown away, up to
/// ``maximumSkippedByteCount``; what comes after it is not read.
public struct RangeAnswer: Hashable, Sendable {
    /// Most bytes that are thrown away: more than the largest xorb has, so that one is read at most.
    public static let maximumSkippedByteCount: UInt64 = 80 << 20

    /// The range that was asked for.
    public let range: HTTPByteRange
    /// How many bytes of the body come before it.
    public let skippedByteCount: UInt64
    /// The size of the whole, if the answer says it.
    public let total: UInt64?
    /// Whether the body ends with the range.
    let isExact: Bool

    /// Reads status and headers of a success.
    ///
    /// Throws ``XetError`` if the range is not in the answer: `.corrupt` for what may be better the next time,
    /// `.invalidResponse` for a whole that is too short for it, or of which too much would have to be thrown away, and what an
    /// error status means.
    public init(_ head: HTTPResponse, of range: HTTPByteRange, from address: HTTPAddress) throws(XetError) {
        self.range = range
        let headers = head.headerFields
        let length = headers[.contentLength].flatMap { UInt64($0) }
        switch head.status.code {
        case 206:
            guard headers[.contentType]?.lowercased().hasPrefix("multipart/") != true else {
                throw XetError(.corrupt, "\(address) answered in parts when asked for \(range.headerValue)")
            }
            guard let text = headers[.contentRange] else {
                try Self.check(length, range.count, address)
                (skippedByteCount, total, isExact) = (0, nil, true)
                return
            }
            guard case .satisfied(let found, let total)? = ContentRangeHeader(text),
                found.first <= range.first, range.last <= found.last
            else { throw XetError(.corrupt, "\(address) answered with another range than \(range.headerValue)") }
            try Self.check(length, found.count, address)
            self.total = total
            skippedByteCount = range.first - found.first
            isExact = found == range
        case 200:
            if let length, length <= range.last {
                throw XetError(.invalidResponse, "\(address) has \(length) bytes, not the range \(range.headerValue)")
            }
            total = length
            skippedByteCount = range.first
            isExact = range.first == 0 && length == range.count
        default:
            throw XetError(head, from: address, of: .cdn)
        }
        guard skippedByteCount <= Self.maximumSkippedByteCount else {
            throw XetError(.invalidResponse, "\(address) ignored the range \(range.headerValue)")
        }
    }

    private static func check(_ length: UInt64?, _ expected: UInt64, _ address: HTTPAddress) throws(XetError) {
        guard let length, length != expected else { return }
        throw XetError(.corrupt, "\(address) announced \(length) bytes, not \(expected)")
    }

    /// Gives the bytes of the range to `each`, piece by piece; nothing more is read while it runs.
    ///
    /// `received` is told how many bytes came, thrown away or not. Returns after exactly the bytes of the range. Throws
    /// what `each` throws, and ``XetError`` if there are fewer, or more although the answer said that there are not.
    func forEach(
        in body: HTTPClientResponse.Body,
        from address: HTTPAddress,
        received: (Int) -> Void,
        _ each: (ByteBuffer) async throws -> Void
    ) async throws {
        var pieces = body.makeAsyncIterator()
        var skipped: UInt64 = 0
        var delivered: UInt64 = 0
        while isExact || delivered < range.count {
            let next: ByteBuffer?
            do {
                next = try await pieces.next()
            } catch {
                throw UpstreamHTTP.failure(error, address, of: .cdn)
            }
            guard var piece = next else { break }
            received(piece.readableBytes)
            let before = min(UInt64(piece.readableBytes), skippedByteCount - skipped)
            piece.moveReaderIndex(forwardBy: Int(before))
            skipped += before
            let wanted = Int(min(UInt64(piece.readableBytes), range.count - delivered))
            guard piece.readableBytes == wanted || !isExact else {
                throw XetError(.corrupt, "\(address) sent more than the \(range.count) bytes of the range")
            }
            guard wanted > 0, let slice = piece.readSlice(length: wanted) else { continue }
            try await each(slice)
            delivered += UInt64(wanted)
        }
        guard delivered == range.count else {
            throw XetError(
                .connectionFailed,
                "\(address) sent \(delivered) of \(range.count) bytes",
                server: UpstreamServer(.cdn, address)
            )
        }
    }
}
