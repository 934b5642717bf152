/// Reads the chunks of a serialized xorb, or of a byte range of one, from pieces of any size.
///
/// A chunk that lies inside one piece is used where it is; one that straddles pieces is gathered first, so at most one
/// serialized chunk (256 KiB and 8 bytes) is held. For each piece call ``next(in:from:)`` until it returns `nil`, then
/// ``finish()`` after the last.
public struct XorbChunkReader: Sendable {
    /// What may follow the last chunk.
    public enum End: Sendable {
        /// Nothing: a byte range holds whole chunks only.
        case chunksOnly
        /// A footer, which is left unread: older clients upload it.
        case chunksOrFooter
    }

    /// A chunk that is complete; valid until the next call of the reader.
    public struct Item: Sendable {
        /// The chunk's header.
        public let header: ChunkHeader
        /// Number of the chunk, from the start of what is read.
        public let index: Int
        /// Where its payload lies: in the piece, or gathered.
        fileprivate let payload: Payload
    }

    fileprivate enum Payload: Sendable {
        case piece(Range<Int>)
        case gathered
    }

    private static let footerMark = Array("XETBLOB".utf8)

    private let end: End
    /// The start of a chunk whose rest has not come yet.
    private var gathered: [UInt8] = []
    private var isGatheredConsumed = false

    /// Chunks given out so far.
    public private(set) var chunkCount = 0
    /// Serialized bytes of the chunks given out so far.
    public private(set) var serializedByteCount = 0
    /// Whether a footer was met; what follows is ignored.
    public private(set) var isAtFooter = false

    /// A reader before the first byte.
    public init(end: End = .chunksOnly) {
        self.end = end
    }

    /// The next complete chunk, or `nil` if `piece` is used up from `offset` on.
    public mutating func next(in piece: RawSpan, from offset: inout Int) throws(XorbError) -> Item? {
        dropConsumed()
        if isAtFooter {
            offset = piece.byteCount
            return nil
        }
        if gathered.isEmpty {
            if let item = try nextInPlace(piece, &offset) { return item }
            if isAtFooter {
                offset = piece.byteCount
                return nil
            }
        }
        return try gather(piece, &offset)
    }

    /// Checks that the last chunk was complete.
    public mutating func finish() throws(XorbError) {
        dropConsumed()
        guard gathered.isEmpty || isAtFooter else {
            let needed =
                gathered.count < ChunkHeader.byteCount
                ? ChunkHeader.byteCount : try headerOfGathered().serializedByteCount
            throw .truncated(index: chunkCount, needed: needed, available: gathered.count)
        }
    }

    /// Appends the unpacked bytes of `item`, which ``next(in:from:)`` just returned for the same `piece`.
    public func unpack(
        _ item: Item,
        in piece: RawSpan,
        with unpacker: inout ChunkUnpacker,
        into output: inout OutputRawSpan
    ) throws(XorbError) {
        do throws(ChunkError) {
            switch item.payload {
            case .piece(let range):
                try unpacker.unpack(item.header, payload: piece.extracting(range), into: &output)
            case .gathered:
                let payload = gathered.rawSpan.extracting(ChunkHeader.byteCount..<gathered.count)
                try unpacker.unpack(item.header, payload: payload, into: &output)
            }
        } catch {
            throw invalid(error, item)
        }
    }

    /// Unpacks `item` into a new array.
    public func unpack(
        _ item: Item,
        in piece: RawSpan,
        with unpacker: inout ChunkUnpacker
    ) throws(XorbError) -> [UInt8] {
        var bytes: [UInt8] = []
        try bytes.replace(capacity: item.header.unpackedByteCount) { (output) throws(XorbError) in
            try unpack(item, in: piece, with: &unpacker, into: &output)
        }
        return bytes
    }

    private func invalid(_ error: ChunkError, _ item: Item) -> XorbError {
        .invalidChunk(
            index: item.index,
            offset: serializedByteCount - item.header.serializedByteCount,
            error
        )
    }

    private mutating func dropConsumed() {
        guard isGatheredConsumed else { return }
        gathered.removeAll(keepingCapacity: true)
        isGatheredConsumed = false
    }

    private mutating func nextInPlace(_ piece: RawSpan, _ offset: inout Int) throws(XorbError) -> Item? {
        guard piece.byteCount - offset >= ChunkHeader.byteCount else { return nil }
        let rest = piece.extracting(offset..<piece.byteCount)
        guard let header = try parseHeader(rest) else { return nil }
        guard rest.byteCount >= header.serializedByteCount else { return nil }
        let start = offset + ChunkHeader.byteCount
        offset += header.serializedByteCount
        return take(header, .piece(start..<offset))
    }

    /// Moves bytes of `piece` to `gathered` until it holds a whole chunk.
    private mutating func gather(_ piece: RawSpan, _ offset: inout Int) throws(XorbError) -> Item? {
        move(upTo: ChunkHeader.byteCount, from: piece, &offset)
        guard gathered.count >= ChunkHeader.byteCount else { return nil }
        guard let header = try parseGatheredHeader() else {
            offset = piece.byteCount
            return nil
        }
        move(upTo: header.serializedByteCount, from: piece, &offset)
        guard gathered.count == header.serializedByteCount else { return nil }
        isGatheredConsumed = true
        return take(header, .gathered)
    }

    private mutating func move(upTo count: Int, from piece: RawSpan, _ offset: inout Int) {
        let moved = min(count - gathered.count, piece.byteCount - offset)
        guard moved > 0 else { return }
        gathered.append(copying: piece.extracting(offset..<offset + moved))
        offset += moved
    }

    private mutating func take(_ header: ChunkHeader, _ payload: Payload) -> Item {
        let item = Item(header: header, index: chunkCount, payload: payload)
        chunkCount += 1
        serializedByteCount += header.serializedByteCount
        return item
    }

    /// The header at the start of `bytes`, or `nil` at a footer that may be there.
    private mutating func parseHeader(_ bytes: RawSpan) throws(XorbError) -> ChunkHeader? {
        if bytes.hasBytes(Self.footerMark, at: 0) {
            guard end == .chunksOrFooter else { throw .unexpectedFooter(offset: serializedByteCount) }
            isAtFooter = true
            return nil
        }
        do throws(ChunkError) {
            return try ChunkHeader(parsing: bytes)
        } catch {
            throw .invalidChunk(index: chunkCount, offset: serializedByteCount, error)
        }
    }

    private mutating func parseGatheredHeader() throws(XorbError) -> ChunkHeader? {
        let gathered = gathered
        return try parseHeader(gathered.rawSpan)
    }

    private mutating func headerOfGathered() throws(XorbError) -> ChunkHeader {
        guard let header = try parseGatheredHeader() else {
            throw .unexpectedFooter(offset: serializedByteCount)
        }
        return header
    }
}
