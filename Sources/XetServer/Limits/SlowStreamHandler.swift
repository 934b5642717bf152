import NIOCore
import NIOHTTPTypes

/// Resets a stream of an HTTP/2 connection whose client takes too little of what it asked for.
///
/// The connection may be quick all the while: a client stops single streams by not opening their windows. Bodies go down in
/// pieces, so that what the client takes of them shows.
final class SlowStreamHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The size of a data frame that every client takes.
    private static let pieceByteCount = 16 << 10

    private let onSlowClient: @Sendable () -> Void
    private let now: () -> ContinuousClock.Instant
    private var pace: ClientPace<ContinuousClock.Instant>
    private var takenByteCount = 0
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
        guard case .body(var bytes) = unwrapOutboundIn(data) else {
            context.write(data, promise: promise)
            return
        }
        while let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.pieceByteCount)) {
            let isLast = bytes.readableBytes == 0
            let written = isLast ? promise ?? context.eventLoop.makePromise() : context.eventLoop.makePromise()
            let byteCount = piece.readableBytes
            written.futureResult.assumeIsolated().whenSuccess { self.takenByteCount += byteCount }
            context.write(wrapOutboundOut(.body(piece)), promise: written)
            if isLast { break }
        }
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

    private func act(on verdict: ClientPace<ContinuousClock.Instant>.Verdict, _ context: ChannelHandlerContext) {
        switch verdict {
        case .fine:
            break
        case .lookAgain(let time):
            guard timer == nil else { return }
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(now().duration(to: time))) {
                self.timer = nil
                self.act(on: self.pace.look(self.now(), taken: self.takenByteCount), context)
            }
        case .tooSlow:
            onSlowClient()
            context.fireErrorCaught(SlowClientError())
            context.close(promise: nil)
        }
    }
}
