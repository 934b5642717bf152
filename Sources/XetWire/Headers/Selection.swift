public import HTTPTypes
public import XetCore

/// Which part of a file a `GET` or `HEAD` gets.
///
/// Source: RFC 9110, sections 13 and 14.
public enum Selection: Hashable, Sendable {
    /// 304
    case notModified
    /// 412
    case preconditionFailed
    /// 200
    case whole
    /// 206
    case part(FileByteRange)
    /// 416
    case unsatisfiable

    /// Evaluates the conditions of a request and its `Range`; `byteCount` is `nil` if nobody knows how long the file is.
    ///
    /// Several ranges, other units and malformed ones are ignored, and so is a range in anything but a `GET`.
    public init(
        _ method: HTTPRequest.Method,
        _ headers: HTTPFields,
        of current: Validators,
        byteCount: UInt64?,
        now: @autoclosure () -> HTTPDate = .now
    ) {
        let conditions = RequestConditions(headers)
        switch conditions.outcome(current) {
        case .failed: self = .preconditionFailed
        case .notModified: self = .notModified
        case .met:
            guard method == .get, let byteCount, let range = headers[.range].flatMap(RangeHeader.init),
                conditions.permitRange(current, now: now())
            else {
                self = .whole
                return
            }
            self = range.resolved(byteCount: byteCount).map(Self.part) ?? .unsatisfiable
        }
    }
}
