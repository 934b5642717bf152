public import NIOCore
public import XetCore

/// A range of a xorb's chunks that somebody wants, and where their serialized bytes are to be had.
public struct XorbFetch: Sendable {
    /// The xorb.
    public let xorb: XorbHash
    /// The chunks, their bytes, and the address.
    public let info: FetchInfo
    /// Where the bytes may come from.
    public var origin: Origin
    /// Who has a part of the range signed; `nil` if nobody can.
    public let signer: (any RangeSigner)?

    /// Where bytes may come from.
    public enum Origin: Hashable, Sendable {
        /// From anywhere.
        case any
        /// From upstream: the same range is being fetched already and seems to have stalled.
        case beside
        /// From upstream: what came before, perhaps from where bytes are kept, cannot be right.
        case anew
    }

    /// Makes a fetch.
    public init(xorb: XorbHash, info: FetchInfo, origin: Origin = .any, signer: (any RangeSigner)? = nil) {
        self.xorb = xorb
        self.info = info
        self.origin = origin
        self.signer = signer
    }
}

/// Has a part of a signed range signed by itself: a URL is good for its range alone.
public protocol RangeSigner: Sendable {
    /// A range that holds `chunks` of a xorb and little else, at an address of its own; `nil` if there is none.
    ///
    /// The CAS is asked for bytes of a file. Where in it the chunks are follows from the lengths of their neighbours:
    /// `unpackedByteCount` gives those that are known, by chunk. Throws ``XetError``.
    func signed(
        _ chunks: ChunkRange,
        of xorb: XorbHash,
        unpackedByteCount: (_ chunk: Int) -> Int?
    ) async throws -> FetchInfo?
}

/// Serialized bytes of chunks as they arrive, and what is known of the chunks.
public struct XorbPiece: Sendable {
    /// The bytes; chunks may begin and end anywhere in them.
    public let bytes: ByteBuffer
    /// Where the hashes are kept of the chunks that end in these bytes; `nil` if nobody keeps any.
    public let hashes: (any ChunkHashes)?

    /// Makes a piece.
    public init(_ bytes: ByteBuffer, hashes: (any ChunkHashes)? = nil) {
        self.bytes = bytes
        self.hashes = hashes
    }
}

/// The hashes of unpacked chunks, kept with the serialized bytes that they were computed from.
///
/// Chunks are named by their index in the xorb.
public protocol ChunkHashes: Sendable {
    /// The hash of a chunk if it was computed before: it need not be computed again.
    func hash(of chunk: Int) -> ChunkHash?

    /// Keeps the hash that was computed from the bytes these hashes belong to; `false` if it is known that the chunk has another.
    func note(_ hash: ChunkHash, of chunk: Int) -> Bool
}

/// Fetches the serialized chunks that a fetch info names.
public protocol XorbSource: Sendable {
    /// Hands the bytes to `body`, piece by piece, as they arrive; nothing more is read while `body` runs.
    ///
    /// Returns after exactly `fetch.info.bytes.count` bytes. Throws what `body` throws, and ``XetError``: `.expired` when
    /// the URL is no longer good. Cancelling the task ends the request.
    func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws

    /// Hands over the bytes of several ranges of one URL: all of the first, then all of the second, and so on, each with
    /// its index in `fetches`.
    ///
    /// `fetches` have one URL and stand in the order of its signed list. If they are the whole list
    /// (``FetchRanges/signedList(of:)``) they may come with one request, otherwise, and from hosts that cannot do that, with one
    /// each. Returns, throws and is cancelled like the fetch of one range. What was handed over before an error is right:
    /// whoever repeats goes on with the ranges that are not complete.
    func fetch(_ fetches: [XorbFetch], _ body: (_ index: Int, _ piece: XorbPiece) async throws -> Void) async throws

    /// Makes sure that the first bytes can be had, for whoever has to say so before they are read.
    ///
    /// Throws what the fetch would fail with. What it returns is to be held until the bytes are read. A source that cannot tell
    /// returns `nil`.
    func reach(_ fetch: XorbFetch) async throws -> XorbReach?

    /// Whether the ranges would come with one request, as far as is known now.
    ///
    /// If not, they come one behind the other: whoever is in a hurry asks for them apart, several at once.
    func isOneRequest(_ fetches: [XorbFetch]) -> Bool
}

/// Bytes that can be had: as long as it is held, what brings them goes on.
public struct XorbReach: Sendable {
    /// Whether the first of them are kept, so that nobody is asked for them.
    public let isKept: Bool
    private let seat: (any Sendable)?

    /// Holds `seat`.
    public init(isKept: Bool, holding seat: (any Sendable)? = nil) {
        self.isKept = isKept
        self.seat = seat
    }
}

extension XorbSource {
    /// It cannot tell.
    public func reach(_ fetch: XorbFetch) async throws -> XorbReach? { nil }

    /// Hands over the bytes of a range without the first `byteCount`, which somebody has already.
    package func fetch(
        _ fetch: XorbFetch,
        skipping byteCount: Int,
        _ body: (XorbPiece) async throws -> Void
    ) async throws {
        var skipped = byteCount
        try await self.fetch(fetch) { piece in
            guard skipped > 0 else { return try await body(piece) }
            var bytes = piece.bytes
            let count = min(skipped, bytes.readableBytes)
            bytes.moveReaderIndex(forwardBy: count)
            skipped -= count
            if bytes.readableBytes > 0 { try await body(XorbPiece(bytes, hashes: piece.hashes)) }
        }
    }

    /// One request for each range.
    public func fetch(
        _ fetches: [XorbFetch],
        _ body: (_ index: Int, _ piece: XorbPiece) async throws -> Void
    ) async throws {
        for (index, one) in fetches.enumerated() {
            try await fetch(one) { try await body(index, $0) }
        }
    }

    /// Only a single range does.
    public func isOneRequest(_ fetches: [XorbFetch]) -> Bool { fetches.count == 1 }
}
