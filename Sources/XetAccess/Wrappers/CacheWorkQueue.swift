import Synchronization
import XetCore

/// What a cache has to do in the background, in order.
///
/// Of more than a bound the oldest is left out, which costs nothing but a proof.
final class CacheWorkQueue: Sendable {
    enum Work: Sendable {
        /// A GET has brought chunks.
        case kept(XorbHash, ChunkRange)
        /// More is known of a file: its terms, or its length.
        case known(FileHash, byteCount: UInt64?)
        /// Somebody was told what a file is made of.
        case told(FilePart, FileHash)
    }

    private static let mostCount = 4096
    /// Most terms that wait to be kept.
    private static let mostTermCount = 1 << 18

    /// The work, for one who does it.
    let work: AsyncStream<Work>
    private let queue: AsyncStream<Work>.Continuation
    private let termCount = Atomic<Int>(0)

    init() {
        (work, queue) = AsyncStream.makeStream(of: Work.self, bufferingPolicy: .bufferingNewest(Self.mostCount))
    }

    /// Adds work; returns `false`, and does not, if too many terms wait already.
    @discardableResult func add(_ work: Work) -> Bool {
        if case .told(let part, _) = work {
            let waiting = termCount.wrappingAdd(part.terms.count, ordering: .relaxed).newValue
            guard waiting <= Self.mostTermCount else {
                noteTaken(part)
                return false
            }
        }
        if case .dropped(.told(let part, _)) = queue.yield(work) { noteTaken(part) }
        return true
    }

    /// Notes that terms do not wait any more.
    func noteTaken(_ part: FilePart) { termCount.wrappingSubtract(part.terms.count, ordering: .relaxed) }
}
