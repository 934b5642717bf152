public import XetCore

/// The frame of a `multipart/byteranges` body (RFC 9110, section 14.6).
public struct MultipartRanges: Hashable, Sendable {
    /// What stands before the bytes of one range.
    public struct Part: Hashable, Sendable {
        /// Delimiter and headers.
        public let head: String
        /// The range whose bytes follow.
        public let range: HTTPByteRange
    }

    /// The parts, in the order of the ranges.
    public let parts: [Part]
    /// The last delimiter.
    public let end: String
    /// `Content-Type` of the whole.
    public let contentType: String

    /// A frame with a boundary that does not occur in the parts but by chance; `total` is `nil` if nobody knows it.
    public init(_ ranges: [HTTPByteRange], total: UInt64?) {
        self.init(ranges, total: total, boundary: Self.randomBoundary())
    }

    init(_ ranges: [HTTPByteRange], total: UInt64?, boundary: String) {
        parts = ranges.map { range in
            let contentRange = ContentRangeHeader.satisfied(range, total: total).value
            let fields = "Content-Type: application/octet-stream\r\nContent-Range: \(contentRange)"
            return Part(head: "\r\n--\(boundary)\r\n\(fields)\r\n\r\n", range: range)
        }
        end = "\r\n--\(boundary)--\r\n"
        contentType = "multipart/byteranges; boundary=\(boundary)"
    }

    /// Length of the whole body.
    public var byteCount: Int {
        parts.reduce(end.utf8.count) { $0 + $1.head.utf8.count + Int($1.range.count) }
    }

    /// Long enough not to occur in the parts by chance.
    private static func randomBoundary() -> String {
        (0..<16).map { _ in UInt8.random(in: .min ... .max) }.hexText
    }
}
