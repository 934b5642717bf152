import XetCore
import XetWire

/// The right to fetch certain ranges of a xorb from a URL that the CAS signed, for a time.
struct XorbCapability: Hashable, Sendable {
    /// Seconds that one is good for; the URL of the CAS may end before.
    static let lifetime: UInt64 = 3600

    /// The signed URL.
    let address: HTTPAddress
    /// The ranges that it is good for, in its order, with the chunks in them where those are known.
    let parts: [ReconstructionRewriting.Part]
    /// Unix seconds.
    let expiration: UInt64

    init(address: HTTPAddress, parts: [ReconstructionRewriting.Part], expiration: UInt64) {
        self.address = address
        self.parts = parts
        self.expiration = expiration
    }

    /// `nil` unless `signer` sealed the text for this xorb and it has not ended at `now`.
    init?(sealed: String, for xorb: XorbHash, _ signer: Signer, now: UInt64) {
        guard let payload = SealedText.open(sealed, .proxyXorb, for: xorb.text, signer) else { return nil }
        var reader = CapabilityReader(payload)
        guard let expiration = reader.number(), now < expiration, let count = reader.number(),
            count <= UInt64(ReconstructionRewriting.maximumRangeCount)
        else { return nil }
        var parts: [ReconstructionRewriting.Part] = []
        for _ in 0..<count {
            guard let first = reader.number(), let length = reader.number(),
                let range = HTTPByteRange(first: first, last: first &+ length),
                let start = reader.number().flatMap({ Int(exactly: $0) }),
                let end = reader.number().flatMap({ Int(exactly: $0) })
            else { return nil }
            parts.append(ReconstructionRewriting.Part(bytes: range, chunks: ChunkRange(start: start, end: end)))
        }
        guard let text = reader.text(), reader.isAtEnd, let address = HTTPAddress(text) else { return nil }
        self.init(address: address, parts: parts, expiration: expiration)
    }

    /// The byte ranges.
    var ranges: [HTTPByteRange] { parts.map(\.bytes) }

    /// One segment of a path.
    func sealed(for xorb: XorbHash, _ signer: Signer) -> String {
        var writer = CapabilityWriter()
        writer.write(expiration)
        writer.write(UInt64(parts.count))
        for part in parts {
            writer.write(part.bytes.first)
            writer.write(part.bytes.last - part.bytes.first)
            // No chunks are the empty range.
            writer.write(UInt64(part.chunks?.start ?? 0))
            writer.write(UInt64(part.chunks?.end ?? 0))
        }
        writer.write(address.absolute)
        return SealedText.seal(writer.bytes, .proxyXorb, for: xorb.text, signer)
    }

    /// What a `Range` header asks for; `nil` unless it is one of the ranges, or all of them in order.
    ///
    /// The URL is signed for them as they are, so nothing else is sent on.
    func selection(_ header: String?) -> RangeSelection? {
        guard let header else { return nil }
        if let part = parts.first(where: { $0.bytes.headerValue == header }) { return .single(part) }
        return ranges.count > 1 && ranges.headerValue == header ? .multiple : nil
    }
}

/// What a `Range` header asks for.
enum RangeSelection: Hashable, Sendable {
    case single(ReconstructionRewriting.Part)
    case multiple
}
