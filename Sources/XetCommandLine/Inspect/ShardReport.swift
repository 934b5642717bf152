import XetCore

/// A shard, as its records show it.
struct ShardReport: Report {
    struct TermItem: Encodable {
        let xorb: String
        let start: Int
        let end: Int
        let unpackedBytes: Int
        let verification: String?
    }

    struct FileItem: Encodable {
        let hash: String
        let size: UInt64
        let sha256: String?
        let terms: [TermItem]
    }

    struct ChunkItem: Encodable {
        let hash: String
        let unpackedOffset: Int
        let unpackedBytes: Int
    }

    struct XorbItem: Encodable {
        let hash: String
        let unpackedBytes: Int
        let serializedBytes: Int
        let chunks: [ChunkItem]
    }

    struct Footer: Encodable {
        let creationTime: UInt64
        let keyExpiry: UInt64
        /// Whether chunk hashes are keyed.
        let isKeyed: Bool
    }

    let type = "shard"
    let hash: String
    let files: [FileItem]
    let xorbs: [XorbItem]
    let footer: Footer?

    init(_ bytes: [UInt8]) throws(ShardError) {
        let shard = try Shard(parsing: bytes.rawSpan)
        hash = ShardHash(ofShard: bytes.rawSpan).text
        files = shard.files.map { file in
            FileItem(
                hash: file.hash.text,
                size: file.byteCount,
                sha256: file.sha256?.text,
                terms: file.terms.enumerated().map { index, term in
                    TermItem(
                        xorb: term.xorb.text,
                        start: term.chunks.start,
                        end: term.chunks.end,
                        unpackedBytes: term.unpackedByteCount,
                        verification: file.verification?[index].text
                    )
                }
            )
        }
        xorbs = shard.xorbs.map { xorb in
            XorbItem(
                hash: xorb.hash.text,
                unpackedBytes: xorb.unpackedByteCount,
                serializedBytes: xorb.serializedByteCount,
                chunks: xorb.chunks.map {
                    ChunkItem(hash: $0.hash.text, unpackedOffset: $0.unpackedStart, unpackedBytes: $0.unpackedByteCount)
                }
            )
        }
        footer = shard.footer.map {
            Footer(creationTime: $0.creationTime, keyExpiry: $0.keyExpiry, isKeyed: $0.key != nil)
        }
    }

    var text: String {
        var lines = ["shard     \(hash)", "footer    \(footer.map { $0.isKeyed ? "keyed" : "plain" } ?? "none")"]
        for file in files {
            lines.append("file      \(file.hash)  \(file.size) bytes")
            if let sha256 = file.sha256 { lines.append("  sha256  \(sha256)") }
            for term in file.terms {
                lines.append("  term    \(term.xorb)  chunks \(term.start)..<\(term.end)  \(term.unpackedBytes) bytes")
            }
        }
        for xorb in xorbs {
            lines.append("xorb      \(xorb.hash)  \(xorb.chunks.count) chunks  \(xorb.unpackedBytes) bytes unpacked")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
