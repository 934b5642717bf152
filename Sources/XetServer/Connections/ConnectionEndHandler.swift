import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Ends an HTTP/1.1 connection in order, as its ``ConnectionLife`` says.
///
/// Closing a socket drops what waits in it, and resets it when the client still sends; both can cost the client the end of
/// an answer that is whole. So the sending side is closed first, and the rest when the client has closed its own, or a while
/// later. What is no request is answered here, when all that came before it is.
final class ConnectionEndHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a client may take to close its side.
    static let linger = TimeAmount.seconds(5)

    private let onRefusal: @Sendable (RequestRefusal) -> Void
    private var life: ConnectionLife
    private var ignoresRequests = false
    /// What is no request, until it is its turn.
    private var refusal: RequestRefusal?
    private var hasRefused = false
    private var timer: Scheduled<Void>?

    /// `isDraining` says whether the server stops already: the connection was accepted before and gets one answer.
    init(isDraining: Bool, onRefusal: @escaping @Sendable (RequestRefusal) -> Void) {
        life = ConnectionLife(isDraining: isDraining)
        self.onRefusal = onRefusal
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request):
            let isLast = request.headerFields[.connection] == "close"
            // Another expectation is for the routes to refuse.
            let waits = (try? Expectation.waits(request)) ?? false
            if !life.beginRequest(isLast: isLast, waits: waits) { ignoresRequests = true }
        case .body: if !ignoresRequests { life.readBody() }
        case .end: if !ignoresRequests { life.endRequest() }
        }
        if !ignoresRequests { context.fireChannelRead(data) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        act(on: life.drain(), context, promise: nil)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Expectation.Wanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if life.wantBody() { context.writeAndFlush(wrapOutboundOut(.head(Expectation.goAhead)), promise: nil) }
        promise?.succeed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !hasRefused, refusal == nil else { return }
        guard let refusal = RequestRefusal(error) else { return context.fireErrorCaught(error) }
        onRefusal(refusal)
        self.refusal = refusal
        ignoresRequests = true
        act(on: life.refuse(), context, promise: nil)
    }

    /// Answers what is no request; whoever worked on it is told that nothing more comes.
    private func refuse(_ context: ChannelHandlerContext) {
        guard let refusal = refusal.take() else { return }
        let isPartOfRequest = life.isAnswering
        let body = ByteBuffer(string: ErrorText.json(refusal.message))
        let head = HTTPResponse(
            status: refusal.status,
            headerFields: [
                .contentType: "application/json", .contentLength: "\(body.readableBytes)", .connection: "close",
            ]
        )
        write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
        write(context: context, data: wrapOutboundOut(.body(body)), promise: nil)
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
        hasRefused = true
        if isPartOfRequest { context.fireErrorCaught(refusal) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasRefused else {
            // What the routes make of a request that broke off comes too late.
            promise?.fail(ChannelError.outputClosed)
            return
        }
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
        case .refuse:
            context.channel.closeFuture.cascade(to: promise)
            refuse(context)
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
