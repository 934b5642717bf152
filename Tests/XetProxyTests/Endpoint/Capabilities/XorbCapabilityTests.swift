import HTTPTypes
import Testing
import XetCore
import XetWire

@testable import XetProxy

@Suite struct XorbCapabilityTests {
    private static let xorb = XorbHash(words: (1, 2, 3, 4))
    private static let other = XorbHash(words: (1, 2, 3, 5))
    private let signer = Signer(key: [UInt8](repeating: 7, count: 32))

    private func capability(_ bounds: [(UInt64, UInt64)] = [(0, 9), (100, 299)]) throws -> XorbCapability {
        XorbCapability(
            address: try #require(HTTPAddress("https://cdn.example/a?x=1&y=%2F")),
            parts: try bounds.enumerated().map { index, bounds in
                let bytes = try #require(HTTPByteRange(first: bounds.0, last: bounds.1))
                return ReconstructionRewriting.Part(bytes: bytes, chunks: ChunkRange(start: 5, end: 5 + index))
            },
            expiration: 5000
        )
    }

    private func open(_ sealed: String, for xorb: XorbHash = xorb, now: UInt64 = 4999) -> XorbCapability? {
        XorbCapability(sealed: sealed, for: xorb, signer, now: now)
    }

    @Test func `what was sealed comes back`() throws {
        for bounds in [[(0, 0)], [(0, 9), (100, 299)], [(500, 600), (0, 9)], [(.max - 2, .max - 1)]]
            as [[(UInt64, UInt64)]]
        {
            let capability = try capability(bounds)
            #expect(open(capability.sealed(for: Self.xorb, signer)) == capability)
        }
    }

    @Test func `only for its xorb, its time and its key`() throws {
        let sealed = try capability().sealed(for: Self.xorb, signer)
        #expect(open(sealed) != nil)
        #expect(open(sealed, for: Self.other) == nil)
        #expect(open(sealed, now: 5000) == nil)
        #expect(
            XorbCapability(sealed: sealed, for: Self.xorb, Signer(key: [UInt8](repeating: 8, count: 32)), now: 0) == nil
        )
        #expect(XorbCapability(sealed: sealed, for: Self.xorb, Signer(), now: 0) == nil)
    }

    @Test func `every change of a byte is seen`() throws {
        let sealed = Array(try capability().sealed(for: Self.xorb, signer).utf8)
        for index in sealed.indices {
            var bytes = sealed
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(open(String(decoding: bytes, as: UTF8.self)) == nil)
        }
        let text = String(decoding: sealed, as: UTF8.self)
        for other in ["", ".", text + ".", text + "A", String(text.dropLast()), "." + text, text + "=="] {
            #expect(open(other) == nil)
        }
    }

    /// A signature for one purpose is not good for another.
    @Test func `no other capability is taken for one`() throws {
        let address = try #require(HTTPAddress("https://cdn.example/a"))
        let other = AddressCapability(address: address, method: .get, now: 1000)
        #expect(open(other.sealed(signer), now: 1000) == nil)
        let sealed = try capability().sealed(for: Self.xorb, signer)
        #expect(AddressCapability(sealed: sealed, signer, now: 1000) == nil)
    }

    @Test func `one of its ranges, or all of them`() throws {
        let capability = try capability()
        #expect(capability.selection("bytes=0-9") == .single(capability.parts[0]))
        #expect(capability.selection("bytes=100-299") == .single(capability.parts[1]))
        #expect(capability.selection("bytes=0-9,100-299") == .multiple)
        #expect(try self.capability([(0, 9)]).selection("bytes=0-9") != nil)
    }

    @Test(arguments: [
        nil, "", "bytes=0-", "bytes=0-8", "bytes=1-9", "bytes=0-10", "bytes=0-299", "bytes=100-299,0-9",
        "bytes=0-9,0-9",
        "bytes=0-9,100-299,300-301", "bytes=00-9", "bytes=0-9, 100-299", "Bytes=0-9", "bytes=-10", "0-9", "bytes=0-9,",
    ])
    func `no other range`(header: String?) throws {
        #expect(try capability().selection(header) == nil)
    }
}
