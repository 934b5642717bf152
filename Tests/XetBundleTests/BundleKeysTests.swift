import Testing
import XetBundleTestSupport
import XetCore

@testable import XetBundle

@Suite struct BundleKeysTests {
    /// The first key pair of RFC 8410, section 10.1 and 10.3, as OpenSSL writes them too.
    private static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
        -----END PRIVATE KEY-----

        """
    private static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
        -----END PUBLIC KEY-----

        """

    @Test func `keys are those of OpenSSL`() throws {
        let key = try SigningKey(pem: Self.privateKey)
        #expect(key.verifyingKey.pem == Self.publicKey)
        #expect(key.pem == Self.privateKey)
        #expect(try VerifyingKey(pem: Self.publicKey) == key.verifyingKey)
    }

    @Test func `what is no key is refused`() throws {
        #expect(throws: BundleKeyError.self) { try SigningKey(pem: Self.publicKey) }
        #expect(throws: BundleKeyError.self) { try VerifyingKey(pem: Self.privateKey) }
        #expect(throws: BundleKeyError.self) { try SigningKey(pem: "") }
        let short = Self.publicKey.replacing("MCowBQYDK2VwAyEAGb9E", with: "")
        #expect(throws: BundleKeyError.self) { try VerifyingKey(pem: short) }
    }

    @Test func `a signature is that of a trusted key`() throws {
        let (key, other) = (SigningKey(), SigningKey())
        let bytes = try SampleBundle().bytes(signedBy: key)
        #expect(try SampleBundle.read(bytes).signer == key.verifyingKey)
        let trusted = [other.verifyingKey, key.verifyingKey]
        #expect(try SampleBundle.read(bytes, trusted: trusted).signer == key.verifyingKey)
        #expect(throws: BundleError.untrusted(key: key.verifyingKey.text)) {
            try SampleBundle.read(bytes, trusted: [other.verifyingKey])
        }
        let unsigned = try SampleBundle().bytes()
        #expect(throws: BundleError.unsigned) { try SampleBundle.read(unsigned, trusted: trusted) }
    }
}
