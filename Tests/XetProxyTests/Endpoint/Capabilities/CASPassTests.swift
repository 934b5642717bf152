import Testing
import XetAccess
import XetWire

@testable import XetProxy

@Suite struct CASPassTests {
    private let signer = Signer(key: [UInt8](repeating: 7, count: 32))
    private static let token = CASToken(
        endpoint: "https://cas.example/base",
        secret: "real.token:with.dots",
        expiration: 5000
    )

    private func pass(_ token: CASToken = token) throws -> CASPass { try #require(CASPass(token)) }

    @Test func `what was sealed comes back`() throws {
        let sealed = try pass().sealed(signer)
        #expect(HubToken(sealed) != nil)
        let opened = try #require(CASPass(sealed: sealed, signer, now: 1000))
        #expect(opened.token == Self.token)
        #expect(opened.endpoint.absolute == "https://cas.example/base")
    }

    @Test func `every change of a byte is seen`() throws {
        let sealed = Array(try pass().sealed(signer).utf8)
        for index in sealed.indices {
            var bytes = sealed
            bytes[index] = bytes[index] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
            #expect(CASPass(sealed: String(decoding: bytes, as: UTF8.self), signer, now: 1000) == nil)
        }
        #expect(CASPass(sealed: try pass().sealed(signer), Signer(), now: 1000) == nil)
    }

    @Test(arguments: ["", "hf_x", "1.2.3.4", "...", "5000.aHR0cDovL2E.AAAA.x", Self.token.secret])
    func `other tokens`(text: String) {
        #expect(CASPass(sealed: text, signer, now: 1000) == nil)
    }

    /// The clock of the proxy may be ahead; the CAS has the last word.
    @Test func `it ends some time after the token`() throws {
        let sealed = try pass().sealed(signer)
        #expect(CASPass(sealed: sealed, signer, now: 5299) != nil)
        #expect(CASPass(sealed: sealed, signer, now: 5300) == nil)
    }

    @Test func `a time that cannot be added to`() throws {
        let endless = CASToken(endpoint: "https://cas.example", secret: "x", expiration: .max)
        #expect(CASPass(sealed: try pass(endless).sealed(signer), signer, now: 1000) != nil)
    }

    @Test(arguments: [
        ("no address", "x"), ("https://cas.example", ""), ("https://cas.example", "a b"), ("ftp://x", "x"),
    ])
    func `tokens that cannot be used`(endpoint: String, secret: String) {
        #expect(CASPass(CASToken(endpoint: endpoint, secret: secret, expiration: 1)) == nil)
    }

    @Test func `it prints no secret`() throws {
        #expect(!"\(try pass())".contains("real"))
        #expect(!String(reflecting: try pass()).contains("real"))
    }
}
