import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Refuses a request whose client sends too little of its body.
///
/// Only time counts in which the body is wanted and nothing of it is there. It stands where requests have a beginning and an
/// end, on connections of HTTP/1.1 and on streams of HTTP/2.
final class SlowUploadHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let onSlowClient: @Sendable () -> Void
    private let now: () -> ContinuousClock.Instant
    private let leastRate: Int
    /// Of the body that is on its way; `nil` between two.
    private var pace: ClientPace<ContinuousClock.Instant>?
    private var receivedByteCount = 0
    private var timer: Scheduled<Void>?

    /// `leastRate` is in bytes per second.
    init(
        leastRate: Int,
        now: @escaping () -> ContinuousClock.Instant = { ContinuousClock.now },
        onSlowClient: @escaping @Sendable () -> Void
    ) {
        self.leastRate = leastRate
        self.now = now
        self.onSlowClient = onSlowClient
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            pace = ClientPace(leastRate: leastRate)
            receivedByteCount = 0
        case .body(let bytes):
            receivedByteCount += bytes.readableBytes
        case .end:
            stop()
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pace?.endWait(now())
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if let verdict = pace?.beginWait(now()) { act(on: verdict, context) }
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private func stop() {
        pace = nil
        timer?.cancel()
        timer = nil
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
                guard let verdict = self.pace?.look(self.now(), taken: self.receivedByteCount) else { return }
                self.act(on: verdict, context)
            }
        case .tooSlow:
            stop()
            onSlowClient()
            context.fireErrorCaught(RequestRefusal(.requestTimeout, "the body of the request came too slowly"))
        }
    }
}
