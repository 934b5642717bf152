import Logging
public import Metrics
import Synchronization
public import XetAccess

/// What is counted and logged of a cache.
public final class CacheMetrics: CacheEvents, CacheStoreEvents {
    private let servedBytes: [CacheOrigin: Counter]
    private let servedChunks: [CacheOrigin: Counter]
    private let healed: Counter
    private let proven: Counter
    private let refuted: Counter
    private let evicted: Counter
    private let failures: Counter
    private let log: @Sendable (String) -> Void
    /// Whether the last attempt to write failed: each time that begins it is logged once.
    private let isFailing = Mutex(false)

    /// Counts with a factory; `log` gets a line for the operator now and then.
    public init(_ factory: any MetricsFactory, log: @escaping @Sendable (String) -> Void) {
        self.log = log
        func counters(_ label: String) -> [CacheOrigin: Counter] {
            let pairs = CacheOrigin.allCases.map { origin in
                (origin, Counter(label: label, dimensions: [("source", origin.rawValue)], factory: factory))
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        servedBytes = counters("xet_cache_served_bytes_total")
        servedChunks = counters("xet_cache_served_chunks_total")
        healed = Counter(label: "xet_cache_healed_total", factory: factory)
        proven = Counter(label: "xet_cache_proofs_total", dimensions: [("result", "right")], factory: factory)
        refuted = Counter(label: "xet_cache_proofs_total", dimensions: [("result", "wrong")], factory: factory)
        evicted = Counter(label: "xet_cache_evicted_total", factory: factory)
        failures = Counter(label: "xet_cache_failures_total", factory: factory)
    }

    public func noteServed(_ byteCount: Int, chunkCount: Int, from origin: CacheOrigin) {
        servedBytes[origin]?.increment(by: byteCount)
        servedChunks[origin]?.increment(by: chunkCount)
    }

    public func noteHealed() { healed.increment() }

    public func noteProven(_ isRight: Bool) { (isRight ? proven : refuted).increment() }

    public func noteEvicted(_ count: Int) { evicted.increment(by: count) }

    public func noteFailure(_ error: any Error) {
        failures.increment()
        let isNew = isFailing.withLock { isFailing in
            defer { isFailing = true }
            return !isFailing
        }
        if isNew { log("the cache cannot be used, and downloads go on without: \(error)") }
    }

    public func noteLost(_ error: any Error) {
        failures.increment()
        log("the cache begins anew, since its index cannot be used: \(error)")
    }

    public func noteWritten() {
        let wasFailing = isFailing.withLock { isFailing in
            defer { isFailing = false }
            return isFailing
        }
        if wasFailing { log("the cache is used again") }
    }
}
