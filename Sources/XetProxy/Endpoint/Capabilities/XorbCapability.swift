import XetCore
import XetWire

/// The right to fetch certain ranges of a xorb from a URL that the CAS signed, for a time.
struct XorbCapability: Hashable, Sendable {
    /// Seconds that one is good for; the URL of the CAS may end before.
    static let lifetime: UInt64 = 3600

    /// The signed URL.
    let address: HTTPAddress
    /// The ranges that it is good for, in its order.
    let ranges: [HTTPByteRange]
    /// Unix seconds.
    let expiration: UInt64

    init(address: HTTPAddress, ranges: [HTTPByteRange], expiration: UInt64) {
        self.address = address
        self.ranges = ranges
        self.expiration = expiration
    }

    /// `nil` unless `signer` sealed the text for this xorb and it has not ended at `now`.
    init?(sealed: String, for xorb: XorbHash, _ signer: Signer, now: UInt64) {
        guard let payload = SealedText.open(sealed, .proxyXorb, for: xorb.text, signer) else { return nil }
        var reader = CapabilityReader(payload)
        guard let expiration = reader.number(), now < expiration, let count = reader.number(),
            count <= UInt64(ReconstructionRewriting.maximumRangeCount)
        else { return nil }
        var ranges: [HTTPByteRange] = []
        for _ in 0..<count {
            guard let first = reader.number(), let length = reader.number(),
                let range = HTTPByteRange(first: first, last: first &+ length)
            else { return nil }
            ranges.append(range)
        }
        guard let text = reader.text(), reader.isAtEnd, let address = HTTPAddress(text) else { return nil }
        self.init(address: address, ranges: ranges, expiration: expiration)
    }

    /// One segment of a path.
    func sealed(for xorb: XorbHash, _ signer: Signer) -> String {
        var writer = CapabilityWriter()
        writer.write(expiration)
        writer.write(UInt64(ranges.count))
        for range in ranges {
            writer.write(range.first)
            writer.write(range.last - range.first)
        }
        writer.write(address.absolute)
        return SealedText.seal(writer.bytes, .proxyXorb, for: xorb.text, signer)
    }

    /// What a `Range` header asks for; `nil` unless it is one of the ranges, or all of them in order.
    ///
    /// The URL is signed for them as they are, so nothing else is sent on.
    func selection(_ header: String?) -> RangeSelection? {
        guard let header else { return nil }
        if let range = ranges.first(where: { $0.headerValue == header }) { return .single(range) }
        return ranges.count > 1 && ranges.headerValue == header ? .multiple : nil
    }
}

/// What a `Range` header asks for.
enum RangeSelection: Hashable, Sendable {
    case single(HTTPByteRange)
    case multiple
}
