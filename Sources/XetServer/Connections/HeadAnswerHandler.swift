import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends answers to `HEAD` with their head, on a connection of HTTP/1.1.
///
/// The encoder below takes an answer without a length for one in chunks, whatever it answers, and would write the last chunk
/// after its head: the client would read that as the next answer.
final class HeadAnswerHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Of each request that waits for its answer, whether it is a `HEAD`.
    private var waiting = CircularBuffer<Bool>()
    private var isBare = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let request) = unwrapInboundIn(data) { waiting.append(request.method == .head) }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let answer):
            if answer.status.kind != .informational { isBare = waiting.popFirst() ?? false }
            context.write(data, promise: promise)
        case .end where isBare:
            // Nothing, but in its turn: whoever waits for the end learns when the head has left.
            context.write(wrapOutboundOut(.body(ByteBuffer())), promise: promise)
        case .body, .end:
            context.write(data, promise: promise)
        }
    }
}
