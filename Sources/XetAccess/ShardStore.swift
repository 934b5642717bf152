public import XetCore

/// Takes the reconstructions of files.
public protocol ShardSink: Sendable {
    /// Makes all files of a shard known, or none; returns whether any was new.
    ///
    /// Every xorb that the shard names must be kept already. Throws when a check fails.
    @discardableResult
    func register(_ shard: Shard) async throws -> Bool
}

/// Keeps the reconstructions of files and gives them back.
public protocol ShardStore: ShardSink {
    /// The terms of a file, or `nil` if it is not known.
    func file(_ hash: FileHash) async throws -> ShardFile?

    /// Further xorbs of files that need `xorb`: who has chunks of it is likely to have some of theirs.
    func neighbours(of xorb: XorbHash, maximumCount: Int) async throws -> [XorbHash]
}
