import NIOCore

/// Tells from the first bytes of a connection whether its client speaks HTTP/2 without having asked, and steps aside.
///
/// Source: RFC 9113, section 3.4.
final class HTTPVersionHandler<Value: Sendable>: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// What every HTTP/2 client begins with, and no HTTP/1.1 client.
    static var preface: [UInt8] { Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) }

    private let decided: EventLoopPromise<Value>
    private let prepare: (_ isVersion2: Bool) -> EventLoopFuture<Value>
    private var received = ByteBuffer()
    private var isDeciding = true

    /// `prepare` adds the handlers of a version, and returns what ``version`` gives.
    init(_ eventLoop: any EventLoop, prepare: @escaping (_ isVersion2: Bool) -> EventLoopFuture<Value>) {
        decided = eventLoop.makePromise()
        self.prepare = prepare
    }

    /// Known once enough has come; fails if the connection ends before.
    var version: EventLoopFuture<Value> { decided.futureResult }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard isDeciding else { return }
        let known = received.readableBytesView.prefix(Self.preface.count)
        let mayBeVersion2 = Self.preface.starts(with: known)
        guard !mayBeVersion2 || known.count == Self.preface.count else { return }
        isDeciding = false
        prepare(mayBeVersion2).assumeIsolated().whenComplete { result in
            self.decided.completeWith(result)
            switch result {
            case .success: context.pipeline.syncOperations.removeHandler(self, promise: nil)
            case .failure: context.close(promise: nil)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        guard !isDeciding else { return fail() }
        context.fireChannelRead(wrapInboundOut(received))
        context.fireChannelReadComplete()
    }

    private func fail() {
        guard isDeciding else { return }
        isDeciding = false
        decided.fail(ChannelError.inputClosed)
    }
}
