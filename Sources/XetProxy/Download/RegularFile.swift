import HTTPTypes
import Hummingbird
import XetAccess
import XetClient
import XetCore
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
        return try await pass(head.range, head.status, head.headers, context)
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
