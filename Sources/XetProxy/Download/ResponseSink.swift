import Hummingbird
import NIOCore
import XetAccess
import XetServer

/// Delivers into a response body; waits when the client reads slower.
struct ResponseSink: DeliverySink {
    /// `nonisolated(unsafe)`: Hummingbird's writers are Sendable although the protocol is not; one task uses this one.
    private nonisolated(unsafe) var writer: any ResponseBodyWriter
    /// Bytes delivered so far.
    private(set) var byteCount: UInt64 = 0

    init(_ writer: any ResponseBodyWriter) {
        unsafe self.writer = writer
    }

    mutating func deliver(_ bytes: ByteBuffer) async throws {
        try await unsafe writer.write(bytes)
        byteCount += UInt64(bytes.readableBytes)
    }

    mutating func waitForRoom() async throws {
        // Nothing is sent for it, but it waits like all else.
        try await unsafe writer.write(ByteBuffer())
    }

    /// Ends the body cleanly: all of it was delivered.
    consuming func finish() async throws {
        try await unsafe writer.finish(nil)
    }
}
