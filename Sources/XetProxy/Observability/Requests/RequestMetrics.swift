import Metrics
import XetClient

/// What is counted about requests of clients.
struct RequestMetrics: Sendable {
    private let factory: any MetricsFactory
    private let inFlight: Meter
    private let slowClients: Counter
    /// Body bytes sent.
    let sentBytes: Counter

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        inFlight = Meter(label: "xet_in_flight_requests", factory: factory)
        slowClients = Counter(label: "xet_slow_clients_total", factory: factory)
        sentBytes = Counter(label: "xet_sent_bytes_total", factory: factory)
        for outcome in TransferBook.Outcome.allCases { downloads(outcome).increment(by: 0) }
    }

    /// Notes that a request has come.
    func noteBegin() { inFlight.increment(by: 1) }

    /// Notes that the answer to a request has ended.
    func noteEnd(_ route: RequestRoute, status: Int, duration: Duration, firstByte: Duration?) {
        inFlight.decrement(by: 1)
        let route = [("route", route.rawValue)]
        Counter(
            label: "xet_requests_total",
            dimensions: route + [("status", StatusLabel.text(status))],
            factory: factory
        ).increment()
        record("xet_request_duration_seconds", duration, route)
        if let firstByte { record("xet_time_to_first_byte_seconds", firstByte, route) }
    }

    /// Notes how a transfer ended.
    func noteEnd(_ outcome: TransferBook.Outcome) { downloads(outcome).increment() }

    /// Notes that a limit refused a request.
    func noteRejection(_ limit: String) {
        Counter(label: "xet_rejected_requests_total", dimensions: [("limit", limit)], factory: factory).increment()
    }

    /// Notes that a client was cut off because it took too little.
    func noteSlowClient() { slowClients.increment() }

    private func downloads(_ outcome: TransferBook.Outcome) -> Counter {
        Counter(label: "xet_downloads_total", dimensions: [("outcome", outcome.rawValue)], factory: factory)
    }

    private func record(_ label: String, _ duration: Duration, _ labels: [(String, String)]) {
        Recorder(label: label, dimensions: labels, aggregate: true, factory: factory)
            .record(duration / .seconds(1))
    }
}
