public import XetAccess
public import XetCore

/// Has the store doubted when a file was wrong, besides what is told about a cache.
public struct DoubtingEvents: CacheEvents {
    private let events: any CacheEvents
    private let shared: SharedBlocks

    /// Tells `events`, and `shared` of files that were wrong.
    public init(_ events: any CacheEvents, _ shared: SharedBlocks) {
        self.events = events
        self.shared = shared
    }

    public func noteServed(_ byteCount: Int, chunkCount: Int, from origin: CacheOrigin) {
        events.noteServed(byteCount, chunkCount: chunkCount, from: origin)
    }

    public func noteHealed() { events.noteHealed() }

    public func noteProven(_ isRight: Bool) { events.noteProven(isRight) }

    public func noteRefuted(_ terms: [Term]) {
        events.noteRefuted(terms)
        shared.doubt(terms)
    }
}
