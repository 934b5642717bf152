/// Metadata of files and xorbs: which terms rebuild a file, which chunks a xorb holds.
///
/// ```
/// header 48 | file section | bookend 48 | xorb section | bookend 48 | [lookup tables] | [footer 200]
/// ```
/// Three uses: the body of an upload (files with proofs, new xorbs, no footer), the answer to a deduplication query
/// (xorbs with keyed chunk hashes, footer), and the form that stores and caches keep (anything, footer).
/// Source: draft-denis-xet, "Shard Format".
public struct Shard: Hashable, Sendable {
    /// Longest serialized shard that is read or written.
    public static let maximumByteCount = 64 * 1024 * 1024

    /// The files, sorted by hash.
    public let files: [ShardFile]
    /// The xorbs, sorted by hash.
    public let xorbs: [ShardXorb]
    /// The footer, `nil` in an upload body.
    public let footer: ShardFooter?

    /// Sorts files and xorbs by hash; of equal hashes the first stays first.
    public init(files: [ShardFile], xorbs: [ShardXorb], footer: ShardFooter? = nil) {
        self.files = files.sorted { $0.hash < $1.hash }
        self.xorbs = xorbs.sorted { $0.hash < $1.hash }
        self.footer = footer
    }

    /// The answer to a deduplication query: `xorbs`, which list plain chunk hashes, without files.
    ///
    /// With a `key` the chunk hashes are keyed. The reference client gives up its whole upload if an answer lacks the
    /// footer.
    public static func dedupAnswer(
        _ xorbs: [ShardXorb],
        key: ChunkHashKey?,
        creationTime: UInt64,
        keyExpiry: UInt64
    ) -> Shard {
        let footer = ShardFooter(key: key, creationTime: creationTime, keyExpiry: keyExpiry)
        return Shard(
            files: [],
            xorbs: footer.key.map { key in xorbs.map { $0.keyed(with: key) } } ?? xorbs,
            footer: footer
        )
    }

    /// The file of that name; the first if there are several.
    public func file(_ hash: FileHash) -> ShardFile? {
        Self.first(in: files, hash, by: \.hash)
    }

    /// The xorb of that name; the first if there are several.
    public func xorb(_ hash: XorbHash) -> ShardXorb? {
        Self.first(in: xorbs, hash, by: \.hash)
    }

    private static func first<Element, Key: Comparable>(
        in sorted: [Element],
        _ key: Key,
        by path: KeyPath<Element, Key>
    ) -> Element? {
        let index = sorted.firstSortedIndex { $0[keyPath: path] >= key }
        guard index < sorted.count, sorted[index][keyPath: path] == key else { return nil }
        return sorted[index]
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element satisfies a condition that holds from there on; the end index if none does.
    func firstSortedIndex(where isReached: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isReached(self[middle]) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }
}

/// Numbers and marks of the serialized form.
enum ShardFormat {
    /// Length of the header and of every record.
    static let recordByteCount = 48
    static let version: UInt64 = 2
    static let tag: [UInt8] =
        Array("HFRepoMetaData".utf8) + [
            0x00, 0x55, 0x69, 0x67, 0x45, 0x6A, 0x7B, 0x81, 0x57,
            0x83, 0xA5, 0xBD, 0xD9, 0x5C, 0xCD, 0xD1, 0x4A, 0xA9,
        ]
    /// Bit of a file's flags: verification records follow the terms.
    static let verificationFlag: UInt32 = 1 << 31
    /// Bit of a file's flags: a metadata record follows.
    static let metadataFlag: UInt32 = 1 << 30
    /// Bit of a chunk's flags: usable for global deduplication.
    static let dedupFlag: UInt32 = 1 << 31
    /// Truncated hash and record index.
    static let blockEntryByteCount = 12
    /// Truncated hash, record index of the xorb and chunk index.
    static let chunkEntryByteCount = 16
    /// Zero bytes in the footer between key expiry and the sums.
    static let unusedFooterByteCount = 48
}
