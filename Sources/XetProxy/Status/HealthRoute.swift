import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /health`: this process serves.
struct HealthRoute: Sendable {
    let version: String

    func respond() -> Response {
        let body = #"{"status":"ok","version":"\#(version)"}"#
        return Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }
}
