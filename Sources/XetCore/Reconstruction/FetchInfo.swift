/// Where the serialized bytes of a range of chunks are to be had, for a short time.
public struct FetchInfo: Hashable, Sendable {
    /// The chunks that the bytes hold.
    public let chunks: ChunkRange
    /// Their bytes in the serialized xorb.
    ///
    /// It is part of the URL's signature: send it unchanged.
    public let bytes: HTTPByteRange
    /// The signed URL.
    public let url: SignedURL
    /// Where the range stands among those that the URL is signed for.
    public let place: SignedPlace

    /// Throws when the chunks cannot have that many bytes.
    public init(
        chunks: ChunkRange,
        bytes: HTTPByteRange,
        url: SignedURL,
        place: SignedPlace = .only
    ) throws(ReconstructionError) {
        let largest = UInt64(ChunkHeader.maximumPackedByteCount + ChunkHeader.byteCount)
        let count = UInt64(chunks.count)
        guard count <= bytes.count / UInt64(ChunkHeader.byteCount), bytes.count <= count * largest else {
            throw .implausibleFetchLength(chunkCount: chunks.count, byteCount: bytes.count)
        }
        self.chunks = chunks
        self.bytes = bytes
        self.url = url
        self.place = place
    }
}

/// Where a range stands in the list that its URL is signed for.
///
/// A host takes the whole list, in order, or one of its ranges; it refuses any other choice.
public struct SignedPlace: Hashable, Sendable {
    /// The place of a range that has its URL for itself.
    public static let only = SignedPlace(index: 0, count: 1)

    /// How many ranges stand before it.
    public let index: Int
    /// How many ranges the list has.
    public let count: Int

    /// Makes a place; `index` is less than `count`.
    public init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }
}

extension Collection<FetchInfo> {
    /// Whether these are all ranges that one URL is signed for, in its order.
    public var isSignedList: Bool {
        guard let first else { return false }
        return count == first.place.count
            && enumerated().allSatisfy { index, info in
                info.url == first.url && info.place == SignedPlace(index: index, count: first.place.count)
            }
    }
}

/// An address that is its own credential; prints without its query.
public struct SignedURL: Hashable, Sendable, CustomStringConvertible {
    /// The whole address.
    ///
    /// Never store or log it.
    public let secret: String

    /// Wraps an address as the CAS gave it.
    public init(_ secret: String) {
        self.secret = secret
    }

    /// Stands where there is no address, since the bytes are kept by whoever made the fetch info.
    public static let kept = SignedURL("")

    /// Stands where there is no address, since a store has the bytes that replicas of a site share.
    public static let shared = SignedURL("shared:")

    public var description: String {
        String(secret.prefix { $0 != "?" && $0 != "#" })
    }
}
