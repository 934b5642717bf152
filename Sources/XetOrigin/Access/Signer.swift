import Crypto
import XetCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Signs what the origin hands out, so that it can tell its own tokens and addresses from others (HMAC-SHA256).
struct Signer: Sendable {
    /// What a signature is for; one for one purpose is not good for another.
    enum Purpose: String, Sendable {
        case casToken = "cas-token"
        case xorbBytes = "xorb-bytes"
        case fileBytes = "file-bytes"
    }

    static let keyByteCount = 32

    private let key: SymmetricKey

    /// Precondition: the key has 32 bytes (checked).
    init(key: [UInt8]) {
        precondition(key.count == Self.keyByteCount)
        self.key = SymmetricKey(data: key)
    }

    /// 64 hex digits.
    func signature(_ purpose: Purpose, _ parts: [String]) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Self.message(purpose, parts), using: key)
        return Array(code).hexText
    }

    /// Compares in constant time.
    func isValid(_ signature: String, _ purpose: Purpose, _ parts: [String]) -> Bool {
        guard let code = [UInt8](hexText: signature) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Self.message(purpose, parts), using: key)
    }

    /// Each part with its length, so that no two lists give the same message.
    private static func message(_ purpose: Purpose, _ parts: [String]) -> [UInt8] {
        ([purpose.rawValue] + parts).reduce(into: []) { message, part in
            message.append(contentsOf: "\(part.utf8.count):".utf8)
            message.append(contentsOf: part.utf8)
        }
    }
}

extension [UInt8] {
    /// Two lower-case hex digits per byte.
    var hexText: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
    }

    /// `nil` unless the text is pairs of hex digits.
    init?(hexText: String) {
        let digits = Array(hexText.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index].hexValue, let low = digits[index + 1].hexValue else { return nil }
            append(high << 4 | low)
        }
    }
}
