import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /readyz`: whether new requests should be sent here.
struct ReadyRoute: Sendable {
    /// `nil` if nobody is asked, so that it makes no difference whether the Hub answers.
    let hub: HubProbe?
    /// Whether the proxy finishes its last answers.
    let isDraining: @Sendable () -> Bool

    func respond() async throws -> Response {
        if isDraining() { return Self.notReady("draining") }
        guard try await hub?.isUp ?? true else { return Self.notReady("the Hub does not answer") }
        return Self.response(.ok, #"{"status":"ready"}"#)
    }

    private static func notReady(_ reason: String) -> Response {
        response(.serviceUnavailable, #"{"status":"not ready","reason":"\#(reason)"}"#)
    }

    private static func response(_ status: HTTPResponse.Status, _ json: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: json))
        )
    }
}
