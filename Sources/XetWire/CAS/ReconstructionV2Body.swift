public import XetCore

/// The answer of `/v2/reconstructions/{file}`: one URL covers several ranges of a xorb.
///
/// Source: reference client.
public struct ReconstructionV2Body: Codable, Hashable, Sendable {
    /// One URL and what it covers.
    public struct Fetch: Codable, Hashable, Sendable {
        public let url: String
        public let ranges: [Covered]

        /// Makes an entry.
        public init(url: String, ranges: [Covered]) {
            self.url = url
            self.ranges = ranges
        }
    }

    /// One range of chunks and its bytes.
    public struct Covered: Codable, Hashable, Sendable {
        public let chunks: IndexRangeBody
        public let bytes: IndexRangeBody

        /// Makes an entry.
        public init(chunks: ChunkRange, bytes: HTTPByteRange) {
            self.chunks = IndexRangeBody(chunks)
            self.bytes = IndexRangeBody(bytes)
        }
    }

    public let offsetIntoFirstRange: UInt64
    public let terms: [TermBody]
    public let xorbs: [String: [Fetch]]

    enum CodingKeys: String, CodingKey {
        case offsetIntoFirstRange = "offset_into_first_range"
        case terms
        case xorbs
    }

    /// Writes an answer from its parts.
    public init(offsetIntoFirstRange: UInt64, terms: [Term], xorbs: [XorbHash: [Fetch]]) {
        self.offsetIntoFirstRange = offsetIntoFirstRange
        self.terms = terms.map(TermBody.init)
        self.xorbs = Dictionary(uniqueKeysWithValues: xorbs.map { ($0.text, $1) })
    }

    /// The checked value.
    public func reconstruction() throws(ReconstructionError) -> Reconstruction {
        var fetches: [XorbHash: [FetchInfo]] = [:]
        for (text, list) in xorbs {
            guard let xorb = XorbHash(text) else { throw .malformed(path: "xorbs", reason: "key is not a hash") }
            for fetch in list {
                for (index, covered) in fetch.ranges.enumerated() {
                    let info = try FetchInfo(
                        chunks: covered.chunks.chunks("xorbs.ranges.chunks"),
                        bytes: covered.bytes.bytes("xorbs.ranges.bytes"),
                        url: SignedURL(fetch.url),
                        place: SignedPlace(index: index, count: fetch.ranges.count)
                    )
                    fetches[xorb, default: []].append(info)
                }
            }
        }
        return try Reconstruction(terms, offset: offsetIntoFirstRange, fetches: fetches)
    }
}
