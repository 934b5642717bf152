import HTTPTypes
package import Hummingbird
import NIOCore

/// `GET /metrics`: all metrics, for Prometheus.
package struct MetricsRoute: Sendable {
    private let registry: MetricsRegistry

    package init(_ registry: MetricsRegistry) {
        self.registry = registry
    }

    package func respond() -> Response {
        Response(
            status: .ok,
            headers: [.contentType: PrometheusText.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text))
        )
    }
}
