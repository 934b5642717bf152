public import XetCore

/// What is told about a cache: where bytes came from, and what was found damaged.
public protocol CacheEvents: Sendable {
    /// Serialized bytes were handed to a reader, and the last of so many chunks among them.
    func noteServed(_ byteCount: Int, chunkCount: Int, from origin: CacheOrigin)

    /// Kept chunks were not as they were kept, and are fetched anew.
    func noteHealed()

    /// All chunks of a file were compared with its hash, or `false`: they are not those of the file, and are dropped.
    func noteProven(_ isRight: Bool)

    /// A file was wrong: what is kept of its terms is dropped, unless it is proven.
    func noteRefuted(_ terms: [Term])
}

extension CacheEvents {
    public func noteRefuted(_ terms: [Term]) {}
}

/// Where a reader's bytes came from.
public enum CacheOrigin: String, CaseIterable, Sendable {
    /// They were kept.
    case cache
    /// They came over a GET that the reader may have shared with others.
    case flight
    /// They came over a GET of its own.
    case upstream
}

/// Tells nobody.
public struct NoCacheEvents: CacheEvents {
    public init() {}
    public func noteServed(_ byteCount: Int, chunkCount: Int, from origin: CacheOrigin) {}
    public func noteHealed() {}
    public func noteProven(_ isRight: Bool) {}
}
