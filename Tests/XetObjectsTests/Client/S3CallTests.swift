import HTTPTypes
import NIOCore
import Testing
import XetWire

@testable import XetObjects

@Suite struct S3CallTests {
    private func request(_ endpoint: String, _ body: ByteBuffer?) throws -> S3Request {
        var settings = ObjectStoreSettings(try S3Location("s3://abc/(p)"))
        settings.endpoint = HTTPAddress(endpoint)
        let address = try S3Address(settings, S3Region("r"))
        return S3Call(method: .put, key: settings.location.key("a"), query: [("x", "ü")], body: body).request(
            to: address
        )
    }

    @Test func `a body is hashed where nothing else protects it`() throws {
        let body = ByteBuffer(string: "hello")
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        #expect(try request("http://h", body).payloadHash == hash)
        #expect(try request("https://h", body).payloadHash == "UNSIGNED-PAYLOAD")
        for endpoint in ["http://h", "https://h"] {
            #expect(try request(endpoint, nil).payloadHash == S3Signer.emptyHash)
            #expect(try request(endpoint, ByteBuffer()).payloadHash == S3Signer.emptyHash)
        }
    }

    @Test func `what is signed is what is sent`() throws {
        let request = try request("https://[::1]:9000", nil)
        #expect(request.method == "PUT")
        #expect(request.host == "[::1]:9000")
        #expect(request.path == "/abc/%28p%29/a")
        #expect(request.target == "/abc/%28p%29/a?x=%C3%BC")
    }
}
