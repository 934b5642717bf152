import Metrics
public import XetAccess

/// What is counted about requests to Hub, CAS, CDN and object store.
public struct UpstreamMetrics: Sendable {
    private let factory: any MetricsFactory
    private let received: [UpstreamService: Counter]
    private let retries: [UpstreamService: Counter]

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        func counters(_ label: String) -> [UpstreamService: Counter] {
            let pairs = UpstreamService.allCases.map { service in
                (service, Counter(label: label, dimensions: [("service", service.rawValue)], factory: factory))
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        received = counters("xet_upstream_received_bytes_total")
        retries = counters("xet_upstream_retries_total")
    }

    /// Notes how long the head of an answer took; `status` is `nil` if none came.
    func noteHead(from service: UpstreamService, status: Int?, after duration: Duration) {
        let labels = [("service", service.rawValue), ("status", status.map(StatusLabel.text) ?? "none")]
        Timer(label: "xet_upstream_head_seconds", dimensions: labels, factory: factory)
            .recordNanoseconds(duration.nanoseconds)
    }

    /// Notes body bytes that came.
    func noteReceived(_ byteCount: UInt64, from service: UpstreamService) {
        received[service]?.increment(by: Int64(clamping: byteCount))
    }

    /// Notes that a request is made once more after a failure.
    public func noteRetry(_ service: UpstreamService) {
        retries[service]?.increment()
    }
}

extension Duration {
    /// Whole nanoseconds, as many as fit.
    fileprivate var nanoseconds: Int64 {
        Int64(clamping: components.seconds) * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
