import NIOCore

/// Closes a connection at once when it is told to, whatever waits in it.
///
/// It stands next to the socket, so that no other handler has a say in it.
final class AbortHandler: ChannelOutboundHandler {
    typealias OutboundIn = NIOAny

    /// What tells it, sent down the pipeline.
    struct Event: Sendable {}

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Event else { return context.triggerUserOutboundEvent(event, promise: promise) }
        context.close(promise: promise)
    }
}
