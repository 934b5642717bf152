public import XetCore

/// Why a store cannot keep or give something.
public enum StoreError: Error, Hashable, Sendable {
    /// The xorb is not kept.
    case unknownXorb(XorbHash)
    /// The range goes beyond the serialized chunks of the xorb.
    case rangeOutOfBounds(xorb: XorbHash, last: UInt64, byteCount: Int)
    /// The term ends behind the last chunk of its xorb.
    case termOutOfBounds(xorb: XorbHash, end: Int, chunkCount: Int)
    /// A kept xorb ends before its last byte was read.
    case truncatedXorb(XorbHash, expected: Int, found: Int)
    /// The footer of a kept xorb cannot be read.
    case corruptXorb(XorbHash, XorbError)
    /// A file of the store has the name of another xorb than its footer.
    case misnamedXorb(XorbHash, found: XorbHash)
    /// A kept xorb has a footer without the unpacked lengths.
    case outdatedFooter(XorbHash)
    /// A kept chunk has other bytes than its hash says.
    case corruptChunk(xorb: XorbHash, chunk: Int)
    /// A kept shard cannot be read.
    case corruptShard(ShardHash, ShardError)
    /// A kept shard has other bytes than its name says.
    case misnamedShard(ShardHash, found: ShardHash)
    /// The file of a kept xorb cannot be opened or read.
    case unreadableXorb(XorbHash, reason: String)
    /// A xorb that comes in is longer than allowed.
    case tooLong(maximum: Int)
    /// Something else than a file has the name of a xorb or shard.
    case notAFile(path: String)
    /// A range beyond the end of a file.
    case beyondEndOfFile(FileHash, end: UInt64, byteCount: UInt64)
}

extension StoreError {
    /// The xorb that this says is damaged.
    package var damagedXorb: XorbHash? {
        switch self {
        case .truncatedXorb(let xorb, _, _), .corruptXorb(let xorb, _), .misnamedXorb(let xorb, _),
            .outdatedFooter(let xorb), .corruptChunk(let xorb, _), .unreadableXorb(let xorb, _):
            xorb
        case .unknownXorb, .rangeOutOfBounds, .termOutOfBounds, .corruptShard, .misnamedShard, .tooLong, .notAFile,
            .beyondEndOfFile:
            nil
        }
    }
}
