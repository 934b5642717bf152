import Testing

@testable import XetOrigin

@Suite struct SignerTests {
    private let signer = Signer(key: [UInt8](repeating: 7, count: 32))

    @Test func `accepts what it signed only`() throws {
        let signature = signer.signature(.xorbBytes, ["a", "b"])
        #expect(signature.count == 64)
        #expect(signer.isValid(signature, .xorbBytes, ["a", "b"]))
        #expect(!signer.isValid(signature, .xorbBytes, ["a", "c"]))
        #expect(!signer.isValid(signature, .xorbBytes, ["ab", ""]))
        #expect(!signer.isValid(signature, .xorbBytes, ["a", "b", ""]))
        #expect(!signer.isValid(signature, .fileBytes, ["a", "b"]))
        #expect(!signer.isValid(String(signature.dropLast(2)), .xorbBytes, ["a", "b"]))
        #expect(!signer.isValid("", .xorbBytes, ["a", "b"]))
        #expect(!signer.isValid("zz" + signature.dropFirst(2), .xorbBytes, ["a", "b"]))
        let other = Signer(key: [UInt8](repeating: 8, count: 32))
        #expect(!other.isValid(signature, .xorbBytes, ["a", "b"]))
    }
}
