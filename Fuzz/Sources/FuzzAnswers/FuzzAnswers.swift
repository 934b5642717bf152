import AnswerGuard
import FuzzDriver
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// Raw bytes of a server, through the decoder and what guards it, as in a connection.
@main
enum FuzzAnswers {
    static func main() {
        unsafe runFuzzer { start, count in
            check(unsafe fuzzInput(start, count))
            return 0
        }
    }
}

/// Stands for the HTTP client, which stops the process where parts come in another order than this.
private final class Client: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private(set) var isAwaiting = false
    private var isInBody = false

    func ask(_ channel: EmbeddedChannel, _ method: HTTPMethod) {
        isAwaiting = true
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: "/", headers: ["Host": "a"])
        try? channel.writeOutbound(HTTPClientRequestPart.head(head))
        try? channel.writeOutbound(HTTPClientRequestPart.end(nil))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        precondition(isAwaiting, "a part that nobody asked for")
        switch unwrapInboundIn(data) {
        case .head(let head):
            precondition(!isInBody && (200...999).contains(head.status.code), "no head of an answer")
            isInBody = true
        case .body: precondition(isInBody, "a body without a head")
        case .end:
            precondition(isInBody, "an end without a head")
            isInBody = false
            isAwaiting = false
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private func check(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let channel = EmbeddedChannel()
    let client = Client()
    do {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(informationalResponseStrategy: .forward)))
        try pipeline.addHandler(client)
        try AnswerGuard.add(to: pipeline)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    } catch {
        preconditionFailure("\(error)")
    }
    let method: HTTPMethod = choice & 1 == 0 ? .GET : .HEAD
    // Whole, or in pieces that end anywhere.
    let pieceByteCount = choice & 2 == 0 ? max(1, bytes.count) : 1 + Int(choice >> 3)
    var rest = bytes.dropFirst()
    // Sometimes the bytes are there before they were asked for.
    if choice & 4 == 0 { client.ask(channel, method) }
    while !rest.isEmpty, channel.isActive {
        channel.pipeline.fireChannelRead(ByteBuffer(bytes: rest.prefix(pieceByteCount)))
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.run()
        rest = rest.dropFirst(pieceByteCount)
        if channel.isActive, !client.isAwaiting { client.ask(channel, method) }
    }
    _ = try? channel.finish(acceptAlreadyClosed: true)
}
