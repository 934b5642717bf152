import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /health`: this process serves.
struct HealthRoute: Sendable {
    let version: String
    /// Whether nobody upstream is asked.
    let isOffline: Bool

    func respond() -> Response {
        let offline = isOffline ? #","offline":true"# : ""
        let body = #"{"status":"ok","version":"\#(version)"\#(offline)}"#
        return Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }
}
