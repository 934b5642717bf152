import NIOCore

/// Closes a connection whose client takes too little of what it asked for.
///
/// It stands next to the socket, below TLS and HTTP, so that every byte which the kernel took counts, and so that closing
/// here ends nothing cleanly: neither the body nor TLS.
final class SlowClientHandler: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let onSlowClient: @Sendable () -> Void
    private let now: () -> ContinuousClock.Instant
    private var pace: ClientPace<ContinuousClock.Instant>
    private var writtenByteCount = 0
    private var timer: Scheduled<Void>?

    /// `leastRate` is in bytes per second.
    init(
        leastRate: Int,
        now: @escaping () -> ContinuousClock.Instant = { ContinuousClock.now },
        onSlowClient: @escaping @Sendable () -> Void
    ) {
        pace = ClientPace(leastRate: leastRate)
        self.now = now
        self.onSlowClient = onSlowClient
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        writtenByteCount += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            pace.endWait(now())
        } else {
            act(on: pace.beginWait(now()), context)
        }
        context.fireChannelWritabilityChanged()
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
    }

    private func look(_ context: ChannelHandlerContext) {
        let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        act(on: pace.look(now(), taken: writtenByteCount - buffered), context)
    }

    private func act(on verdict: ClientPace<ContinuousClock.Instant>.Verdict, _ context: ChannelHandlerContext) {
        switch verdict {
        case .fine:
            break
        case .lookAgain(let time):
            // One timer serves many waits: when it fires early it is set again for the rest.
            guard timer == nil else { return }
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(now().duration(to: time))) {
                self.timer = nil
                self.look(context)
            }
        case .tooSlow:
            onSlowClient()
            context.fireErrorCaught(SlowClientError())
            context.close(promise: nil)
        }
    }
}
