public import XetAccess

/// The name of a region, which stands in signatures and addresses.
public struct S3Region: Hashable, Sendable {
    /// As in `eu-central-1`.
    public let name: String

    /// Throws `.invalid` unless the name has lower-case letters, digits and hyphens, at most 63.
    public init(_ name: String) throws(ObjectStoreError) {
        let isMadeOf = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard (1...63).contains(name.utf8.count), isMadeOf, !name.hasPrefix("-"), !name.hasSuffix("-") else {
            throw ObjectStoreError(
                .invalid,
                "a region's name has lower-case letters, digits and hyphens, as in eu-central-1"
            )
        }
        self.name = name
    }

    /// Where the region's services are.
    var domain: String { name.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com" }
}
