import Testing
import XetWire

@Suite struct SignerTests {
    private static let xorbBytes = Signer.Purpose("xorb-bytes")
    private static let fileBytes = Signer.Purpose("file-bytes")

    private let signer = Signer(key: [UInt8](repeating: 7, count: 32))

    @Test func `accepts what it signed only`() throws {
        let signature = signer.signature(Self.xorbBytes, ["a", "b"])
        #expect(signature.count == 64)
        #expect(signer.isValid(signature, Self.xorbBytes, ["a", "b"]))
        #expect(!signer.isValid(signature, Self.xorbBytes, ["a", "c"]))
        #expect(!signer.isValid(signature, Self.xorbBytes, ["ab", ""]))
        #expect(!signer.isValid(signature, Self.xorbBytes, ["a", "b", ""]))
        #expect(!signer.isValid(signature, Self.fileBytes, ["a", "b"]))
        #expect(!signer.isValid(String(signature.dropLast(2)), Self.xorbBytes, ["a", "b"]))
        #expect(!signer.isValid("", Self.xorbBytes, ["a", "b"]))
        #expect(!signer.isValid("zz" + signature.dropFirst(2), Self.xorbBytes, ["a", "b"]))
        let other = Signer(key: [UInt8](repeating: 8, count: 32))
        #expect(!other.isValid(signature, Self.xorbBytes, ["a", "b"]))
    }
}
