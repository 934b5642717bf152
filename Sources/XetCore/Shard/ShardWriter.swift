extension Shard {
    /// The body of an upload: both sections without footer.
    ///
    /// Throws ``ShardError/tooLarge(byteCount:maximum:)``: then the files must be spread over several shards.
    public func uploadBytes() throws(ShardError) -> [UInt8] {
        try bytes(footer: nil)
    }

    /// The form that stores and caches keep, with the lookup tables that `footer` asks for.
    ///
    /// Throws ``ShardError/tooLarge(byteCount:maximum:)``.
    public func storedBytes(_ footer: ShardFooter) throws(ShardError) -> [UInt8] {
        try bytes(footer: footer)
    }

    /// The serialized form, with a footer if the shard has one.
    public func serialized() throws(ShardError) -> [UInt8] {
        try bytes(footer: footer)
    }

    /// Length of the upload body.
    public var uploadByteCount: Int {
        let files = files.reduce(0) { $0 + $1.recordCount }
        let xorbs = xorbs.reduce(0) { $0 + $1.recordCount }
        // Header and two bookends.
        return (3 + files + xorbs) * ShardFormat.recordByteCount
    }

    private func bytes(footer: ShardFooter?) throws(ShardError) -> [UInt8] {
        let byteCount = uploadByteCount + (footer.map(extraByteCount) ?? 0)
        guard byteCount <= Self.maximumByteCount else {
            throw .tooLarge(byteCount: byteCount, maximum: Self.maximumByteCount)
        }
        var writer = ShardWriter(capacity: byteCount)
        writer.appendHeader(footerByteCount: footer == nil ? 0 : ShardFooter.byteCount)
        for file in files {
            writer.append(file)
        }
        writer.appendBookend()
        let xorbSection = writer.bytes.count
        for xorb in xorbs {
            writer.append(xorb)
        }
        writer.appendBookend()
        if let footer {
            writer.append(footer, of: self, xorbSection: xorbSection)
        }
        return writer.bytes
    }

    /// Length of lookup tables and footer.
    private func extraByteCount(_ footer: ShardFooter) -> Int {
        var count = ShardFooter.byteCount
        if footer.lookupTables.contains(.files) {
            count += files.count * ShardFormat.blockEntryByteCount
        }
        if footer.lookupTables.contains(.xorbs) {
            count += xorbs.count * ShardFormat.blockEntryByteCount
        }
        if footer.lookupTables.contains(.chunks) {
            count += xorbs.reduce(0) { $0 + $1.chunks.count } * ShardFormat.chunkEntryByteCount
        }
        return count
    }
}

/// Appends the parts of a shard.
///
/// Lengths and counts fit their fields: the values were checked when they were made, and the whole is at most
/// ``Shard/maximumByteCount`` long.
private struct ShardWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func appendHeader(footerByteCount: Int) {
        bytes.append(contentsOf: ShardFormat.tag)
        bytes.appendLittleEndian(ShardFormat.version)
        bytes.appendLittleEndian(UInt64(footerByteCount))
    }

    mutating func appendBookend() {
        append(NodeHash.endMarker, 0, 0, 0, 0)
    }

    mutating func append(_ file: ShardFile) {
        var flags: UInt32 = 0
        if file.verification != nil { flags |= ShardFormat.verificationFlag }
        if file.sha256 != nil { flags |= ShardFormat.metadataFlag }
        append(file.hash, flags, UInt32(file.terms.count), 0, 0)
        for term in file.terms {
            let chunks = term.chunks
            append(term.xorb, 0, UInt32(term.unpackedByteCount), UInt32(chunks.start), UInt32(chunks.end))
        }
        for hash in file.verification ?? [] {
            append(hash, 0, 0, 0, 0)
        }
        if let sha256 = file.sha256 {
            append(NodeHash(words: sha256.words), 0, 0, 0, 0)
        }
    }

    mutating func append(_ xorb: ShardXorb) {
        let unpackedByteCount = UInt32(xorb.unpackedByteCount)
        append(xorb.hash, 0, UInt32(xorb.chunks.count), unpackedByteCount, UInt32(xorb.serializedByteCount))
        for chunk in xorb.chunks {
            let flags = chunk.isDedupEligible ? ShardFormat.dedupFlag : 0
            append(chunk.hash, UInt32(chunk.unpackedStart), UInt32(chunk.unpackedByteCount), flags, 0)
        }
    }

    mutating func append(_ footer: ShardFooter, of shard: Shard, xorbSection: Int) {
        let lookup = ShardLookup(files: shard.files, xorbs: shard.xorbs)
        let files = footer.lookupTables.contains(.files) ? lookup.files : []
        let xorbs = footer.lookupTables.contains(.xorbs) ? lookup.xorbEntries : []
        let chunks = footer.lookupTables.contains(.chunks) ? lookup.chunks : []
        let fileLookup = bytes.count
        append(files)
        let xorbLookup = bytes.count
        append(xorbs)
        let chunkLookup = bytes.count
        append(chunks)
        let start = bytes.count

        let fields = [
            ShardFooter.version, UInt64(ShardFormat.recordByteCount), UInt64(xorbSection),
            UInt64(fileLookup), UInt64(files.count),
            UInt64(xorbLookup), UInt64(xorbs.count),
            UInt64(chunkLookup), UInt64(chunks.count),
        ]
        for field in fields {
            bytes.appendLittleEndian(field)
        }
        (footer.key ?? .zero).append(to: &bytes)
        bytes.appendLittleEndian(footer.creationTime)
        bytes.appendLittleEndian(footer.keyExpiry)
        bytes.append(contentsOf: repeatElement(0, count: ShardFormat.unusedFooterByteCount))
        bytes.appendLittleEndian(shard.xorbs.reduce(0) { $0 + UInt64($1.serializedByteCount) })
        bytes.appendLittleEndian(shard.files.reduce(0) { $0 + $1.byteCount })
        bytes.appendLittleEndian(shard.xorbs.reduce(0) { $0 + UInt64($1.unpackedByteCount) })
        bytes.appendLittleEndian(UInt64(start))
    }

    private mutating func append(_ entries: [ShardLookup.BlockEntry]) {
        for entry in entries {
            bytes.appendLittleEndian(entry.hash)
            bytes.appendLittleEndian(UInt32(entry.position))
        }
    }

    private mutating func append(_ entries: [ShardLookup.ChunkEntry]) {
        for entry in entries {
            bytes.appendLittleEndian(entry.hash)
            bytes.appendLittleEndian(UInt32(entry.xorbPosition))
            bytes.appendLittleEndian(UInt32(entry.chunk))
        }
    }

    private mutating func append<Role>(
        _ hash: ContentHash<Role>,
        _ field0: UInt32,
        _ field1: UInt32,
        _ field2: UInt32,
        _ field3: UInt32
    ) {
        hash.append(to: &bytes)
        bytes.appendLittleEndian(field0)
        bytes.appendLittleEndian(field1)
        bytes.appendLittleEndian(field2)
        bytes.appendLittleEndian(field3)
    }
}
