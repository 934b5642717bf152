import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /livez`: this process runs; if it does not answer, starting it anew helps.
struct LiveRoute: Sendable {
    func respond() -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"status":"ok"}"#))
        )
    }
}
