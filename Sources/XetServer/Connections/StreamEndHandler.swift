import NIOCore
import NIOHTTPTypes

/// Lets the end of an answer leave before its HTTP/2 stream is closed.
///
/// Closing a stream resets it and drops what waits for its window. An answer that is whole is not to be lost by that; one that
/// is not whole is cut off. That the server stops is no reason to close a stream: the connection waits for those that run.
final class StreamEndHandler: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Whether an answer is written to its end, and the end not sent.
    private var isEnding = false
    private var wantsClose = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard !(event is ChannelShouldQuiesceEvent) else { return }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        isEnding = true
        let sent = promise ?? context.eventLoop.makePromise()
        sent.futureResult.assumeIsolated().whenComplete { _ in
            self.isEnding = false
            if self.wantsClose { context.close(promise: nil) }
        }
        context.write(data, promise: sent)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isEnding else { return context.close(mode: mode, promise: promise) }
        wantsClose = true
        context.channel.closeFuture.cascade(to: promise)
    }
}
