import ArgumentParser
import Crypto
import FoundationEssentials
import XetConfiguration
import XetLocal

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

    /// The key that a command is given: by a file, or else by the environment, as a proxy has it.
    ///
    /// Prints what is wrong with it, and throws the exit status.
    static func key(file: String?) throws -> [UInt8]? {
        if let path = file ?? Environment["XET_SIGNING_KEY_FILE"] {
            do throws(OperatorFile.Failure) {
                return try read(path).key
            } catch {
                CommandFailure.print("'--signing-key-file': \(error.message)")
                throw ExitCode.failure
            }
        }
        guard let text = Environment["XET_SIGNING_KEY"] else { return nil }
        guard let secret = SigningSecret(text.utf8) else {
            CommandFailure.print("XET_SIGNING_KEY is a secret of at least \(minimumByteCount) bytes")
            throw ExitCode.failure
        }
        return secret.key
    }

    private static func withoutLineEnds(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let count = bytes.reversed().prefix { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.count
        return Array(bytes.dropLast(count))
    }
}
