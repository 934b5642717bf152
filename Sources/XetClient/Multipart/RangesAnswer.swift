import HTTPTypes
import XetCore
import XetWire

/// What the answer to a request for several ranges holds of them.
enum RangesAnswer {
    /// The parts, each by itself.
    case parts(MultipartReader)
    /// Some of the ranges, the first ones, in one stretch of bytes.
    case stretch(ContiguousReader)
    /// A success of which nothing is used.
    case nothing

    /// Reads status and headers of a success.
    init(_ head: HTTPResponse, of ranges: [HTTPByteRange]) {
        let headers = head.headerFields
        let found: HTTPByteRange?
        switch head.status.code {
        case 206:
            let type = headers[.contentType]
            if let boundary = type.flatMap({ MultipartBoundary(contentType: $0) }) {
                self = .parts(MultipartReader(ranges, boundary: boundary))
                return
            }
            if type?.lowercased().hasPrefix("multipart/") != true,
                case .satisfied(let range, _)? = headers[.contentRange].flatMap({ ContentRangeHeader($0) })
            {
                found = range
            } else {
                found = nil
            }
        case 200:
            let length = headers[.contentLength].map { UInt64($0) ?? 0 } ?? .max
            found = length == 0 ? nil : HTTPByteRange(first: 0, last: length - 1)
        default:
            found = nil
        }
        self = found.flatMap { ContiguousReader(ranges, in: $0) }.map { .stretch($0) } ?? .nothing
    }
}
