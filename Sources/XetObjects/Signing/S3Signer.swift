import Crypto
import NIOCore
import XetWire

/// Signs requests with AWS Signature Version 4.
///
/// Source: "Signature calculations for the Authorization header: transferring payload in a single chunk" of the S3 API
/// reference.
struct S3Signer: Sendable {
    /// The hash of no body.
    static let emptyHash = hash(of: [])
    /// What stands for the hash of a body that TLS protects alone.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"

    private static let algorithm = "AWS4-HMAC-SHA256"

    let credentials: S3Credentials
    let region: String

    /// SHA-256 in hex.
    static func hash(of bytes: [UInt8]) -> String {
        Array(SHA256.hash(data: bytes)).hexText
    }

    /// SHA-256 in hex.
    static func hash(of bytes: ByteBuffer) -> String {
        var hasher = SHA256()
        // SAFETY: the bytes are read while they are lent.
        unsafe bytes.withUnsafeReadableBytes { unsafe hasher.update(bufferPointer: $0) }
        return Array(hasher.finalize()).hexText
    }

    /// The headers that make a request a signed one at a time: `Authorization` and the ones that it covers.
    func headers(for request: S3Request, at time: HTTPDate) -> [(name: String, value: String)] {
        let stamp = Self.stamp(time)
        var added: [(name: String, value: String)] = [
            ("x-amz-content-sha256", request.payloadHash), ("x-amz-date", stamp),
        ]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        var request = request
        request.headers += added
        return added + [("Authorization", authorization(for: request, stamp))]
    }

    /// `request` has all headers that are signed.
    func authorization(for request: S3Request, _ stamp: String) -> String {
        let day = String(stamp.prefix(8))
        let scope = "\(day)/\(region)/s3/aws4_request"
        let text = [Self.algorithm, stamp, scope, Self.hash(of: Array(request.canonicalText.utf8))].joined(
            separator: "\n"
        )
        let signature = Self.code(text, key: key(day)).hexText
        return "\(Self.algorithm) Credential=\(credentials.keyID)/\(scope),SignedHeaders=\(request.signedHeaders),"
            + "Signature=\(signature)"
    }

    /// `20130524T000000Z`.
    static func stamp(_ time: HTTPDate) -> String {
        time.isoText.replacing("-", with: "").replacing(":", with: "").replacing(".000", with: "")
    }

    private func key(_ day: String) -> [UInt8] {
        let start = Array("AWS4\(credentials.secret)".utf8)
        return [day, region, "s3", "aws4_request"].reduce(start) { Self.code($1, key: $0) }
    }

    private static func code(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }
}
