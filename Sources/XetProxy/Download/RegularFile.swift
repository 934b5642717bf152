import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetServer
import XetWire

/// A file that is not in XET: its bytes pass through from the Hub, or from where it sends us.
struct RegularFile: Sendable {
    let upstream: Upstream
    let request: FileRequest
    let file: ResolvedFile
    let name: String
    /// Headers that go along.
    let headers: HTTPFields

    func respond(_ request: Request, _ context: ProxyContext) async throws -> Response {
        let head = DownloadHead(
            request.head,
            file: file,
            // Without a size no range can be answered, and the end of the body is all that shows it is whole.
            byteCount: file.byteCount,
            fileName: name,
            hash: nil,
            headers: headers
        )
        guard request.method == .get, head.hasContent, head.range?.isEmpty != true else {
            return .bare(head.status, head.headers)
        }
        if let response = try await remembered(head.range, head.status, head.headers) { return response }
        do {
            return try await pass(head.range, head.status, head.headers, context)
        } catch let error as XetError where error.isUnanswered {
            guard let response = try await archived(head.range, head.status, head.headers) else { throw error }
            return response
        }
    }

    /// What the content is asked with: only of the version that the Hub has just spoken of.
    private func question(_ etag: String, _ authorization: String?) -> HubQuestion {
        HubQuestion(
            .get,
            HubPath.resolve(request.repository, revision: request.revision, path: request.path),
            detail: .content(tag: etag),
            repository: request.repository,
            authorization: authorization,
            headers: [:]
        )
    }

    private var authorization: String? { request.token.map { "Bearer \($0.secret)" } }

    /// The answer from the whole content, if that is remembered; `nil` if the Hub has to be asked for what is wanted.
    private func remembered(
        _ range: FileByteRange?,
        _ status: HTTPResponse.Status,
        _ headers: HTTPFields
    ) async throws -> Response? {
        guard let leases = upstream.leases, let range, let etag = file.etag, let byteCount = file.byteCount,
            let length = Int(exactly: byteCount)
        else { return nil }
        let question = question(etag, authorization)
        if length > HubLeases.answerByteCount {
            // It is collected once for the archive; apart from that it goes through as it comes.
            guard let record = leases.record, length <= HubRecord.contentByteCount, range.count == byteCount,
                !record.hasNoted(question, from: authorization)
            else { return nil }
        }
        let reservation = upstream.downloader.budget.answerReservation()
        if upstream.isOffline { try await reservation.hold(length) }
        let answer = try await leases.answer(to: question, from: authorization) { isPatient in
            try await reservation.hold(length)
            let content = try await upstream.hub.content(of: request, file, retry: upstream.retry(isPatient))
            var sink = BufferSink()
            try await content.stream(retry: upstream.retry(isPatient), into: &sink)
            let address = upstream.hub.endpoint.appending(question.target)
            return HubAnswer(HTTPResponse(status: .ok, headerFields: contentHeaders), from: address, body: sink.bytes)
        }
        return try await part(range, of: answer, length, reservation, status, headers)
    }

    /// The answer from what an archive has, when the Hub does not give it.
    private func archived(
        _ range: FileByteRange?,
        _ status: HTTPResponse.Status,
        _ headers: HTTPFields
    ) async throws -> Response? {
        guard let leases = upstream.leases, let record = leases.record, let range, let etag = file.etag,
            let length = file.byteCount.flatMap({ Int(exactly: $0) }), length <= HubRecord.contentByteCount
        else { return nil }
        let reservation = upstream.downloader.budget.answerReservation()
        try await reservation.hold(length)
        let question = question(etag, authorization)
        let answer = await record.answer(to: question, from: authorization, leases.archiveTerms)
        return try await part(range, of: answer, length, reservation, status, headers)
    }

    /// What the content is, as the Hub has said.
    private var contentHeaders: HTTPFields {
        var headers: HTTPFields = [:]
        headers[.eTag] = file.etag
        headers[.repoCommit] = file.commit
        headers[.contentType] = file.contentType
        headers[.lastModified] = file.lastModified
        headers[.contentLength] = file.byteCount.map { "\($0)" }
        return headers
    }

    /// The answer with a range of the whole content.
    private func part(
        _ range: FileByteRange,
        of answer: HubAnswer?,
        _ length: Int,
        _ reservation: AnswerReservation,
        _ status: HTTPResponse.Status,
        _ headers: HTTPFields
    ) async throws -> Response? {
        // One that ignores how long the file is has not sent the file.
        guard let whole = answer?.body, whole.readableBytes == length, let start = Int(exactly: range.start),
            let count = Int(exactly: range.count),
            let part = whole.getSlice(at: whole.readerIndex + start, length: count)
        else { return nil }
        // A client that reads slowly keeps it, whatever becomes of what is remembered.
        try await reservation.hold(length)
        let body = ResponseBody(contentLength: count) { writer in
            defer { reservation.giveBack() }
            try await writer.write(part)
            try await writer.finish(nil)
        }
        return Response(status: status, headers: headers, body: body)
    }

    private func pass(
        _ range: FileByteRange?,
        _ status: HTTPResponse.Status,
        _ headers: HTTPFields,
        _ context: ProxyContext
    ) async throws -> Response {
        let content = try await upstream.hub.content(of: request, file, range: range, retry: upstream.retry)
        var status = status
        var headers = headers
        if content.range != range, let whole = content.range {
            // The server ignores ranges: the client gets the whole, and is told so.
            status = .ok
            headers[.acceptRanges] = nil
            headers[.contentRange] = nil
            headers[.contentLength] = "\(whole.count)"
        }
        return Response(
            status: status,
            headers: headers,
            body: upstream.body(context) { [retry = upstream.bodyRetry] sink in
                try await content.stream(retry: retry, into: &sink)
            }
        )
    }
}

/// Collects what is short.
private struct BufferSink: DeliverySink {
    private(set) var bytes = ByteBuffer()

    mutating func deliver(_ piece: ByteBuffer) { bytes.writeImmutableBuffer(piece) }
}
