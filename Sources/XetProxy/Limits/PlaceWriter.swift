import HTTPTypes
import Hummingbird
import NIOCore

/// Writes the body of a download, and gives its place back with the last bytes: whoever has got them finds it free.
struct PlaceWriter: ResponseBodyWriter {
    /// `nonisolated(unsafe)`: Hummingbird's writers are Sendable although the protocol is not; one task uses this one.
    private nonisolated(unsafe) var writer: any ResponseBodyWriter
    private let place: DownloadPlace
    /// Bytes that are not written yet; `nil` if nobody knows.
    private var rest: Int?

    /// `byteCount` is the length of the body, if it was announced.
    init(_ writer: any ResponseBodyWriter, _ place: DownloadPlace, byteCount: Int?) {
        unsafe self.writer = writer
        self.place = place
        rest = byteCount
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        if let left = rest {
            rest = left - buffer.readableBytes
            if left <= buffer.readableBytes { place.giveBack() }
        }
        try await unsafe writer.write(buffer)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        place.giveBack()
        try await unsafe writer.finish(trailingHeaders)
    }
}
