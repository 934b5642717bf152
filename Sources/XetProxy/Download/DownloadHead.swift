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
    /// The headers, `Content-Length` included where it is known.
    let headers: HTTPFields
    /// The bytes to send; `nil` if there is no body, or nobody knows how long it is.
    let range: FileByteRange?

    /// Whether the body of a `GET` is that of the file, or part of it.
    var hasContent: Bool { status.kind == .successful }

    /// Decides the answer for a file of `byteCount` bytes; without that number no range can be answered.
    ///
    /// `headers` go along, but for those that are decided here. Without `acceptsRanges` only the whole can be had. Then a
    /// range is still what the client gets to hear about, unless it said what it does with the whole: many would add
    /// the whole, or its end, to the part that they have.
    init(
        _ request: HTTPRequest,
        file: ResolvedFile,
        byteCount: UInt64?,
        fileName: String,
        hash: FileHash?,
        acceptsRanges: Bool = true,
        headers: HTTPFields = [:],
        now: @autoclosure () -> HTTPDate = .now
    ) {
        var headers = Self.entityHeaders(file, fileName: fileName, hash: hash, headers)
        if byteCount == nil { headers[.acceptRanges] = nil }
        if !acceptsRanges { headers[.acceptRanges] = "none" }
        var selection = Selection(
            request.method,
            request.headerFields,
            of: file.validators,
            byteCount: byteCount,
            now: now()
        )
        if !acceptsRanges, case .part(let part) = selection,
            part.count == byteCount || request.headerFields[.ifRange] != nil
        {
            selection = .whole
        }
        switch selection {
        case .whole:
            status = .ok
            headers[.contentLength] = byteCount.map { "\($0)" }
            range = byteCount.map { FileByteRange(count: $0) }
        case .part(let part):
            status = .partialContent
            headers[.contentRange] = HTTPByteRange(part).map {
                ContentRangeHeader.satisfied($0, total: byteCount).value
            }
            headers[.contentLength] = "\(part.count)"
            range = part
        case .notModified:
            status = .notModified
            range = nil
        case .preconditionFailed:
            status = .preconditionFailed
            headers[.contentLength] = "0"
            range = nil
        case .unsatisfiable:
            status = .rangeNotSatisfiable
            headers[.contentRange] = byteCount.map { ContentRangeHeader.unsatisfied(total: $0).value }
            headers[.contentLength] = "0"
            range = nil
        }
        if status.kind != .successful { headers[.contentDisposition] = nil }
        self.headers = headers
    }

    /// The headers that describe the file whatever part of it is sent.
    private static func entityHeaders(
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
}

extension ResolvedFile {
    /// What tells this version of the file from others.
    fileprivate var validators: Validators {
        Validators(
            etag: etag.flatMap { EntityTag($0) },
            lastModified: lastModified.flatMap { HTTPDate($0) }
        )
    }
}
