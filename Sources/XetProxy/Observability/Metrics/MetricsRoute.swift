import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /metrics`: all metrics, for Prometheus.
struct MetricsRoute: Sendable {
    let registry: MetricsRegistry

    func respond() -> Response {
        Response(
            status: .ok,
            headers: [.contentType: PrometheusText.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text))
        )
    }
}
