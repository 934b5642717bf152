import HTTPTypes
import XetAccess
import XetCore
import XetWire

/// Status and headers of a download, decided from the request's headers and what is known of the file.
///
/// Source: RFC 9110, sections 13 and 14.
struct DownloadHead: Sendable {
    /// 200, 206, 304, 412 or 416.
    let status: HTTPResponse.Status
    /// The headers, `Content-Length` included.
    let headers: HTTPFields
    /// The bytes to send; `nil` if there is no body.
    let range: FileByteRange?

    /// Decides the answer for a file of `byteCount` bytes.
    ///
    /// `headers` go along, but for those that are decided here.
    init(
        _ request: HTTPRequest,
        file: ResolvedFile,
        byteCount: UInt64,
        fileName: String,
        hash: FileHash?,
        headers: HTTPFields = [:]
    ) {
        var headers = Self.entityHeaders(file, fileName: fileName, hash: hash, headers)
        let etag = file.etag.flatMap { EntityTag($0) }
        if Self.isOther(request, etag) {
            status = .preconditionFailed
            range = nil
            headers[.contentLength] = "0"
            headers[.contentDisposition] = nil
            self.headers = headers
            return
        }
        if Self.isUnchanged(request, etag) {
            status = .notModified
            range = nil
            headers[.contentDisposition] = nil
            self.headers = headers
            return
        }
        let whole = FileByteRange(count: byteCount)
        guard let asked = Self.range(request, file) else {
            status = .ok
            headers[.contentLength] = "\(byteCount)"
            range = whole
            self.headers = headers
            return
        }
        if let resolved = asked.resolved(byteCount: byteCount), let bytes = HTTPByteRange(resolved) {
            status = .partialContent
            headers[.contentRange] = ContentRangeHeader.satisfied(bytes, total: byteCount).value
            headers[.contentLength] = "\(resolved.count)"
            range = resolved
        } else {
            status = .rangeNotSatisfiable
            headers[.contentRange] = ContentRangeHeader.unsatisfied(total: byteCount).value
            headers[.contentLength] = "0"
            headers[.contentDisposition] = nil
            range = nil
        }
        self.headers = headers
    }

    /// The headers that describe the file whatever part of it is sent.
    static func entityHeaders(
        _ file: ResolvedFile,
        fileName: String,
        hash: FileHash?,
        _ others: HTTPFields = [:]
    ) -> HTTPFields {
        var headers = others
        headers[.acceptRanges] = "bytes"
        headers[.contentType] = file.contentType ?? "application/octet-stream"
        if headers[.contentDisposition] == nil {
            headers[.contentDisposition] = ContentDisposition.attachment(fileName: fileName)
        }
        headers[.eTag] = file.etag
        headers[.lastModified] = file.lastModified
        headers[.repoCommit] = file.commit
        headers[.xetHash] = hash?.text
        return headers
    }

    /// The range that is asked for; `nil` if there is none, if it may be ignored, or if `If-Range` does not hold.
    static func range(_ request: HTTPRequest, _ file: ResolvedFile) -> RangeHeader? {
        guard request.method == .get, let range = request.headerFields[.range].flatMap(RangeHeader.init) else {
            return nil
        }
        guard let condition = request.headerFields[.ifRange] else { return range }
        if condition.hasPrefix("\"") || condition.hasPrefix("W/") {
            guard let wanted = EntityTag(condition), let etag = file.etag.flatMap({ EntityTag($0) }) else { return nil }
            return etag.matchesStrongly(wanted) ? range : nil
        }
        return condition == file.lastModified ? range : nil
    }

    /// Whether `If-Match` asks for another version of the file.
    private static func isOther(_ request: HTTPRequest, _ etag: EntityTag?) -> Bool {
        guard let wanted = request.headerFields[.ifMatch], wanted != "*" else { return false }
        guard let etag else { return true }
        return !EntityTag.list(wanted).contains { $0.matchesStrongly(etag) }
    }

    /// Whether `If-None-Match` names what the client would get.
    private static func isUnchanged(_ request: HTTPRequest, _ etag: EntityTag?) -> Bool {
        guard let known = request.headerFields[.ifNoneMatch] else { return false }
        if known == "*" { return true }
        guard let etag else { return false }
        return EntityTag.list(known).contains { $0.opaque == etag.opaque }
    }
}
