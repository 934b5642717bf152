public import HTTPTypes

/// What a `GET` or `HEAD` demands of the version that it would get, in the order in which it counts.
///
/// Source: RFC 9110, section 13, for a file that exists.
public struct RequestConditions: Sendable {
    /// What they make of the request.
    public enum Outcome: Hashable, Sendable {
        /// It is answered as if there were none.
        case met
        /// 304: the client has this version.
        case notModified
        /// 412: the client wants another version.
        case failed
    }

    /// Seconds after which a date tells versions apart: no other may have come in the same second, by either clock.
    public static let strongDateAge: Int64 = 60

    private let headers: HTTPFields

    /// Takes the conditions among the headers of a request.
    public init(_ headers: HTTPFields) {
        self.headers = headers
    }

    /// Evaluates all but `If-Range` (section 13.2.2).
    public func outcome(_ current: Validators) -> Outcome {
        if let wanted = headers[.ifMatch] {
            guard Self.names(current.etag, wanted, by: { $0.matchesStrongly($1) }) else { return .failed }
        } else if let limit = date(.ifUnmodifiedSince), let lastModified = current.lastModified, lastModified > limit {
            return .failed
        }
        if let known = headers[.ifNoneMatch] {
            return Self.names(current.etag, known, by: { $0.matchesWeakly($1) }) ? .notModified : .met
        }
        if let limit = date(.ifModifiedSince), let lastModified = current.lastModified, lastModified <= limit {
            return .notModified
        }
        return .met
    }

    /// Whether `If-Range` lets a range count, or is not there (section 13.1.5).
    ///
    /// Only what is sure to name this version and no other does: a strong tag, or a date that is old enough at `now`.
    public func permitRange(_ current: Validators, now: @autoclosure () -> HTTPDate = .now) -> Bool {
        guard let condition = headers[.ifRange] else { return true }
        if condition.hasPrefix("\"") || condition.hasPrefix("W/") {
            guard let wanted = EntityTag(condition), let etag = current.etag else { return false }
            return etag.matchesStrongly(wanted)
        }
        guard let lastModified = current.lastModified, HTTPDate(condition, now: now()) == lastModified else {
            return false
        }
        return lastModified.unixSeconds <= now().unixSeconds - Self.strongDateAge
    }

    /// The date in a header; `nil` if there is none, or another thing, which counts as nothing.
    private func date(_ name: HTTPField.Name) -> HTTPDate? {
        headers[name].flatMap { HTTPDate($0) }
    }

    /// Whether a list of tags, or `*`, is about a file with this tag.
    private static func names(
        _ etag: EntityTag?,
        _ list: String,
        by matches: (EntityTag, EntityTag) -> Bool
    ) -> Bool {
        if list == "*" { return true }
        guard let etag else { return false }
        return EntityTag.list(list).contains { matches($0, etag) }
    }
}
