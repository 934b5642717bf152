import NIOCore

/// A peer that was asked for bytes sent none for too long.
struct ReadTimeoutError: Error {}

/// Closes a connection on which a read stays unanswered for too long.
///
/// It counts from the read, not from the last byte, so a slow consumer, which lets no read through, never looks like a
/// silent peer. It must stand first, next to the socket.
final class ReadTimeoutHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let timeout: TimeAmount
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?

    init(_ timeout: TimeAmount) {
        self.timeout = timeout
    }

    func read(context: ChannelHandlerContext) {
        if deadline == nil {
            deadline = context.eventLoop.now + timeout
            if timer == nil { schedule(context, after: timeout) }
        }
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // A pooled connection always has a read pending: the wait for an answer begins with the request.
        if deadline != nil { deadline = context.eventLoop.now + timeout }
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        deadline = nil
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private func stop() {
        timer?.cancel()
        timer = nil
        deadline = nil
    }

    /// One timer serves many reads: when it fires early it is set again for the rest.
    private func schedule(_ context: ChannelHandlerContext, after delay: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.timer = nil
            guard let deadline = self.deadline else { return }
            let rest = deadline - context.eventLoop.now
            if rest > .zero {
                self.schedule(context, after: rest)
            } else {
                context.fireErrorCaught(ReadTimeoutError())
                context.close(promise: nil)
            }
        }
    }
}
