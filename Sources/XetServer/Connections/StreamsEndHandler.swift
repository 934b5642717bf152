import NIOCore
import NIOHTTP2

/// Ends an HTTP/2 connection in order, as its ``StreamsLife`` says: when the server stops, and when there was no stream for a
/// while.
///
/// Source: RFC 9113, section 6.8.
final class StreamsEndHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private static let pingData = HTTP2PingData(withInteger: 0x7865_7420_656e_6473)

    private let idleTimeout: TimeAmount
    private let isDraining: Bool
    private var life = StreamsLife()
    private var context: ChannelHandlerContext?
    private var idleTimer: Scheduled<Void>?
    private var endTimer: Scheduled<Void>?

    /// `isDraining` says whether the server stops already.
    init(idleTimeout: TimeAmount, isDraining: Bool) {
        self.idleTimeout = idleTimeout
        self.isDraining = isDraining
    }

    /// Notes a new stream; counts it until its channel is closed.
    func add(_ stream: any Channel) {
        idleTimer?.cancel()
        idleTimer = nil
        life.open()
        stream.closeFuture.assumeIsolated().whenComplete { _ in self.act(on: self.life.close()) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        act(on: isDraining ? life.drain() : .awaitStreams)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleTimer?.cancel()
        endTimer?.cancel()
        (idleTimer, endTimer) = (nil, nil)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(Self.pingData, ack: true) = unwrapInboundIn(data).payload { act(on: life.settle()) }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { act(on: life.drain()) }
        // No client closes its side while it wants an answer.
        if let event = event as? ChannelEvent, event == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream's error ends that stream.
        if !(error is NIOHTTP2Errors.StreamError) { context.close(promise: nil) }
    }

    private func act(on action: StreamsLife.Action) {
        guard let context else { return }
        let loop = context.eventLoop.assumeIsolated()
        switch action {
        case .nothing:
            break
        case .awaitStreams:
            idleTimer?.cancel()
            idleTimer = loop.scheduleTask(in: idleTimeout) { self.act(on: self.life.idle()) }
        case .announceEnd:
            send(.goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil), context)
            // The answer shows that the client has read what is before it.
            send(.ping(Self.pingData, ack: false), context)
            context.flush()
            endTimer = loop.scheduleTask(in: ConnectionEndHandler.linger) { self.act(on: self.life.settle()) }
        case .end:
            endTimer?.cancel()
            let isClosed = context.eventLoop.makePromise(of: Void.self)
            isClosed.futureResult.assumeIsolated().whenComplete { _ in
                self.endTimer = loop.scheduleTask(in: ConnectionEndHandler.linger) { context.close(promise: nil) }
            }
            context.close(mode: .output, promise: isClosed)
        }
    }

    private func send(_ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)), promise: nil)
    }
}
