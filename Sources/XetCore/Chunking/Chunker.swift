/// Cuts a stream of bytes into content-defined chunks.
///
/// The cuts depend on the bytes alone, never on how they are split into calls.
/// Source: draft-denis-xet, "Content-Defined Chunking".
public struct Chunker: Sendable {
    /// Every chunk but the last has at least this many bytes.
    public static let minimumByteCount = 8 * 1024
    /// The size that the mask aims at.
    public static let targetByteCount = 64 * 1024
    /// No chunk has more bytes.
    public static let maximumByteCount = 128 * 1024

    /// What lies further before the first possible cut than the hash reaches cannot change it.
    private static let skippedByteCount = minimumByteCount - GearHash.windowByteCount

    private var hash = GearHash()
    /// Bytes of the open chunk seen so far.
    private var byteCount = 0

    /// A chunker at the start of a file.
    public init() {}

    /// Bytes of the chunk that has not been cut yet.
    public var openByteCount: Int { byteCount }

    /// Takes bytes up to the next cut.
    ///
    /// - Returns: the offset in `bytes` after the last byte of the open chunk, or `nil` if no cut lies in `bytes`; then
    ///   all of them are taken. The next call starts at that offset with a new chunk.
    public mutating func nextCut(in bytes: RawSpan) -> Int? {
        // The chunk reaches its least and its greatest size at these offsets.
        let minimum = Self.minimumByteCount - byteCount
        let maximum = Self.maximumByteCount - byteCount
        let end = min(bytes.byteCount, maximum)
        let skipped = min(end, max(0, Self.skippedByteCount - byteCount))
        // A match counts from the byte on that completes the least size.
        let rolled = max(skipped, min(end, minimum - 1))
        hash.roll(over: skipped..<rolled, of: bytes)
        let match = hash.firstMatch(in: rolled..<end, of: bytes)
        guard let cut = match ?? (end == maximum ? maximum : nil) else {
            byteCount += end
            return nil
        }
        hash = GearHash()
        byteCount = 0
        return cut
    }

    /// The end offsets of the chunks of a whole file.
    public static func cuts(of bytes: RawSpan) -> [Int] {
        var chunker = Chunker()
        var cuts: [Int] = []
        var start = 0
        while start < bytes.byteCount {
            start += chunker.nextCut(in: bytes.extracting(start..<bytes.byteCount)) ?? bytes.byteCount - start
            cuts.append(start)
        }
        return cuts
    }
}
