import HTTPTypes
import XetCore
import XetWire

/// Signed addresses under which the origin serves ranges of xorbs, for a time, to anyone.
///
/// `/xorb-bytes/{xorb}?ranges=0-99,200-299&expires=…&signature=…`: the signature covers the xorb, the list of ranges
/// as written, and the end of its life.
struct XorbAddress: Sendable {
    static let folder = "xorb-bytes"
    /// Most ranges in one address, which stays below 8 KiB so.
    static let maximumRangeCount = 256

    /// A checked address.
    struct Content: Hashable, Sendable {
        let xorb: XorbHash
        let ranges: [HTTPByteRange]
        /// The list as it stands in the address, and as a `Range` header for all of them has to have it.
        let rangesText: String
        /// Seconds that the address is good for.
        let remainingLife: UInt64
    }

    let signer: Signer
    let lifetime: UInt64
    let now: @Sendable () -> UInt64

    init(_ services: OriginServices) {
        signer = services.signer
        lifetime = services.addressLifetime
        now = services.now
    }

    func address(of ranges: [HTTPByteRange], in xorb: XorbHash, _ request: RouteRequest) -> String {
        let text = Self.text(ranges)
        let expires = "\(now() + lifetime)"
        let signature = signer.signature(.xorbBytes, [xorb.text, text, expires])
        return request.address(
            "/\(Self.folder)/\(xorb)?ranges=\(text)&expires=\(expires)&signature=\(signature)"
        )
    }

    /// What a request asks for; `nil` if it is no such address at all, 403 if it is not, or no longer, good.
    func parse(_ request: RouteRequest) throws -> Content? {
        guard request.segments.count == 2, request.segments[0] == Self.folder else { return nil }
        let query = request.target.query
        let time = now()
        guard let xorb = XorbHash(request.segments[1]), let text = query.first("ranges"),
            let expires = query.first("expires"), let end = UInt64(expires), time < end,
            let signature = query.first("signature"),
            signer.isValid(signature, .xorbBytes, [xorb.text, text, expires]),
            let ranges = Self.ranges(text)
        else { throw RouteError(.forbidden, "The address is not signed or has expired.") }
        return Content(xorb: xorb, ranges: ranges, rangesText: text, remainingLife: end - time)
    }

    static func text(_ ranges: [HTTPByteRange]) -> String {
        ranges.map { "\($0.first)-\($0.last)" }.joined(separator: ",")
    }

    private static func ranges(_ text: String) -> [HTTPByteRange]? {
        var ranges: [HTTPByteRange] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard case .closed(let range) = RangeHeader("bytes=\(part)") else { return nil }
            ranges.append(range)
        }
        return ranges
    }
}
