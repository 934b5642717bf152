import Testing
import XetAccess
import XetWire

@testable import XetObjects

@Suite struct S3AddressTests {
    private func address(
        _ bucket: String,
        endpoint: String? = nil,
        _ addressing: ObjectStoreSettings.Addressing = .auto,
        region: String = "eu-central-1"
    ) throws -> S3Address {
        var settings = ObjectStoreSettings(try S3Location(bucket: bucket))
        settings.endpoint = try endpoint.map { try #require(HTTPAddress($0)) }
        settings.addressing = addressing
        return try S3Address(settings, S3Region(region))
    }

    @Test(
        arguments: [
            ("abc", nil, .auto, "https://abc.s3.eu-central-1.amazonaws.com/a/b"),
            ("a.bc", nil, .auto, "https://s3.eu-central-1.amazonaws.com/a.bc/a/b"),
            ("abc", nil, .path, "https://s3.eu-central-1.amazonaws.com/abc/a/b"),
            ("a.bc", nil, .virtual, "https://a.bc.s3.eu-central-1.amazonaws.com/a/b"),
            ("abc", "http://minio:9000", .auto, "http://minio:9000/abc/a/b"),
            ("abc", "http://minio:9000/", .virtual, "http://abc.minio:9000/a/b"),
            ("abc", "https://store.example", .virtual, "https://abc.store.example/a/b"),
            ("abc", "http://[fd00::1]:9000", .auto, "http://[fd00::1]:9000/abc/a/b"),
            ("abc", "http://127.0.0.1:80", .path, "http://127.0.0.1/abc/a/b"),
        ] as [(String, String?, ObjectStoreSettings.Addressing, String)]
    )
    func `names host and path`(
        bucket: String,
        endpoint: String?,
        addressing: ObjectStoreSettings.Addressing,
        expected: String
    ) throws {
        let address = try address(bucket, endpoint: endpoint, addressing)
        #expect(try address.address(address.path("a/b")).absolute == expected)
    }

    @Test func `China has a domain of its own`() throws {
        #expect(try address("abc", region: "cn-north-1").origin.host == "abc.s3.cn-north-1.amazonaws.com.cn")
    }

    @Test func `encodes what a prefix may hold`() throws {
        #expect(try address("abc").path("(a)!/b_c") == "/%28a%29%21/b_c")
    }

    @Test(arguments: ["http://minio:9000/base", "http://minio:9000/?a", "https://minio/a/"])
    func `an address with a path is refused`(endpoint: String) {
        #expect(throws: ObjectStoreError.self) { try address("abc", endpoint: endpoint) }
    }

    @Test(arguments: ["http://127.0.0.1:9000", "http://[::1]:9000", "http://2130706433"])
    func `a bucket does not stand before an address of numbers`(endpoint: String) {
        #expect(throws: ObjectStoreError.self) { try address("abc", endpoint: endpoint, .virtual) }
    }

    @Test(arguments: ["", "EU", "eu_1", "eu/1", "a.b", "-a", "a-", String(repeating: "a", count: 64), "eu-1\n"])
    func `what is no region`(name: String) {
        #expect(throws: ObjectStoreError.self) { try S3Region(name) }
    }
}
