/// Reads the parts of a serialized shard in order; every count is held against the bytes that are left.
struct ShardReader: ~Escapable {
    private let bytes: RawSpan
    /// Offset of the next part.
    private(set) var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// Whether nothing follows; then the shard has no footer, whatever its header says.
    var isAtEnd: Bool { offset == bytes.byteCount }

    mutating func readHeader() throws(ShardError) {
        let start = try advance(ShardFormat.recordByteCount, .header)
        guard bytes.hasBytes(ShardFormat.tag, at: start) else { throw .invalidTag }
        let version = bytes.littleEndianUInt64(at: start + 32)
        guard version == ShardFormat.version else { throw .unknownVersion(version) }
    }

    mutating func readFiles() throws(ShardError) -> [ShardFile] {
        var files: [ShardFile] = []
        while let start = try nextBlock(.files) {
            files.append(try readFile(start))
        }
        return files
    }

    mutating func readXorbs() throws(ShardError) -> [ShardXorb] {
        var xorbs: [ShardXorb] = []
        while let start = try nextBlock(.xorbs) {
            xorbs.append(try readXorb(start))
        }
        return xorbs
    }

    /// The offset of the next block's first record, or `nil` after the bookend.
    private mutating func nextBlock(_ part: ShardError.Part) throws(ShardError) -> Int? {
        let start = try advance(ShardFormat.recordByteCount, part)
        let hash: NodeHash = hash(at: start)
        guard hash == .endMarker else { return start }
        guard bytes.littleEndianUInt64(at: start + 32) == 0, bytes.littleEndianUInt64(at: start + 40) == 0 else {
            throw .invalidBookend(part, offset: start)
        }
        return nil
    }

    private mutating func readFile(_ start: Int) throws(ShardError) -> ShardFile {
        let hash: FileHash = hash(at: start)
        let flags = bytes.littleEndianUInt32(at: start + 32)
        guard flags & ~(ShardFormat.verificationFlag | ShardFormat.metadataFlag) == 0 else {
            throw .unknownFileFlags(flags, file: hash)
        }
        let count = integer(at: start + 36)
        let hasVerification = flags & ShardFormat.verificationFlag != 0
        let termsStart = try advance(records: count, .files)
        let verificationStart = try advance(records: hasVerification ? count : 0, .files)
        let hasMetadata = flags & ShardFormat.metadataFlag != 0
        let metadataStart = try advance(records: hasMetadata ? 1 : 0, .files)

        var terms: [Term] = []
        terms.reserveCapacity(count)
        for index in 0..<count {
            terms.append(try term(at: termsStart + index * ShardFormat.recordByteCount, file: hash, index: index))
        }
        var verification: [VerificationHash]?
        if hasVerification {
            verification = hashes(count, at: verificationStart)
        }
        var sha256: SHA256Digest?
        if hasMetadata {
            let field: NodeHash = self.hash(at: metadataStart)
            sha256 = SHA256Digest(words: field.words)
        }
        return try ShardFile(hash: hash, terms: terms, verification: verification, sha256: sha256)
    }

    private func term(at offset: Int, file: FileHash, index: Int) throws(ShardError) -> Term {
        let count = integer(at: offset + 36)
        let start = integer(at: offset + 40)
        let end = integer(at: offset + 44)
        guard let chunks = ChunkRange(start: start, end: end) else {
            throw .emptyTerm(file: file, index: index, start: start, end: end)
        }
        do throws(ReconstructionError) {
            return try Term(xorb: hash(at: offset), chunks: chunks, unpackedByteCount: count)
        } catch {
            throw .implausibleTermLength(file: file, index: index, chunkCount: chunks.count, byteCount: count)
        }
    }

    private mutating func readXorb(_ start: Int) throws(ShardError) -> ShardXorb {
        let hash: XorbHash = hash(at: start)
        let count = integer(at: start + 36)
        let chunksStart = try advance(records: count, .xorbs)
        var chunks: [ShardChunk] = []
        chunks.reserveCapacity(count)
        for index in 0..<count {
            let offset = chunksStart + index * ShardFormat.recordByteCount
            chunks.append(
                ShardChunk(
                    hash: self.hash(at: offset),
                    unpackedStart: integer(at: offset + 32),
                    unpackedByteCount: integer(at: offset + 36),
                    isDedupEligible: bytes.littleEndianUInt32(at: offset + 40) & ShardFormat.dedupFlag != 0
                )
            )
        }
        let xorb = try ShardXorb(hash: hash, chunks: chunks, serializedByteCount: integer(at: start + 44))
        let stated = integer(at: start + 40)
        guard stated == xorb.unpackedByteCount else {
            throw .xorbLengthMismatch(xorb: hash, expected: xorb.unpackedByteCount, found: stated)
        }
        return xorb
    }

