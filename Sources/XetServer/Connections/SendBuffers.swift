import NIOCore

/// Bounds what is taken from an answer before the client takes it.
///
/// Otherwise the kernel's part grows to megabytes for every client that reads slowly: with a thousand of them that is more memory than all
/// TCP connections of a machine may have, and the kernel then throttles the quick ones too. What is on its way to a client
/// is not bounded by this, so a long line is filled all the same.
enum SendBuffers {
    /// Bytes that wait to be sent before the kernel takes more.
    static let unsentByteCount = 512 << 10
    /// Bytes that wait for the kernel before whoever answers has to wait.
    static let waitingByteCount = 16 << 10

    /// Bounds what a connection takes.
    static func bound(_ channel: any Channel) throws {
        #if canImport(Glibc) || canImport(Musl)
        let unsentLowWaterMark = NIOBSDSocket.Option(rawValue: 25)  // TCP_NOTSENT_LOWAT
        #else
        let unsentLowWaterMark = NIOBSDSocket.Option(rawValue: 0x201)
        #endif
        let option = ChannelOptions.Types.SocketOption(level: .tcp, name: unsentLowWaterMark)
        try channel.syncOptions?.setOption(option, value: SocketOptionValue(unsentByteCount))
        let marks = ChannelOptions.Types.WriteBufferWaterMark(low: waitingByteCount / 2, high: waitingByteCount)
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: marks)
    }
}
