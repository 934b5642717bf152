package import Metrics
import NIOHTTP1

/// What is counted about requests of clients.
package struct RequestMetrics: Sendable {
    private let factory: any MetricsFactory
    private let inFlight: Meter
    private let slowClients: Counter
    /// Body bytes sent.
    let sentBytes: Counter

    package init(_ factory: any MetricsFactory) {
        self.factory = factory
        inFlight = Meter(label: "xet_in_flight_requests", factory: factory)
        slowClients = Counter(label: "xet_slow_clients_total", factory: factory)
        sentBytes = Counter(label: "xet_sent_bytes_total", factory: factory)
    }

    /// Notes that a request has come.
    package func noteBegin() { inFlight.increment(by: 1) }

    /// Notes that the answer to a request has ended.
    package func noteEnd(_ route: RouteLabel, status: Int, duration: Duration, firstByte: Duration?) {
        inFlight.decrement(by: 1)
        let route = [("route", route.name)]
        Counter(
            label: "xet_requests_total",
            dimensions: route + [("status", Self.label(status))],
            factory: factory
        ).increment()
        record("xet_request_duration_seconds", duration, route)
        if let firstByte { record("xet_time_to_first_byte_seconds", firstByte, route) }
    }

    /// Notes that a limit refused a request.
    package func noteRejection(_ limit: String) {
        Counter(label: "xet_rejected_requests_total", dimensions: [("limit", limit)], factory: factory).increment()
    }

    /// Notes that a client was cut off because it took too little.
    package func noteSlowClient() { slowClients.increment() }

    /// A status as a label: those that have a name by themselves, others by their class, so that no upstream can make
    /// up many.
    static func label(_ status: Int) -> String {
        guard status != AnswerObservation.leftStatus else { return "\(status)" }
        guard (100..<600).contains(status) else { return "other" }
        if case .custom = HTTPResponseStatus(statusCode: status) { return "\(status / 100)xx" }
        return "\(status)"
    }

    private func record(_ label: String, _ duration: Duration, _ labels: [(String, String)]) {
        Recorder(label: label, dimensions: labels, aggregate: true, factory: factory)
            .record(duration / .seconds(1))
    }
}
