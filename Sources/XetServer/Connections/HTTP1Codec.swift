import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Turns messages of HTTP/1.0 and HTTP/1.1 into those that the routes know, and back.
///
/// It knows of each request what its answer depends on: a client of HTTP/1.0 gets no chunks and nothing informational, and an
/// answer to `HEAD` ends with its head. What is no request becomes a ``RequestRefusal``, an error of the pipeline.
final class HTTP1Codec: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Exchange {
        let knowsHTTP11: Bool
        let isHead: Bool
    }

    private let isSecure: Bool
    /// Requests that wait for their answer.
    private var waiting = CircularBuffer<Exchange>()
    /// The one whose answer is being written.
    private var answering = Exchange(knowsHTTP11: true, isHead: false)
    private var hasRefused = false

    init(isSecure: Bool) {
        self.isSecure = isSecure
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let parsed):
            do throws(RequestRefusal) {
                let request = try HTTP1Request(parsed, isSecure: isSecure)
                waiting.append(Exchange(knowsHTTP11: request.knowsHTTP11, isHead: request.head.method == .head))
                context.fireChannelRead(wrapInboundOut(.head(request.head)))
            } catch {
                hasRefused = true
                context.fireErrorCaught(error)
            }
        case .body(let bytes):
            context.fireChannelRead(wrapInboundOut(.body(bytes)))
        case .end(let trailers):
            context.fireChannelRead(wrapInboundOut(.end(trailers.map { HTTPFields($0, splitCookie: false) })))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let answer) where answer.status.kind == .informational:
            guard waiting.first?.knowsHTTP11 == true else {
                promise?.succeed()
                return
            }
            context.write(wrapOutboundOut(.head(HTTPResponseHead(answer))), promise: promise)
        case .head(let answer):
            answering = waiting.popFirst() ?? Exchange(knowsHTTP11: true, isHead: false)
            var head = HTTPResponseHead(answer)
            if !answering.knowsHTTP11 {
                head.version = .http1_0
                head.headers.remove(name: "Transfer-Encoding")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body(let bytes):
            context.write(
                wrapOutboundOut(.body(.byteBuffer(answering.isHead ? ByteBuffer() : bytes))),
                promise: promise
            )
        case .end where answering.isHead:
            // The encoder takes an answer without a length for one in chunks, and would write the last of them. Nothing is
            // written instead, but in its turn: whoever waits for the end learns when the head has left.
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: promise)
        case .end(let trailers):
            context.write(wrapOutboundOut(.end(trailers.map(HTTPHeaders.init))), promise: promise)
        }
    }
}
