import NIOCore
import XetAccess
import XetLocal

/// Standard output, a pipe or a device, which takes the bytes of a file as they come.
struct StreamSink: DeliverySink {
    let descriptor: Descriptor

    mutating func deliver(_ bytes: ByteBuffer) async throws {
        let descriptor = descriptor
        try await Blocking.run { try descriptor.write(bytes) }
    }
}
