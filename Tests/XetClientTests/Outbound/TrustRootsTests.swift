import NIOSSL
import Testing
import XetAccess

@testable import XetClient

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite struct TrustRootsTests {
    /// The certificate of an authority that exists nowhere.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBiTCCAS+gAwIBAgIUBJfj+YQWuIvoz6S4IJfRrz4m6CIwCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI3MDgwMzA3WhgPMjEy
        NjExMDMwODAzMDdaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
        zj0CAQYIKoZIzj0DAQcDQgAEDDmfJFnZPCQjIfcZzyBWH0zykSG/06pMYCpcLbez
        K1ONHkr7CP+hU2441F8O4Cki4T+mR1FfPuehHVkQgoqprKNTMFEwHQYDVR0OBBYE
        FImCGM68VK01hzW3A+5CiyKfsw2wMB8GA1UdIwQYMBaAFImCGM68VK01hzW3A+5C
        iyKfsw2wMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAIwTBcSH
        51Y7fSqlp+HX4MYhOVqEXzH1c9AC9ISuKAxCAiBgUtCXNkEH+kC0/4TuzJVG23pc
        7JQ2eWZCnQcsoark5g==
        -----END CERTIFICATE-----

        """

    /// Runs `body` with a file of these contents.
    private func withFile(_ contents: String, _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "trust-\(UUID().uuidString).pem")
        try Data(contents.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    @Test func `the system's own need no settings`() throws {
        #expect(TrustRoots.system.tlsConfiguration == nil)
        #expect(try TrustRoots() == .system)
    }

    @Test(arguments: [1, 2])
    func `a file replaces those of the system`(count: Int) throws {
        try withFile(String(repeating: Self.certificate, count: count)) { path in
            let settings = try #require(try TrustRoots(replacement: path).tlsConfiguration)
            #expect(settings.trustRoots == .file(path))
            #expect(settings.additionalTrustRoots.isEmpty)
            #expect(settings.certificateVerification == .fullVerification)
            _ = try NIOSSLContext(configuration: settings)
        }
    }

    @Test func `a file adds to those of the system, or to none`() throws {
        try withFile("a comment\n" + Self.certificate) { path in
            let settings = try #require(try TrustRoots(addition: path).tlsConfiguration)
            #expect(settings.trustRoots == (TrustRoots.systemHasSome ? .default : .certificates([])))
            #expect(settings.additionalTrustRoots == [.file(path)])
            _ = try NIOSSLContext(configuration: settings)
        }
    }

    @Test func `one file replaces and another adds`() throws {
        try withFile(Self.certificate) { first in
            try withFile(Self.certificate) { second in
                let settings = try #require(try TrustRoots(replacement: first, addition: second).tlsConfiguration)
                #expect(settings.trustRoots == .file(first))
                #expect(settings.additionalTrustRoots == [.file(second)])
                _ = try NIOSSLContext(configuration: settings)
            }
        }
    }

    @Test(arguments: [
        "", "\n", "not a certificate", "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        certificate.replacing("CERTIFICATE", with: "PRIVATE KEY"), String(certificate.dropLast(100)),
    ])
    func `files without certificates, or with broken ones`(contents: String) throws {
        try withFile(contents) { path in
            for make in [{ try TrustRoots(replacement: path) }, { try TrustRoots(addition: path) }] {
                let error = try #require(throws: XetError.self) { try make() }
                #expect(error.code == .invalidRequest)
                #expect(error.message.contains(path) && error.message.contains("no certificates"))
            }
        }
    }

    @Test(arguments: ["/nonexistent/ca.pem", "/", ""])
    func `files that cannot be read`(path: String) throws {
        let error = try #require(throws: XetError.self) { try TrustRoots(addition: path) }
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains("'\(path)' cannot be read"))
    }
}
