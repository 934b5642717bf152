import HTTPTypes
import Hummingbird
import NIOCore

/// Writes a body and counts what was written.
struct ObservedWriter: ResponseBodyWriter {
    /// `nonisolated(unsafe)`: Hummingbird's writers are Sendable although the protocol is not; one task uses this one.
    private nonisolated(unsafe) var writer: any ResponseBodyWriter
    private let observation: AnswerObservation
    private var hasBegun = false

    init(_ writer: any ResponseBodyWriter, _ observation: AnswerObservation) {
        unsafe self.writer = writer
        self.observation = observation
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        if !hasBegun {
            hasBegun = true
            observation.noteFirstByte()
        }
        try await unsafe writer.write(buffer)
        observation.note(sent: buffer.readableBytes)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await unsafe writer.finish(trailingHeaders)
    }
}
