import AsyncHTTPClient
import NIOSSL
import Testing
import XetAccess
import XetWire

@testable import XetClient

@Suite struct XetErrorTLSTests {
    private func failure(_ error: any Error) throws -> XetError? {
        XetError(tls: error, try #require(HTTPAddress("https://hub.example:8443/secret?path")).origin)
    }

    @Test(
        arguments: [
            (NIOSSLError.unableToValidateCertificate, "not trusted"),
            (NIOSSLExtraError.failedToValidateHostname, "another host"),
        ] as [(any Error, String)]
    )
    func `certificates that are refused`(cause: any Error, words: String) throws {
        let error = try #require(try failure(cause))
        #expect(error.code == .unreachable)
        #expect(error.isTransient == false)
        #expect(error.message.contains("https://hub.example:8443") && error.message.contains(words))
        #expect(!error.message.contains("secret"))
    }

    @Test(
        arguments: [
            NIOSSLError.uncleanShutdown, NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])),
            HTTPClientError.connectTimeout, CancellationError(),
        ] as [any Error]
    )
    func `other failures are not about certificates`(cause: any Error) throws {
        #expect(try failure(cause) == nil)
    }
}
