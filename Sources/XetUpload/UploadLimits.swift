import XetCore

/// How much an upload does at once, and what of.
public struct UploadLimits: Hashable, Sendable {
    /// Most bytes of a xorb, serialized and unpacked.
    public var xorbByteCount = XorbBuilder.maximumUnpackedByteCount
    /// Most xorbs that are sent at once; one more is being filled.
    public var xorbCount = 1
    /// Tasks that hash and pack.
    public var workerCount = 2
    /// Whether the SHA-256 of files is wanted.
    public var hasSHA256 = true
    /// Most bytes of a shard.
    var shardByteCount = ShardSplit.targetByteCount

    /// The limits of the format, and little at once.
    public init() {}
}
