import Synchronization

/// Where the bytes of one answer came from.
public final class CacheTally: Sendable {
    /// The tally of the answer that the present task works for.
    @TaskLocal public static var current: CacheTally?

    /// What it comes down to.
    public enum Result: String, Sendable {
        /// All was kept.
        case hit
        /// Some was kept.
        case partial
        /// Nothing was kept.
        case miss
    }

    private let kept = Atomic<Bool>(false)
    private let fetched = Atomic<Bool>(false)
    private let saved = Atomic<UInt64>(0)

    /// Whether only proven chunks may be read, and what takes the place of one that is damaged.
    let isOnlyProven: Bool

    /// A tally of nothing.
    public init(isOnlyProven: Bool = false) {
        self.isOnlyProven = isOnlyProven
    }

    /// Notes bytes.
    func note(_ byteCount: Int, from origin: CacheOrigin) {
        guard byteCount > 0 else { return }
        switch origin {
        case .cache:
            kept.store(true, ordering: .relaxed)
            saved.wrappingAdd(UInt64(byteCount), ordering: .relaxed)
        case .flight, .upstream: fetched.store(true, ordering: .relaxed)
        }
    }

    /// Notes bytes that came over a GET which was there already.
    func noteShared(_ byteCount: Int) { saved.wrappingAdd(UInt64(max(0, byteCount)), ordering: .relaxed) }

    /// Bytes that nobody had to fetch for this answer.
    public var savedByteCount: UInt64 { saved.load(ordering: .relaxed) }

    /// What it comes down to; `nil` if no bytes of xorbs were read.
    public var result: Result? {
        switch (kept.load(ordering: .relaxed), fetched.load(ordering: .relaxed)) {
        case (true, false): .hit
        case (true, true): .partial
        case (false, true): .miss
        case (false, false): nil
        }
    }
}
