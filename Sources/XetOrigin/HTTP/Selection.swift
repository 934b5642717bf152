import HTTPTypes
import XetCore
import XetWire

/// Which part of a representation a GET request gets.
///
/// Source: RFC 9110, sections 13 and 14.
enum Selection: Hashable, Sendable {
    /// 304
    case notModified
    /// 200
    case whole
    /// 206
    case part(FileByteRange)
    /// 416
    case unsatisfiable

    /// Evaluates `If-None-Match`, `If-Range` and `Range`.
    ///
    /// Several ranges, other units and malformed ones are ignored.
    init(_ headers: HTTPFields, isHead: Bool, byteCount: UInt64, etag: EntityTag) {
        if let condition = headers[.ifNoneMatch], Self.matches(condition, etag) {
            self = .notModified
            return
        }
        guard !isHead, let value = headers[.range], let range = RangeHeader(value),
            Self.mayBePart(headers[.ifRange], etag)
        else {
            self = .whole
            return
        }
        self = range.resolved(byteCount: byteCount).map(Self.part) ?? .unsatisfiable
    }

    private static func matches(_ condition: String, _ etag: EntityTag) -> Bool {
        condition == "*"
            || condition.split(separator: ",").contains { item in
                EntityTag(item.drop { $0 == " " }.prefix { $0 != " " })?.opaque == etag.opaque
            }
    }

    /// A date in `If-Range` never matches, since entity tags are what identifies content here.
    private static func mayBePart(_ condition: String?, _ etag: EntityTag) -> Bool {
        guard let condition else { return true }
        guard condition.hasPrefix("\"") || condition.hasPrefix("W/"), let other = EntityTag(condition) else {
            return false
        }
        return etag.matchesStrongly(other)
    }
}
