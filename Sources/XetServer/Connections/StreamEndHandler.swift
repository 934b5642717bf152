import NIOCore
import NIOHTTPTypes

/// Lets the end of an answer leave before its HTTP/2 stream is closed.
///
/// Closing a stream resets it and drops what waits for its window. An answer that is whole is not to be lost by that; one that
/// is not whole is cut off. That the server stops is no reason to close a stream: the connection waits for those that run.
final class StreamEndHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Whether the client waits for word before it sends its body.
    private var isAwaited = false
    /// Whether an answer is written to its end, and the end not sent.
    private var isEnding = false
    private var wantsClose = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request): isAwaited = (try? Expectation.waits(request)) ?? false
        case .body, .end: isAwaited = false
        }
        context.fireChannelRead(data)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Expectation.Wanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if isAwaited {
            isAwaited = false
            context.writeAndFlush(wrapOutboundOut(.head(Expectation.goAhead)), promise: nil)
        }
        promise?.succeed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard !(event is ChannelShouldQuiesceEvent) else { return }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        isAwaited = false
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
