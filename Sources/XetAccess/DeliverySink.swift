public import NIOCore

/// Takes the bytes of a file, in order.
public protocol DeliverySink {
    /// Takes the next bytes; returns when there is room for more.
    mutating func deliver(_ bytes: ByteBuffer) async throws
}
