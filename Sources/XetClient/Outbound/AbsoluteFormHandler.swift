import NIOCore
import NIOHTTP1

/// Asks a proxy as it wants to be asked: for the whole URL (RFC 9112, section 3.2.2), with credentials for itself.
///
/// The host of the URL is the Host header's. It must stand behind the encoder of requests.
final class AbsoluteFormHandler: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let authorization: String?

    init(authorization: String?) {
        self.authorization = authorization
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), let host = head.headers.first(name: "Host") else {
            context.write(data, promise: promise)
            return
        }
        head.uri = "http://\(host)\(head.uri)"
        if let authorization {
            head.headers.replaceOrAdd(name: "Proxy-Authorization", value: authorization)
        }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}
