package import NIOCore
package import XetAccess

/// Passes bytes on and tells how many there were.
package struct ProgressSink<Base: DeliverySink>: DeliverySink {
    package private(set) var base: Base
    private var count: UInt64
    private let observer: any DownloadObserver

    /// A sink before byte `start` of a file.
    package init(_ base: Base, start: UInt64, observer: any DownloadObserver) {
        self.base = base
        count = start
        self.observer = observer
    }

    package mutating func deliver(_ bytes: ByteBuffer) async throws {
        let byteCount = UInt64(bytes.readableBytes)
        try await base.deliver(bytes)
        count += byteCount
        observer.advance(to: count)
    }
}
