import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Ends an HTTP/1.1 connection in order, as its ``ConnectionLife`` says.
///
/// Closing a socket drops what waits in it, and resets it when the client still sends; both can cost the client the end of
/// an answer that is whole. So the sending side is closed first, and the rest when the client has closed its own, or a while
/// later. A request whose head is too long is answered here, since it becomes no request.
final class ConnectionEndHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a client may take to close its side.
    static let linger = TimeAmount.seconds(5)

    private let onHeaderOverflow: @Sendable () -> Void
    private var life: ConnectionLife
    private var ignoresRequests = false
    private var timer: Scheduled<Void>?

    /// `isDraining` says whether the server stops already: the connection was accepted before and gets one answer.
    init(isDraining: Bool, onHeaderOverflow: @escaping @Sendable () -> Void) {
        life = ConnectionLife(isDraining: isDraining)
        self.onHeaderOverflow = onHeaderOverflow
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data), !life.beginRequest() { ignoresRequests = true }
        if !ignoresRequests { context.fireChannelRead(data) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        act(on: life.drain(), context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case .headerOverflow? = error as? HTTPParserError, !life.isAnswering, !life.hasEnded else {
            return context.fireErrorCaught(error)
        }
        onHeaderOverflow()
        let head = HTTPResponse(
            status: .requestHeaderFieldsTooLarge,
            headerFields: [.contentLength: "0", .connection: "close"]
        )
        _ = life.beginRequest()
        ignoresRequests = true
        write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            if life.beginAnswer(saysClose: head.headerFields[.connection]?.lowercased() == "close") {
                head.headerFields[.connection] = "close"
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body:
            context.write(data, promise: promise)
        case .end:
            let sent = promise ?? context.eventLoop.makePromise()
            let action = life.endAnswer()
            sent.futureResult.assumeIsolated().whenSuccess { self.life.sentAnswer() }
            context.write(data, promise: sent)
            guard action != .nothing else { return }
            context.flush()
            act(on: action, context, promise: nil)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all else { return context.close(mode: mode, promise: promise) }
        act(on: life.close(), context, promise: promise)
    }

    /// Whoever waits for `promise` waits until the connection is closed.
    private func act(
        on action: ConnectionLife.Action,
        _ context: ChannelHandlerContext,
        promise: EventLoopPromise<Void>?
    ) {
        switch action {
        case .close:
            context.close(promise: promise)
        case .nothing:
            context.channel.closeFuture.cascade(to: promise)
        case .end:
            context.channel.closeFuture.cascade(to: promise)
            let isClosed = context.eventLoop.makePromise(of: Void.self)
            isClosed.futureResult.assumeIsolated().whenComplete { _ in
                self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.linger) {
                    context.close(promise: nil)
                }
            }
            context.close(mode: .output, promise: isClosed)
        }
    }
}
