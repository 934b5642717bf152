import HTTPTypes
import Hummingbird
import XetServer

/// `POST /v1/telemetry`: taken, and dropped; nobody waits for more than the status.
struct TelemetryRoute: Sendable {
    /// Most bytes that are read.
    private static let maximumByteCount = 1 << 20

    func respond(_ request: Request) async throws -> Response {
        var byteCount = 0
        for try await piece in request.body {
            byteCount += piece.readableBytes
            guard byteCount <= Self.maximumByteCount else {
                return .refusal(.contentTooLarge, "more than \(Self.maximumByteCount) bytes of telemetry")
            }
        }
        return Response(status: .ok)
    }
}
