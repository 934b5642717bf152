import HTTPTypes
import Testing
import XetWire

@testable import XetProxy

@Suite struct AddressCapabilityTests {
    private let signer = Signer(key: [UInt8](repeating: 7, count: 32))

    private func capability(_ method: HTTPRequest.Method = .put) throws -> AddressCapability {
        AddressCapability(
            address: try #require(HTTPAddress("https://s3.example/a?X-Amz-Signature=1")),
            method: method,
            headers: [.init(name: "x-amz-checksum", value: "a=="), .init(name: "ü", value: "")],
            now: 1000
        )
    }

    @Test func `what was sealed comes back`() throws {
        let capability = try capability()
        #expect(AddressCapability(sealed: capability.sealed(signer), signer, now: 1000) == capability)
    }

    @Test func `uploads have longer than reads`() throws {
        for (method, end) in [(.get, 4600), (.put, 87400)] as [(HTTPRequest.Method, UInt64)] {
            let sealed = try capability(method).sealed(signer)
            #expect(AddressCapability(sealed: sealed, signer, now: end - 1) != nil)
            #expect(AddressCapability(sealed: sealed, signer, now: end) == nil)
        }
    }

    @Test func `every change of a byte is seen`() throws {
        let sealed = Array(try capability().sealed(signer).utf8)
        for index in sealed.indices {
            var bytes = sealed
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(AddressCapability(sealed: String(decoding: bytes, as: UTF8.self), signer, now: 1000) == nil)
        }
        #expect(AddressCapability(sealed: String(decoding: sealed, as: UTF8.self), Signer(), now: 1000) == nil)
    }

    @Test func `methods`() throws {
        let reading = try capability(.get)
        #expect(reading.permits(.get))
        #expect(reading.permits(.head))
        #expect(!reading.permits(.post) && !reading.permits(.put) && !reading.permits(.delete))
        #expect(try capability(.head) == reading)
        let writing = try capability(.put)
        #expect(writing.permits(.put))
        #expect(!writing.permits(.get) && !writing.permits(.head) && !writing.permits(.post))
    }
}
