import Synchronization

/// What all flights together hold in memory.
///
/// A few have as much as makes them quick: batches that are worth a write, and what was written last, for readers that are
/// only a little behind. Of hundreds each writes what it gets at once, and keeps nothing.
final class FlightMemory: Sendable {
    /// Bytes beyond which flights keep nothing that they need not.
    static let byteCount = 32 << 20
    /// Bytes after which a batch is written.
    private static let batchByteCount = 1 << 20
    /// What is kept of what was written.
    private static let tailByteCount = 512 << 10

    private let held = Atomic<Int>(0)

    init() {}

    /// Bytes that are held.
    var heldByteCount: Int { held.load(ordering: .relaxed) }

    private var isShort: Bool { heldByteCount > Self.byteCount }

    /// Bytes after which a batch is to be written.
    var leastBatchByteCount: Int { isShort ? 1 : Self.batchByteCount }

    /// Bytes that may be kept of what was written.
    var mostTailByteCount: Int { isShort ? 0 : Self.tailByteCount }

    /// Takes note that a flight holds more, or less.
    func note(_ change: Int) { held.wrappingAdd(change, ordering: .relaxed) }
}
