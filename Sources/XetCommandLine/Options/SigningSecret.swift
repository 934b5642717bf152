import Crypto
import FoundationEssentials
import XetConfiguration

/// What an operator gives several proxies, so that each accepts the URLs that another signed; never printed.
struct SigningSecret: Sendable {
    /// Fewer could be guessed.
    private static let minimumByteCount = 16
    /// More is no secret but some other file.
    private static let maximumByteCount = 64 << 10

    /// The 32-byte key that is made of it.
    let key: [UInt8]

    /// The secret in some bytes; `nil` if there are too few, or too many.
    ///
    /// Line ends at the end do not count: editors and `echo` add them.
    init?(_ bytes: some BidirectionalCollection<UInt8>) {
        let secret = Self.withoutLineEnds(bytes)
        guard (Self.minimumByteCount...Self.maximumByteCount).contains(secret.count) else { return nil }
        key = Array(SHA256.hash(data: secret))
    }

    /// The secret in a file.
    static func read(_ path: String) throws(OperatorFile.Failure) -> SigningSecret {
        let bytes = try OperatorFile.read(path, upTo: maximumByteCount)
        guard let secret = SigningSecret(bytes) else {
            let count = withoutLineEnds(bytes).count
            throw OperatorFile.Failure("'\(path)' holds \(count) bytes; a secret has at least \(minimumByteCount)")
        }
        return secret
    }

    private static func withoutLineEnds(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let count = bytes.reversed().prefix { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.count
        return Array(bytes.dropLast(count))
    }
}
