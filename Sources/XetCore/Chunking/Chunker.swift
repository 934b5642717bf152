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

    private static let mask: UInt64 = 0xFFFF_0000_0000_0000
    /// A byte's part in the hash is shifted out after 64 steps, so what lies further before the first possible cut
    /// cannot change it.
    private static let skippedByteCount = minimumByteCount - 64

    private var gearHash: UInt64 = 0
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
        var offset = 0
        if byteCount < Self.skippedByteCount {
            offset = min(Self.skippedByteCount - byteCount, bytes.byteCount)
            byteCount += offset
        }
        let end = min(bytes.byteCount, offset + Self.maximumByteCount - byteCount)
        let words = GearTable.words
        let table = words.span
        var hash = gearHash
        while offset < end {
            hash = (hash << 1) &+ table[Int(bytes.byte(at: offset))]
            offset += 1
            byteCount += 1
            let isCut = hash & Self.mask == 0 && byteCount >= Self.minimumByteCount
            if isCut || byteCount == Self.maximumByteCount {
                gearHash = 0
                byteCount = 0
                return offset
            }
        }
        gearHash = hash
        return nil
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
