import ArgumentParser
import Crypto
import FoundationEssentials

/// What an operator gives several proxies, so that each accepts the URLs that another signed; never printed.
struct SigningSecret {
    /// Fewer could be guessed.
    private static let minimumByteCount = 16
    /// More is no secret but some other file.
    private static let maximumByteCount = 64 << 10

    /// The 32-byte key that is made of it.
    let key: [UInt8]

    /// The secret in `file`, else the one in `XET_SIGNING_KEY`; `nil` if there is neither.
    static func find(file: String?) throws -> SigningSecret? {
        if let file {
            guard let bytes = try? Data(contentsOf: URL(filePath: file)) else {
                throw ValidationError("The signing key in '\(file)' cannot be read.")
            }
            return try SigningSecret(Array(bytes), from: "'\(file)'")
        }
        return try Environment["XET_SIGNING_KEY"].map { try SigningSecret(Array($0.utf8), from: "XET_SIGNING_KEY") }
    }

    /// Line ends at the end do not count: editors and `echo` add them.
    private init(_ bytes: [UInt8], from source: String) throws {
        let lineEnds = bytes.reversed().prefix { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.count
        let secret = bytes.dropLast(lineEnds)
        guard (Self.minimumByteCount...Self.maximumByteCount).contains(secret.count) else {
            throw ValidationError(
                """
                The signing key in \(source) has \(secret.count) bytes; it needs at least \(Self.minimumByteCount), and \
                at most \(Self.maximumByteCount).
                """
            )
        }
        key = Array(SHA256.hash(data: secret))
    }
}
