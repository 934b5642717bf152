/// Addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or a single one, `127.0.0.1`.
public struct AddressRange: Hashable, Sendable {
    private let first: IPAddress
    private let prefixBitCount: Int

    /// Parses an address, perhaps with `/` and the number of bits that count; `nil` if the text is neither.
    ///
    /// Bits beyond those that count are ignored, as in `10.1.2.3/8`.
    public init?(_ text: some StringProtocol) {
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        guard let address = IPAddress(text[..<slash]) else { return nil }
        first = address
        guard slash < text.endIndex else {
            prefixBitCount = address.bitCount
            return
        }
        let digits = text[text.index(after: slash)...]
        guard (1...3).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let count = Int(digits), count <= address.bitCount
        else { return nil }
        prefixBitCount = count
    }

    /// Whether an address is one of them; the two versions of IP have none in common.
    public func contains(_ address: IPAddress) -> Bool {
        guard address.bitCount == first.bitCount else { return false }
        return (address.bits ^ first.bits) >> (first.bitCount - prefixBitCount) == 0
    }
}
