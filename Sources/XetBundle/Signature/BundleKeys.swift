import Crypto
import XetCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An Ed25519 key that bundles are signed with; never printed but by ``pem``.
package struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// A new one.
    package init() {
        key = Curve25519.Signing.PrivateKey()
    }

    /// Reads a PKCS#8 file, as `openssl genpkey -algorithm ed25519` writes it.
    package init(pem: String) throws(BundleKeyError) {
        let seed = try KeyFile.privateKey.content(of: pem)
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { throw .otherKey }
        self.key = key
    }

    /// The file's content.
    package var pem: String { KeyFile.privateKey.pem(Array(key.rawRepresentation)) }

    /// What its signatures are checked with.
    package var verifyingKey: VerifyingKey { VerifyingKey(key.publicKey) }

    /// Key and signature of a digest, as they stand in a bundle.
    func signature(of digest: [UInt8]) throws(BundleError) -> [UInt8] {
        guard let signature = try? key.signature(for: BundleFormat.signatureDomain + digest) else {
            throw .unwritable(reason: "the key does not sign")
        }
        return Array(key.publicKey.rawRepresentation) + Array(signature)
    }
}

/// The key that a signature is checked with.
package struct VerifyingKey: Hashable, Sendable {
    static let byteCount = 32

    private let bytes: [UInt8]

    fileprivate init(_ key: Curve25519.Signing.PublicKey) {
        bytes = Array(key.rawRepresentation)
    }

    /// `nil` unless they are a key.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount,
            (try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)) != nil
        else { return nil }
        self.bytes = bytes
    }

    /// Reads a SubjectPublicKeyInfo file, as `openssl pkey -pubout` writes it.
    package init(pem: String) throws(BundleKeyError) {
        guard let key = Self(bytes: try KeyFile.publicKey.content(of: pem)) else { throw .otherKey }
        self = key
    }

    /// The file's content.
    package var pem: String { KeyFile.publicKey.pem(bytes) }

    /// Hex of the key.
    package var text: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    func isSignature(_ signature: [UInt8], of digest: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: BundleFormat.signatureDomain + digest)
    }
}

/// Why a file is no key.
package enum BundleKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is no PEM file with such a key.
    case noKey(expected: String)
    /// It holds a key of another kind.
    case otherKey

    package var description: String {
        switch self {
        case .noKey(let expected): "there is no \"\(expected)\" in it"
        case .otherKey: "the key in it is no Ed25519 key"
        }
    }
}

/// A key in the file that OpenSSL makes of it.
///
/// An Ed25519 key has no parameters, so what stands before it is always the same (RFC 8410, sections 4 and 7).
private struct KeyFile {
    static let privateKey = KeyFile(
        label: "PRIVATE KEY",
        prefix: [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
    )
    static let publicKey = KeyFile(
        label: "PUBLIC KEY",
        prefix: [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
    )

    let label: String
    let prefix: [UInt8]

    private var begin: String { "-----BEGIN \(label)-----" }
    private var end: String { "-----END \(label)-----" }

    /// The 32 bytes of the key.
    func content(of pem: String) throws(BundleKeyError) -> [UInt8] {
        let lines = pem.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }
        let mark = begin.filter { !$0.isWhitespace }
        let endMark = end.filter { !$0.isWhitespace }
        guard let first = lines.firstIndex(of: mark), let last = lines[first...].firstIndex(of: endMark),
            let content = Data(base64Encoded: lines[(first + 1)..<last].joined())
        else { throw .noKey(expected: begin) }
        let bytes = [UInt8](content)
        guard bytes.count == prefix.count + 32, bytes.starts(with: prefix) else { throw .otherKey }
        return Array(bytes.dropFirst(prefix.count))
    }

    func pem(_ key: [UInt8]) -> String {
        "\(begin)\n\(Data(prefix + key).base64EncodedString())\n\(end)\n"
    }
}
