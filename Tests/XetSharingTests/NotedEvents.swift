import Synchronization
import XetAccess
import XetSharing

/// What was told about a store.
final class NotedEvents: SharedStoreEvents {
    struct Request: Hashable {
        let operation: StoreOperation
        let result: StoreResult
    }

    struct Noted {
        var requests: [Request: Int] = [:]
        var readByteCount = 0
        var writtenByteCount = 0
        var wrongCount = 0
        var leftOutCount = 0
        var turns: [String] = []
    }

    private let state = Mutex(Noted())

    var noted: Noted { state.withLock { $0 } }

    func count(_ operation: StoreOperation, _ result: StoreResult) -> Int {
        state.withLock { $0.requests[Request(operation: operation, result: result)] ?? 0 }
    }

    func noteRequest(_ operation: StoreOperation, _ result: StoreResult) {
        state.withLock { $0.requests[Request(operation: operation, result: result), default: 0] += 1 }
    }

    func noteRead(_ byteCount: Int) { state.withLock { $0.readByteCount += byteCount } }
    func noteWritten(_ byteCount: Int) { state.withLock { $0.writtenByteCount += byteCount } }
    func noteWrong() { state.withLock { $0.wrongCount += 1 } }
    func noteLeftOut() { state.withLock { $0.leftOutCount += 1 } }
    func noteAway(isReading: Bool, _ error: ObjectStoreError) {
        state.withLock { $0.turns.append("\(isReading ? "read" : "write") \(error.kind)") }
    }
    func noteBack(isReading: Bool) { state.withLock { $0.turns.append("\(isReading ? "read" : "write") back") } }
}
