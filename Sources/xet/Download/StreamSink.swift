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

/// Passes bytes on and shows how many there were.
struct ProgressSink<Base: DeliverySink>: DeliverySink {
    private(set) var base: Base
    private var count: UInt64
    private let display: DownloadDisplay

    /// A sink before byte `start` of a file.
    init(_ base: Base, start: UInt64, display: DownloadDisplay) {
        self.base = base
        count = start
        self.display = display
    }

    mutating func deliver(_ bytes: ByteBuffer) async throws {
        let byteCount = UInt64(bytes.readableBytes)
        try await base.deliver(bytes)
        count += byteCount
        display.advance(to: count)
    }
}
