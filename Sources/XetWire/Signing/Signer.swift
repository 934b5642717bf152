import Crypto
import XetCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Signs what a server hands out, so that it can tell its own tokens and addresses from others (HMAC-SHA256).
package struct Signer: Sendable {
    /// What a signature is for; one for one purpose is not good for another.
    package struct Purpose: Sendable {
        fileprivate let name: String

        /// Precondition: no other purpose has this name.
        package init(_ name: String) {
            self.name = name
        }
    }

    package static let keyByteCount = 32

    private let key: SymmetricKey

    /// Precondition: the key has 32 bytes (checked).
    package init(key: [UInt8]) {
        precondition(key.count == Self.keyByteCount)
        self.key = SymmetricKey(data: key)
    }

    /// A signer whose signatures are good for as long as it lives.
    package init() {
        key = SymmetricKey(size: .bits256)
    }

    /// 32 bytes.
    package func code(_ purpose: Purpose, _ parts: [[UInt8]]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Self.message(purpose, parts), using: key))
    }

    /// Compares in constant time.
    package func isValid(_ code: [UInt8], _ purpose: Purpose, _ parts: [[UInt8]]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Self.message(purpose, parts), using: key)
    }

    /// 64 hex digits.
    package func signature(_ purpose: Purpose, _ parts: [String]) -> String {
        code(purpose, parts.map { Array($0.utf8) }).hexText
    }

    /// Compares in constant time.
    package func isValid(_ signature: String, _ purpose: Purpose, _ parts: [String]) -> Bool {
        guard let code = [UInt8](hexText: signature) else { return false }
        return isValid(code, purpose, parts.map { Array($0.utf8) })
    }

    /// Each part with its length, so that no two lists give the same message.
    private static func message(_ purpose: Purpose, _ parts: [[UInt8]]) -> [UInt8] {
        ([Array(purpose.name.utf8)] + parts).reduce(into: []) { message, part in
            message.append(contentsOf: "\(part.count):".utf8)
            message.append(contentsOf: part)
        }
    }
}
