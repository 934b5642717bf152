import NIOCore
import NIOHTTP1

/// Lets through only what the HTTP client expects of a decoder: one head with a status from 200 to 999, its body, its end.
///
/// The client stops the process where anything else comes: a status below 100 is no head to it, and the end of that message
/// one without a beginning. Informational heads are dropped. The end of a message waits until all bytes that came with it were
/// looked at: those behind it answer nothing, and must not be taken for the answer to the next request on the connection.
///
/// It must stand behind the decoder of answers.
final class AnswerOrderHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private enum State {
        case awaitingHead
        case inBody
        case ended(trailers: HTTPHeaders?)
        case failed
    }

    private let overhead: AnswerOverhead
    private var state = State.awaitingHead

    init(_ overhead: AnswerOverhead) {
        self.overhead = overhead
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (_, .failed): break
        case (.head(let head), .awaitingHead):
            switch head.status.code {
            case 101: fail(context, .switchedProtocols)
            case 100..<200: break
            case 200...999:
                overhead.byteCount = 0
                state = .inBody
                context.fireChannelRead(data)
            default: fail(context, .status(Int(head.status.code)))
            }
        case (.body, .inBody):
            overhead.byteCount = 0
            context.fireChannelRead(data)
        case (.end(let trailers), .inBody):
            overhead.byteCount = 0
            state = .ended(trailers: trailers)
        default: fail(context, .order)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        passEnd(context)
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        passEnd(context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        passEnd(context)
        context.fireErrorCaught(error)
    }

    private func passEnd(_ context: ChannelHandlerContext) {
        guard case .ended(let trailers) = state else { return }
        state = .awaitingHead
        context.fireChannelRead(wrapInboundOut(.end(trailers)))
    }

    private func fail(_ context: ChannelHandlerContext, _ error: BrokenAnswerError) {
        passEnd(context)
        state = .failed
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }
}
