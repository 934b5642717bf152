public import XetCore

/// The answer of `/v1/reconstructions/{file}`.
///
/// Source: draft-denis-xet, "Query Reconstruction".
public struct ReconstructionV1Body: Codable, Hashable, Sendable {
    /// Where chunks of a xorb can be fetched.
    public struct Fetch: Codable, Hashable, Sendable {
        public let range: IndexRangeBody
        public let url: String
        public let urlRange: IndexRangeBody

        enum CodingKeys: String, CodingKey {
            case range
            case url
            case urlRange = "url_range"
        }
    }

    public let offsetIntoFirstRange: UInt64
    public let terms: [TermBody]
    public let fetchInfo: [String: [Fetch]]

    enum CodingKeys: String, CodingKey {
        case offsetIntoFirstRange = "offset_into_first_range"
        case terms
        case fetchInfo = "fetch_info"
    }

    /// Writes a reconstruction.
    public init(_ reconstruction: Reconstruction) {
        offsetIntoFirstRange = reconstruction.offsetIntoFirstTerm
        terms = reconstruction.terms.map(TermBody.init)
        fetchInfo = Dictionary(
            uniqueKeysWithValues: reconstruction.fetches.map { xorb, fetches in
                (
                    xorb.text,
                    fetches.infos.map {
                        Fetch(
                            range: IndexRangeBody($0.chunks),
                            url: $0.url.secret,
                            urlRange: IndexRangeBody($0.bytes)
                        )
                    }
                )
            }
        )
    }

    /// The checked value.
    public func reconstruction() throws(ReconstructionError) -> Reconstruction {
        var fetches: [XorbHash: [FetchInfo]] = [:]
        for (text, list) in fetchInfo {
            guard let xorb = XorbHash(text) else { throw .malformed(path: "fetch_info", reason: "key is not a hash") }
            for fetch in list {
                let info = try FetchInfo(
                    chunks: fetch.range.chunks("fetch_info.range"),
                    bytes: fetch.urlRange.bytes("fetch_info.url_range"),
                    url: SignedURL(fetch.url)
                )
                fetches[xorb, default: []].append(info)
            }
        }
        return try Reconstruction(terms, offset: offsetIntoFirstRange, fetches: fetches)
    }
}
