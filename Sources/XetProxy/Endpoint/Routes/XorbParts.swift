import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetServer
import XetWire

/// All ranges that an address is signed for, as the parts of one answer, whatever the data host can do.
///
/// One that answers with parts itself is asked for all of them at once, any other for one after the other.
struct XorbParts: Sendable {
    private let services: EndpointServices
    private let ranges: [HTTPByteRange]

    /// `ranges` are not empty.
    init(_ services: EndpointServices, _ ranges: [HTTPByteRange]) {
        self.services = services
        self.ranges = ranges
    }

    private var hosts: MultipartHosts { services.upstream.hub.http.multipartHosts }

    /// The data host's own parts; `nil` if it does not answer with any, or may not be asked for them again.
    ///
    /// Throws what says nothing about that: that it is busy, or does not answer at all.
    func answer(to request: UpstreamRequest) async throws -> UpstreamResponse? {
        let origin = request.address.origin
        guard hosts.mayBeAsked(origin) else { return nil }
        let answer = try await services.send(request, followsRedirects: true)
        switch answer.head.status.code {
        case 206 where answer.headers[.contentType].flatMap { MultipartBoundary(contentType: $0) } != nil:
            return answer
        case 200..<300:
            hosts.noteUnable(origin)
            return nil
        case 408, 429, 502, 503, 504:
            throw XetError(answer.head, from: answer.address, of: .cdn)
        default:
            // It may be the list that is refused, or the address that has ended: a single range tells.
            return nil
        }
    }

    /// Parts made of the answers to single ranges, of which `first` is there; `request` is the one it answers.
    func response(
        _ request: UpstreamRequest,
        _ first: UpstreamResponse,
        _ original: Request,
        _ context: ProxyContext
    ) throws -> Response {
        let found = try RangeAnswer(first.head, of: ranges[0], from: first.address)
        hosts.noteUnable(request.address.origin)
        let frame = MultipartRanges(ranges, total: found.total)
        var headers = XorbRoute.headers(first)
        headers[.contentRange] = nil
        headers[.contentType] = frame.contentType
        headers[.contentLength] = "\(frame.byteCount)"
        guard original.method != .head else { return .bare(.partialContent, headers) }
        let services = services
        return Response(
            status: .partialContent,
            headers: headers,
            body: services.upstream.body(context) { sink in
                for (index, part) in frame.parts.enumerated() {
                    try await sink.deliver(ByteBuffer(string: part.head))
                    var request = request
                    request.headers[.range] = part.range.headerValue
                    let answer =
                        index == 0 ? first : try await services.send(request, followsRedirects: true)
                    let found = try RangeAnswer(answer.head, of: part.range, from: answer.address)
                    try await answer.forEach(of: found) { try await sink.deliver($0) }
                }
                try await sink.deliver(ByteBuffer(string: frame.end))
            }
        )
    }
}
