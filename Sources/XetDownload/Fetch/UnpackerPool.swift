import Synchronization
import XetCore

/// Unpackers, each lent for one step of decoding.
///
/// A GET that waits has none: there are as many as threads that decode at the same time.
final class UnpackerPool: Sendable {
    /// One that is lent; only its borrower uses it.
    final class Unpacker: Sendable {
        let state = Mutex(ChunkUnpacker())
    }

    private let free = Mutex<[Unpacker]>([])

    init() {}

    /// Lends an unpacker until it is given back.
    func take() -> Unpacker { free.withLock { $0.popLast() } ?? Unpacker() }

    /// Takes an unpacker back.
    func giveBack(_ unpacker: Unpacker) { free.withLock { $0.append(unpacker) } }
}
