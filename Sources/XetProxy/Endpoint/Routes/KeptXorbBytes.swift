import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetCore
import XetWire

/// Ranges of a xorb from the cache: from what is kept, or from a GET that others may share.
struct KeptXorbBytes: Sendable {
    private let upstream: Upstream
    private let source: any XorbSource
    private let xorb: XorbHash
    private let address: SignedURL

    /// `nil` without a cache.
    init?(_ upstream: Upstream, _ xorb: XorbHash, _ capability: XorbCapability) {
        guard let cache = upstream.cache else { return nil }
        self.upstream = upstream
        source = cache.source
        self.xorb = xorb
        address = SignedURL(capability.address.absolute)
    }

    /// The answer with one part, or with several; `nil` if the data host has to be asked for it in the usual way.
    func response(
        _ parts: [ReconstructionRewriting.Part],
        _ request: Request,
        _ context: ProxyContext
    ) async throws -> Response? {
        guard request.method == .get else { return nil }
        var fetches: [XorbFetch] = []
        for part in parts {
            // What no chunks can be is for the data host to answer.
            guard let chunks = part.chunks,
                let info = try? FetchInfo(chunks: chunks, bytes: part.bytes, url: address)
            else { return nil }
            fetches.append(XorbFetch(xorb: xorb, info: info))
        }
        guard let first = fetches.first else { return nil }
        let reach: XorbReach?
        do {
            reach = try await source.reach(first)
        } catch let error as XetError where error.code == .expired {
            return .refusal(.forbidden, "the data host no longer accepts the signature")
        }
        guard let reach else { return nil }
        var headers: HTTPFields = [.acceptRanges: "bytes", .eTag: "\"\(xorb)\""]
        headers[.xCache] = reach.isKept ? "HIT" : "MISS"
        return parts.count == 1
            ? single(first, reach, headers, context) : multiple(fetches, reach, headers, context)
    }

    private func single(
        _ fetch: XorbFetch,
        _ reach: XorbReach,
        _ headers: HTTPFields,
        _ context: ProxyContext
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/octet-stream"
        headers[.contentRange] = ContentRangeHeader.satisfied(fetch.info.bytes, total: nil).value
        headers[.contentLength] = "\(fetch.info.bytes.count)"
        let body = upstream.body(context) { sink in
            defer { withExtendedLifetime(reach) {} }
            try await upstream.tallying(context) {
                try await source.fetch(fetch) { try await sink.deliver($0.bytes) }
            }
        }
        return Response(status: .partialContent, headers: headers, body: body)
    }

    private func multiple(
        _ fetches: [XorbFetch],
        _ reach: XorbReach,
        _ headers: HTTPFields,
        _ context: ProxyContext
    ) -> Response {
        let frame = MultipartRanges(fetches.map(\.info.bytes), total: nil)
        var headers = headers
        headers[.contentType] = frame.contentType
        headers[.contentLength] = "\(frame.byteCount)"
        let body = upstream.body(context) { sink in
            defer { withExtendedLifetime(reach) {} }
            try await upstream.tallying(context) {
                for (part, fetch) in zip(frame.parts, fetches) {
                    try await sink.deliver(ByteBuffer(string: part.head))
                    try await source.fetch(fetch) { try await sink.deliver($0.bytes) }
                }
                try await sink.deliver(ByteBuffer(string: frame.end))
            }
        }
        return Response(status: .partialContent, headers: headers, body: body)
    }
}
