public import NIOCore

/// Takes the bytes of a file, in order.
public protocol DeliverySink {
    /// Takes the next bytes; returns when there is room for more.
    mutating func deliver(_ bytes: ByteBuffer) async throws

    /// Returns when there is room, for whoever has nothing ready yet; at once if the sink cannot tell.
    mutating func waitForRoom() async throws
}

extension DeliverySink {
    public mutating func waitForRoom() async throws {}
}
