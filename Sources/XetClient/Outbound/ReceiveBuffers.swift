import NIOCore
import Synchronization

/// Decides how much connections read from their sockets at once.
///
/// Large reads save CPU; but a connection keeps the buffers, and what it has read while its reader waits. Thousands of slow
/// readers would hold gigabytes like that. So only a number of connections get large buffers, which is more than a few quick
/// downloads have, and further ones small ones.
final class ReceiveBuffers: Sendable {
    /// The size of a large buffer; still larger ones save no more CPU.
    static let largeByteCount = 256 << 10
    /// The size of a small one.
    static let smallByteCount = 32 << 10
    /// The size of one where little is expected, at first.
    static let littleByteCount = 16 << 10
    private static let leastByteCount = 4 << 10
    /// How many connections have large buffers at the same time.
    static let largeCount = 128

    private let mostLarge: Int
    private let initialByteCount: Int
    private let count = Mutex(0)

    /// Buffers for connections that carry the bytes of files, or small answers only.
    init(areBulk: Bool) {
        mostLarge = areBulk ? Self.largeCount : 0
        initialByteCount = areBulk ? Self.smallByteCount : Self.littleByteCount
    }

    /// Gives a connection its buffers, and takes them back when it is closed.
    func assign(to channel: any Channel) throws {
        let isLarge = count.withLock { count in
            guard count < mostLarge else { return false }
            count += 1
            return true
        }
        if isLarge {
            channel.closeFuture.whenComplete { [self] _ in count.withLock { $0 -= 1 } }
        }
        let allocator = AdaptiveRecvByteBufferAllocator(
            minimum: Self.leastByteCount,
            initial: isLarge ? 64 << 10 : initialByteCount,
            maximum: isLarge ? Self.largeByteCount : Self.smallByteCount
        )
        try channel.syncOptions?.setOption(.recvAllocator, value: allocator)
        // The channel keeps a buffer for each: one is filled while the other is decoded.
        try channel.syncOptions?.setOption(.maxMessagesPerRead, value: UInt(isLarge ? 2 : 1))
    }
}
