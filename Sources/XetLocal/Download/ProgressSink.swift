package import NIOCore
package import XetAccess
import XetCore

/// Passes bytes on and tells how many there were.
package struct ProgressSink<Base: DeliverySink>: DeliverySink {
    package private(set) var base: Base
    private var count: UInt64
    private let observer: any DownloadObserver
    private let update: FileUpdate?

    /// A sink before byte `start` of a file, of which an `update` has some.
    package init(_ base: Base, start: UInt64, observer: any DownloadObserver, update: FileUpdate? = nil) {
        self.base = base
        count = start
        self.observer = observer
        self.update = update
    }

    package mutating func deliver(_ bytes: ByteBuffer) async throws {
        let byteCount = UInt64(bytes.readableBytes)
        try await base.deliver(bytes)
        let range = FileByteRange(start: count, end: count + byteCount)
        let local = range.flatMap { update?.localByteCount(in: $0) } ?? 0
        count += byteCount
        observer.advance(to: count, received: byteCount - local)
    }
}
