/// A contiguous range of one xorb's chunks, in file order.
public struct Term: Hashable, Sendable {
    /// The xorb that holds the chunks.
    public let xorb: XorbHash
    /// The chunks, in order.
    public let chunks: ChunkRange
    /// Their unpacked length.
    public let unpackedByteCount: Int

    /// Throws when the chunks cannot have that length.
    public init(xorb: XorbHash, chunks: ChunkRange, unpackedByteCount: Int) throws(ReconstructionError) {
        guard unpackedByteCount >= 0, unpackedByteCount <= chunks.count * ChunkHeader.maximumUnpackedByteCount else {
            throw .implausibleTermLength(xorb: xorb, chunkCount: chunks.count, byteCount: unpackedByteCount)
        }
        self.xorb = xorb
        self.chunks = chunks
        self.unpackedByteCount = unpackedByteCount
    }
}

/// Where the serialized bytes of a range of chunks are to be had, for a short time.
public struct FetchInfo: Hashable, Sendable {
    /// The chunks that the bytes hold.
    public let chunks: ChunkRange
    /// Their bytes in the serialized xorb. It is part of the URL's signature: send it unchanged.
    public let bytes: HTTPByteRange
    /// The signed URL.
    public let url: SignedURL

    /// Throws when the chunks cannot have that many bytes.
    public init(chunks: ChunkRange, bytes: HTTPByteRange, url: SignedURL) throws(ReconstructionError) {
        let largest = UInt64(ChunkHeader.maximumPackedByteCount + ChunkHeader.byteCount)
        let count = UInt64(chunks.count)
        guard count <= bytes.count / UInt64(ChunkHeader.byteCount), bytes.count <= count * largest else {
            throw .implausibleFetchLength(chunkCount: chunks.count, byteCount: bytes.count)
        }
        self.chunks = chunks
        self.bytes = bytes
        self.url = url
    }
}

/// An address that is its own credential; prints without its query.
public struct SignedURL: Hashable, Sendable, CustomStringConvertible {
    /// The whole address. Never store or log it.
    public let secret: String

    /// Wraps an address as the CAS gave it.
    public init(_ secret: String) {
        self.secret = secret
    }

    public var description: String {
        String(secret.prefix { $0 != "?" && $0 != "#" })
    }
}

/// The answer of the CAS: how to rebuild a file, or a byte range of it.
public struct Reconstruction: Hashable, Sendable {
    /// Most terms that an answer may have.
    public static let maximumTermCount = 1 << 20
    /// Most fetch infos that an answer may have.
    public static let maximumFetchCount = 1 << 20

    /// Bytes to skip at the start of the first term.
    public let offsetIntoFirstTerm: UInt64
    /// The terms, in file order.
    public let terms: [Term]
    /// Per xorb, where its ranges can be fetched.
    public let fetches: [XorbHash: [FetchInfo]]

    /// Throws when there are too many terms or fetch infos, when the offset exceeds the terms, or when a term lies in
    /// no fetch info of its xorb.
    public init(
        offsetIntoFirstTerm: UInt64,
        terms: [Term],
        fetches: [XorbHash: [FetchInfo]]
    ) throws(ReconstructionError) {
        guard terms.count <= Self.maximumTermCount else { throw .tooManyTerms(terms.count) }
        let fetchCount = fetches.values.reduce(0) { $0 + $1.count }
        guard fetchCount <= Self.maximumFetchCount else { throw .tooManyFetches(fetchCount) }
        self.offsetIntoFirstTerm = offsetIntoFirstTerm
        self.terms = terms
        self.fetches = fetches
        guard offsetIntoFirstTerm <= termByteCount else {
            throw .offsetBeyondTerms(offset: offsetIntoFirstTerm, byteCount: termByteCount)
        }
        for (index, term) in terms.enumerated() where fetchInfo(for: term) == nil {
            throw .termWithoutFetch(index: index, xorb: term.xorb)
        }
    }

    /// Unpacked length of all terms.
    public var termByteCount: UInt64 {
        terms.reduce(0) { $0 + UInt64($1.unpackedByteCount) }
    }

    /// Bytes of the file that the answer covers.
    public var byteCount: UInt64 { termByteCount - offsetIntoFirstTerm }

    /// The fetch info that holds all chunks of `term`.
    public func fetchInfo(for term: Term) -> FetchInfo? {
        fetches[term.xorb]?.first { $0.chunks.contains(term.chunks) }
    }
}

/// Why an answer of the CAS cannot be used.
public enum ReconstructionError: Error, Hashable, Sendable {
    /// The answer is not the JSON it should be; `path` names the place.
    case malformed(path: String, reason: String)
    /// A term states a length that its chunks cannot have.
    case implausibleTermLength(xorb: XorbHash, chunkCount: Int, byteCount: Int)
    /// A fetch info states a byte range that its chunks cannot have.
    case implausibleFetchLength(chunkCount: Int, byteCount: UInt64)
    /// More terms than ``Reconstruction/maximumTermCount``.
    case tooManyTerms(Int)
    /// More fetch infos than ``Reconstruction/maximumFetchCount``.
    case tooManyFetches(Int)
    /// The offset into the first term lies behind the last.
    case offsetBeyondTerms(offset: UInt64, byteCount: UInt64)
    /// No fetch info holds all chunks of the term.
    case termWithoutFetch(index: Int, xorb: XorbHash)
    /// The terms end before the range that was asked for, and before the end of the file.
    case tooShort(expected: UInt64, found: UInt64)
    /// A renewed answer describes other terms or ranges than the first.
    case changedOnRenewal
}
