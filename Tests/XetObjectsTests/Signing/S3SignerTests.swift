import NIOCore
import Testing
import XetWire

@testable import XetObjects

/// The examples of "Signature calculations for the Authorization header" in the S3 API reference.
@Suite struct S3SignerTests {
    private static let host = "examplebucket.s3.amazonaws.com"
    /// 20130524T000000Z.
    private static let time = HTTPDate(unixSeconds: 1_369_353_600)

    private func signer() throws -> S3Signer {
        let credentials = S3Credentials(
            keyID: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        )
        return S3Signer(credentials: try #require(credentials), region: "us-east-1")
    }

    private func authorization(_ request: S3Request) throws -> String? {
        try signer().headers(for: request, at: Self.time).first { $0.name == "Authorization" }?.value
    }

    @Test func `signs a request for a range of an object`() throws {
        let request = S3Request(
            method: "GET",
            host: Self.host,
            path: "/test.txt",
            headers: [("Range", "bytes=0-9")]
        )
        let headers = try signer().headers(for: request, at: Self.time)
        #expect(headers.map(\.name) == ["x-amz-content-sha256", "x-amz-date", "Authorization"])
        #expect(headers[0].value == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(headers[1].value == "20130524T000000Z")
        #expect(
            headers[2].value == """
                AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
                SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
                Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41
                """
        )
    }

    @Test func `signs a put of an object whose name has to be encoded`() throws {
        let request = S3Request(
            method: "PUT",
            host: Self.host,
            path: "/" + PercentEncoding.encode(path: "test$file.text"),
            headers: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            payloadHash: S3Signer.hash(of: ByteBuffer(string: "Welcome to Amazon S3."))
        )
        #expect(request.payloadHash == "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")
        #expect(
            try authorization(request)?.hasSuffix(
                """
                SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,\
                Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd
                """
            ) == true
        )
    }

    @Test func `signs a query without a value`() throws {
        let request = S3Request(method: "GET", host: Self.host, path: "/", query: [("lifecycle", "")])
        #expect(
            try authorization(request)?.hasSuffix("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
                == true
        )
    }

    @Test func `signs a list, whatever the order of its query`() throws {
        for query in [[("max-keys", "2"), ("prefix", "J")], [("prefix", "J"), ("max-keys", "2")]] {
            let request = S3Request(
                method: "GET",
                host: Self.host,
                path: "/",
                query: query.map { (name: $0.0, value: $0.1) }
            )
            #expect(request.target == "/?max-keys=2&prefix=J")
            #expect(
                try authorization(request)?.hasSuffix(
                    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
                ) == true
            )
        }
    }

    @Test func `encodes a query once, and sorts by what is encoded`() {
        let query = [("b", "/ +&=~ä"), ("a", "2"), ("a", "1"), ("B", "")]
        let request = S3Request(
            method: "GET",
            host: Self.host,
            path: "/",
            query: query.map { (name: $0.0, value: $0.1) }
        )
        #expect(request.canonicalQuery == "B=&a=1&a=2&b=%2F%20%2B%26%3D~%C3%A4")
    }

    @Test func `signs the token of a key that ends`() throws {
        let credentials = try #require(S3Credentials(keyID: "A", secret: "B", sessionToken: "T/+="))
        let headers = S3Signer(credentials: credentials, region: "r")
            .headers(for: S3Request(method: "GET", host: "h:1", path: "/"), at: Self.time)
        #expect(headers.contains { $0.name == "x-amz-security-token" && $0.value == "T/+=" })
        #expect(
            headers.last?.value.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,")
                == true
        )
        #expect(headers.last?.value.contains("T/+=") == false)
    }

    @Test func `headers are signed without blanks that mean nothing`() {
        let request = S3Request(method: "GET", host: "h", path: "/", headers: [("X-B", "  a   b "), ("x-a", "1")])
        #expect(request.canonicalText.contains("\nhost:h\nx-a:1\nx-b:a b\n\nhost;x-a;x-b\n"))
    }
}
