import HummingbirdCore
import NIOCore
import NIOHTTP2

/// A connection, and what it turns out to speak.
struct ServerConnection: ServerChildChannelValue {
    enum Version: Sendable {
        /// Nothing: there are as many connections as there may be.
        case full
        case http1(HTTP1Channel.Value)
        case http2(NIOHTTP2Handler.AsyncStreamMultiplexer<HTTP1Channel.Value>)
    }

    let channel: any Channel
    /// Known once the client has shown it; fails if it does not.
    let version: EventLoopFuture<Version>
}
