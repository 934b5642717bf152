import HTTPTypes
import NIOCore
import XetClient
import XetWire

/// What a bucket is asked.
struct S3Call: Sendable {
    /// The method.
    var method: HTTPRequest.Method
    /// The key of an object; empty for the bucket.
    var key: String
    /// Names and values of the query, not encoded.
    var query: [(name: String, value: String)] = []
    /// Headers, which are signed.
    var headers: [(name: String, value: String)] = []
    /// What is put.
    var body: ByteBuffer?

    /// What is signed; over TLS, which protects it, a body is not hashed as well.
    func request(to address: S3Address) -> S3Request {
        var request = S3Request(
            method: method.rawValue,
            host: address.origin.authority,
            path: address.path(key),
            query: query,
            headers: headers
        )
        if let body, body.readableBytes > 0 {
            request.payloadHash = address.origin.isSecure ? S3Signer.unsignedPayload : S3Signer.hash(of: body)
        }
        return request
    }
}
