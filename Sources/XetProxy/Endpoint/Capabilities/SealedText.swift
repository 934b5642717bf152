import XetCore
import XetWire

/// Bytes and their signature as one segment of a path: `payload.code`.
enum SealedText {
    static func seal(_ payload: [UInt8], _ purpose: Signer.Purpose, for subject: String = "", _ signer: Signer)
        -> String
    {
        let code = signer.code(purpose, [Array(subject.utf8), payload])
        return "\(Base64URL.encode(payload)).\(Base64URL.encode(code))"
    }

    /// The bytes; `nil` unless `signer` sealed them for the same purpose and subject.
    static func open(_ text: String, _ purpose: Signer.Purpose, for subject: String = "", _ signer: Signer) -> [UInt8]?
    {
        let parts = text.segments(separatedBy: ".")
        guard parts.count == 2, let payload = Base64URL.decode(parts[0]), let code = Base64URL.decode(parts[1]),
            signer.isValid(code, purpose, [Array(subject.utf8), payload])
        else { return nil }
        return payload
    }
}

extension Signer.Purpose {
    /// A token for the CAS that the proxy gave out.
    static let proxyToken = Signer.Purpose("proxy-cas-token")
    /// A URL for ranges of a xorb.
    static let proxyXorb = Signer.Purpose("proxy-xorb")
    /// A URL for one address elsewhere.
    static let proxyAddress = Signer.Purpose("proxy-address")
}
