public import Metrics

/// What is counted while files are rebuilt; once per fetch or failure, never per chunk.
public struct DownloadMetrics: Sendable {
    /// Where bytes were found to be wrong.
    enum Failure: String, CaseIterable {
        /// In a xorb: its frames, headers and lengths.
        case xorb
        /// In the file: its hash, and the lengths of its terms.
        case file
    }

    private let decodeSeconds: FloatingPointCounter
    private let hashSeconds: FloatingPointCounter
    private let decodedBytes: Counter
    private let retries: Counter
    private let planRetries: Counter
    private let renewals: Counter
    private let failures: [Failure: Counter]

    /// Counts with the metrics system unless another factory is given.
    public init(_ factory: any MetricsFactory = MetricsSystem.factory) {
        decodeSeconds = FloatingPointCounter(label: "xet_decode_seconds_total", factory: factory)
        hashSeconds = FloatingPointCounter(label: "xet_hash_seconds_total", factory: factory)
        decodedBytes = Counter(label: "xet_decoded_bytes_total", factory: factory)
        retries = Counter(label: "xet_fetch_retries_total", factory: factory)
        planRetries = Counter(label: "xet_upstream_retries_total", dimensions: [("service", "cas")], factory: factory)
        renewals = Counter(label: "xet_url_renewals_total", factory: factory)
        let counters = Failure.allCases.map { failure in
            let labels = [("part", failure.rawValue)]
            return (failure, Counter(label: "xet_verification_failures_total", dimensions: labels, factory: factory))
        }
        failures = Dictionary(uniqueKeysWithValues: counters)
    }

    /// Notes the work of one GET.
    func note(_ work: DecodingWork) {
        decodeSeconds.increment(by: work.decoding / .seconds(1))
        hashSeconds.increment(by: work.hashing / .seconds(1))
        decodedBytes.increment(by: work.byteCount)
    }

    /// Notes that a range of a xorb is asked for once more after a failure.
    func noteRetry() { retries.increment() }

    /// Notes that a reconstruction is asked for once more after a failure.
    func notePlanRetry() { planRetries.increment() }

    /// Notes that signed URLs had ended and were replaced.
    func noteRenewal() { renewals.increment() }

    /// Notes that bytes were wrong.
    func note(_ failure: Failure) { failures[failure]?.increment() }
}
