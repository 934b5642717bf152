package import XetCore

/// Why a bundle is refused.
package enum BundleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It does not begin as a bundle of this version does.
    case noBundle
    /// The hash behind a frame is not that of the stream up to there.
    case damaged(offset: UInt64)
    /// It ends too early.
    case truncated(offset: UInt64)
    /// There is something behind its end.
    case trailing(offset: UInt64)
    /// A frame is what none can be.
    case invalid(offset: UInt64, reason: String)
    /// The counts at the end are not those of what was there.
    case miscounted
    /// A chunk is not what it is said to be.
    case wrongChunk(xorb: XorbHash, chunk: Int)
    /// The chunks of a file do not make it up.
    case wrongFile(FileHash)
    /// A file needs a chunk that is neither in the bundle nor where it goes.
    case missingChunk(file: FileHash, xorb: XorbHash, chunk: Int)
    /// A chunk has another hash than the one that is kept and proven.
    case contradiction(xorb: XorbHash, chunk: Int)
    /// Chunks came that no file needs, so that nothing proves them: at least so many.
    case unprovenChunks(count: Int)
    /// It is not signed, and only signed ones are taken.
    case unsigned
    /// Its signature is not that of its key.
    case wrongSignature
    /// It is signed by a key that is not trusted.
    case untrusted(key: String)
    /// What is to be written does not fit the format.
    case unwritable(reason: String)

    package var description: String {
        switch self {
        case .noBundle: "this is no bundle, or one of another version"
        case .damaged(let offset): "the bundle is damaged before byte \(offset)"
        case .truncated(let offset): "the bundle ends at byte \(offset), and that is not its end"
        case .trailing(let offset): "there is something behind the end of the bundle, at byte \(offset)"
        case .invalid(let offset, let reason): "the bundle makes no sense before byte \(offset): \(reason)"
        case .miscounted: "the bundle does not have as much as it says"
        case .wrongChunk(let xorb, let chunk): "chunk \(chunk) of xorb \(xorb) is not what its hash says"
        case .wrongFile(let file): "the chunks of file \(file) do not make it up"
        case .missingChunk(let file, let xorb, let chunk):
            "file \(file) needs chunk \(chunk) of xorb \(xorb), which is neither in the bundle nor here: "
                + "is there an earlier bundle that this one builds on?"
        case .contradiction(let xorb, let chunk):
            "chunk \(chunk) of xorb \(xorb) is another one than what is kept and proven"
        case .unprovenChunks(let count): "the bundle has chunks that no file of it needs, \(count) or more"
        case .unsigned: "the bundle is not signed"
        case .wrongSignature: "the signature of the bundle is wrong"
        case .untrusted(let key): "the bundle is signed by a key that is not trusted, \(key)"
        case .unwritable(let reason): "cannot be put into a bundle: \(reason)"
        }
    }
}
