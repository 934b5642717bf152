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
    public let fetches: [XorbHash: FetchRanges]
    /// Unpacked length of all terms.
    public let termByteCount: UInt64

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
        self.fetches = fetches.mapValues(FetchRanges.init)
        termByteCount = terms.reduce(0) { $0 + UInt64($1.unpackedByteCount) }
        guard offsetIntoFirstTerm <= termByteCount else {
            throw .offsetBeyondTerms(offset: offsetIntoFirstTerm, byteCount: termByteCount)
        }
        for (index, term) in terms.enumerated() where fetchInfo(for: term) == nil {
            throw .termWithoutFetch(index: index, xorb: term.xorb)
        }
    }

    /// The answer for several ranges, each of which begins where the one before ends.
    package init(joining parts: [Reconstruction], offsetIntoFirstTerm: UInt64) throws(ReconstructionError) {
        var fetches: [XorbHash: [FetchInfo]] = [:]
        for part in parts {
            for (xorb, ranges) in part.fetches { fetches[xorb, default: []] += ranges.listed }
        }
        try self.init(
            offsetIntoFirstTerm: offsetIntoFirstTerm,
            terms: parts.flatMap(\.terms),
            fetches: fetches
        )
    }

    /// Bytes of the file that the answer covers.
    public var byteCount: UInt64 { termByteCount - offsetIntoFirstTerm }

    /// A fetch info that holds all chunks of `term`.
    public func fetchInfo(for term: Term) -> FetchInfo? {
        fetches[term.xorb]?.containing(term.chunks)
    }
}
