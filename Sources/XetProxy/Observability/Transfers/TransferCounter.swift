import Synchronization

/// Bytes of one transfer: counted without a lock by who sends, read by who looks.
final class TransferCounter: Sendable {
    private let value = Atomic<UInt64>(0)

    func add(_ byteCount: Int) {
        value.wrappingAdd(UInt64(byteCount), ordering: .relaxed)
    }

    var byteCount: UInt64 { value.load(ordering: .relaxed) }
}
