import NIOCore

/// Bytes of an answer of which nothing has come through the decoder yet.
///
/// One event loop uses it.
final class AnswerOverhead {
    /// Most bytes between two parts of an answer: heads, informational ones too, trailers, the sizes of chunks and what
    /// may stand beside them.
    static let maximumByteCount = 256 << 10

    var byteCount = 0
}

/// Ends a connection on which bytes come and come that are no content.
///
/// It must stand before the decoder of answers; the handler behind the decoder says when something came out of it.
final class AnswerOverheadHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let overhead: AnswerOverhead
    private var hasFailed = false

    init(_ overhead: AnswerOverhead) {
        self.overhead = overhead
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasFailed else { return }
        overhead.byteCount += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
        guard overhead.byteCount > AnswerOverhead.maximumByteCount else { return }
        hasFailed = true
        context.fireErrorCaught(BrokenAnswerError.overhead(byteCount: AnswerOverhead.maximumByteCount))
        context.close(promise: nil)
    }
}
