public import Metrics
import Synchronization
public import XetAccess

/// What is counted and logged of a store that replicas share.
public final class SharedStoreMetrics: SharedStoreEvents {
    private struct Request: Hashable {
        let operation: StoreOperation
        let result: StoreResult
    }

    private let requests: [Request: Counter]
    private let readBytes: Counter
    private let writtenBytes: Counter
    private let wrong: Counter
    private let leftOut: Counter
    private let log: @Sendable (String) -> Void
    /// Whether it is not asked for a while: whether to read, and whether to write.
    private let away = Mutex<Set<Bool>>([])

    /// Counts with a factory; `log` gets a line for the operator when the store goes away, and when it is back.
    public init(_ factory: any MetricsFactory, log: @escaping @Sendable (String) -> Void) {
        self.log = log
        var requests: [Request: Counter] = [:]
        for operation in StoreOperation.allCases {
            for result in StoreResult.allCases {
                requests[Request(operation: operation, result: result)] = Counter(
                    label: "xet_store_requests_total",
                    dimensions: [("operation", operation.rawValue), ("result", result.rawValue)],
                    factory: factory
                )
            }
        }
        self.requests = requests
        readBytes = Counter(label: "xet_store_read_bytes_total", factory: factory)
        writtenBytes = Counter(label: "xet_store_written_bytes_total", factory: factory)
        wrong = Counter(label: "xet_store_wrong_objects_total", factory: factory)
        leftOut = Counter(label: "xet_store_left_out_total", factory: factory)
    }

    /// Whether the store is asked for all that there is to ask.
    public var isAvailable: Bool { away.withLock(\.isEmpty) }

    public func noteRequest(_ operation: StoreOperation, _ result: StoreResult) {
        requests[Request(operation: operation, result: result)]?.increment()
    }

    public func noteRead(_ byteCount: Int) { readBytes.increment(by: byteCount) }

    public func noteWritten(_ byteCount: Int) { writtenBytes.increment(by: byteCount) }

    public func noteWrong() { wrong.increment() }

    public func noteLeftOut() { leftOut.increment() }

    public func noteAway(isReading: Bool, _ error: ObjectStoreError) {
        away.withLock { _ = $0.insert(isReading) }
        let loss = isReading ? "read, and downloads go on without" : "written to, and nothing is added to it"
        log("the store cannot be \(loss): \(error)")
    }

    public func noteBack(isReading: Bool) {
        away.withLock { _ = $0.remove(isReading) }
        log("the store is \(isReading ? "read" : "written to") again")
    }
}