    /// Reads lookup tables and footer, which must fill the rest.
    mutating func readFooter(xorbSection: Int, _ lookup: ShardLookup) throws(ShardError) -> ShardFooter {
        let available = bytes.byteCount - offset
        guard available >= ShardFooter.byteCount else {
            throw .truncated(.footer, offset: offset, needed: ShardFooter.byteCount, available: available)
        }
        let start = bytes.byteCount - ShardFooter.byteCount
        let version = bytes.littleEndianUInt64(at: start)
        guard version == ShardFooter.version else { throw .unknownFooterVersion(version) }
        try expect(start + 8, UInt64(ShardFormat.recordByteCount), "file section offset")
        try expect(start + 16, UInt64(xorbSection), "xorb section offset")
        try expect(start + 192, UInt64(start), "footer offset")

        var tables: ShardLookupTables = []
        if let entries = try table(.fileLookup, ShardFormat.blockEntryByteCount, field: start + 24, footer: start) {
            tables.insert(.files)
            try checkBlocks(.fileLookup, entries, lookup.hasFile)
        }
        if let entries = try table(.xorbLookup, ShardFormat.blockEntryByteCount, field: start + 40, footer: start) {
            tables.insert(.xorbs)
            try checkBlocks(.xorbLookup, entries, lookup.hasXorb)
        }
        if let entries = try table(.chunkLookup, ShardFormat.chunkEntryByteCount, field: start + 56, footer: start) {
            tables.insert(.chunks)
            try checkChunks(entries, lookup)
        }
        guard offset == start else {
            throw .footerDisagrees(field: "end of lookup tables", expected: UInt64(start), found: UInt64(offset))
        }
        _ = try advance(ShardFooter.byteCount, .footer)
        return ShardFooter(
            key: hash(at: start + 72),
            creationTime: bytes.littleEndianUInt64(at: start + 104),
            keyExpiry: bytes.littleEndianUInt64(at: start + 112),
            lookupTables: tables
        )
    }

    private struct Table {
        let start: Int
        let count: Int
    }

    /// The table whose offset and count the footer states at `field`; `nil` if it has no entries.
    private mutating func table(
        _ part: ShardError.Part,
        _ entryByteCount: Int,
        field: Int,
        footer: Int
    ) throws(ShardError) -> Table? {
        let stated = bytes.littleEndianUInt64(at: field + 8)
        guard stated > 0 else { return nil }
        try expect(field, UInt64(offset), "\(part.rawValue) offset")
        guard let count = Int(exactly: stated), count <= (footer - offset) / entryByteCount else {
            let needed = stated.multipliedReportingOverflow(by: UInt64(entryByteCount))
            let clamped = needed.overflow ? Int.max : Int(clamping: needed.partialValue)
            throw .truncated(part, offset: offset, needed: clamped, available: footer - offset)
        }
        return Table(start: try advance(count * entryByteCount, part), count: count)
    }

    private func checkBlocks(
        _ part: ShardError.Part,
        _ table: Table,
        _ isBlock: (UInt64, Int) -> Bool
    ) throws(ShardError) {
        var previous: UInt64 = 0
        for index in 0..<table.count {
            let entry = table.start + index * ShardFormat.blockEntryByteCount
            let hash = bytes.littleEndianUInt64(at: entry)
            guard hash >= previous, isBlock(hash, integer(at: entry + 8)) else {
                throw .invalidLookupEntry(part, index: index)
            }
            previous = hash
        }
    }

    private func checkChunks(_ table: Table, _ lookup: ShardLookup) throws(ShardError) {
        var previous: UInt64 = 0
        for index in 0..<table.count {
            let entry = table.start + index * ShardFormat.chunkEntryByteCount
            let hash = bytes.littleEndianUInt64(at: entry)
            let isChunk = lookup.hasChunk(hash, xorbPosition: integer(at: entry + 8), chunk: integer(at: entry + 12))
            guard hash >= previous, isChunk else { throw .invalidLookupEntry(.chunkLookup, index: index) }
            previous = hash
        }
    }

    private func expect(_ offset: Int, _ expected: UInt64, _ field: String) throws(ShardError) {
        let found = bytes.littleEndianUInt64(at: offset)
        guard found == expected else { throw .footerDisagrees(field: field, expected: expected, found: found) }
    }

    private mutating func advance(_ count: Int, _ part: ShardError.Part) throws(ShardError) -> Int {
        let available = bytes.byteCount - offset
        guard count <= available else {
            throw .truncated(part, offset: offset, needed: count, available: available)
        }
        defer { offset += count }
        return offset
    }

    /// `count` comes from a 32-bit field, so its bytes cannot overflow.
    private mutating func advance(records count: Int, _ part: ShardError.Part) throws(ShardError) -> Int {
        try advance(count * ShardFormat.recordByteCount, part)
    }

    private func integer(at offset: Int) -> Int { Int(bytes.littleEndianUInt32(at: offset)) }

    private func hash<Role>(at offset: Int) -> ContentHash<Role> {
        ContentHash(
            words: (
                bytes.littleEndianUInt64(at: offset), bytes.littleEndianUInt64(at: offset + 8),
                bytes.littleEndianUInt64(at: offset + 16), bytes.littleEndianUInt64(at: offset + 24)
            )
        )
    }

    private func hashes(_ count: Int, at start: Int) -> [VerificationHash] {
        (0..<count).map { hash(at: start + $0 * ShardFormat.recordByteCount) }
    }
}

extension Shard {
    /// Parses a whole shard of any use.
    ///
    /// Whether there is a footer is seen from the length: the header's statement is wrong in bodies of older clients.
    /// Reserved fields, the flags of terms and xorbs, and the sums in the footer are not looked at.
    public init(parsing bytes: RawSpan) throws(ShardError) {
        guard bytes.byteCount <= Self.maximumByteCount else {
            throw .tooLarge(byteCount: bytes.byteCount, maximum: Self.maximumByteCount)
        }
        var reader = ShardReader(bytes)
        try reader.readHeader()
        let files = try reader.readFiles()
        let xorbSection = reader.offset
        let xorbs = try reader.readXorbs()
        var footer: ShardFooter?
        if !reader.isAtEnd {
            footer = try reader.readFooter(xorbSection: xorbSection, ShardLookup(files: files, xorbs: xorbs))
        }
        self.init(files: files, xorbs: xorbs, footer: footer)
    }
}
