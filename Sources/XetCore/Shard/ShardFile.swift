/// A file as a shard describes it: the terms it is rebuilt from.
public struct ShardFile: Hashable, Sendable {
    /// Name of the file.
    public let hash: FileHash
    /// The terms, in file order; none for the empty file.
    public let terms: [Term]
    /// One proof per term that the uploader knows its chunks; `nil` if the shard has none for this file.
    public let verification: [VerificationHash]?
    /// The link to Git LFS; `nil` for uploads to buckets, ``SHA256Digest/zero`` for the empty file.
    public let sha256: SHA256Digest?

    /// Throws when a proof is missing or left over, when a number exceeds its field, or for the reserved hash.
    public init(
        hash: FileHash,
        terms: [Term],
        verification: [VerificationHash]?,
        sha256: SHA256Digest?
    ) throws(ShardError) {
        guard hash != .endMarker else { throw .reservedHash(.files) }
        if let verification, verification.count != terms.count {
            throw .verificationCountMismatch(file: hash, expected: terms.count, found: verification.count)
        }
        for term in terms {
            try ShardError.checkField(term.chunks.end, .files, "chunk index end")
            try ShardError.checkField(term.unpackedByteCount, .files, "unpacked bytes")
        }
        self.hash = hash
        self.terms = terms
        self.verification = verification
        self.sha256 = sha256
    }

    /// Length of the file.
    public var byteCount: UInt64 {
        terms.reduce(0) { $0 + UInt64($1.unpackedByteCount) }
    }

    /// Records of its block: header, terms, proofs, metadata.
    var recordCount: Int {
        1 + terms.count + (verification?.count ?? 0) + (sha256 == nil ? 0 : 1)
    }
}

extension ShardError {
    static func checkField(_ value: Int, _ part: Part, _ field: String) throws(ShardError) {
        guard UInt32(exactly: value) != nil else { throw .tooLargeForField(part, field: field, value: value) }
    }
}
