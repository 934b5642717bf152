import NIOCore
import Synchronization
import XetAccess
import XetClient
import XetClientTestSupport
import XetWire

@testable import XetObjects

/// A client, and the server that it asks.
struct StoreRig {
    let client: S3Client
    let server: ScriptedServer

    /// Runs `body` with a client for a script, or for a store.
    static func run(
        prefix: String = "p/q",
        credentials: S3CredentialCache? = nil,
        configuration: UpstreamHTTP.Configuration = .patient,
        headTimeout: TimeAmount = .minutes(3),
        bodyTimeout: TimeAmount = .minutes(3),
        _ script: @escaping ScriptedServer.Script,
        _ body: (StoreRig) async throws -> Void
    ) async throws {
        try await ScriptedServer.run(script) { server in
            try await withUpstream(configuration) { http in
                var settings = ObjectStoreSettings(try S3Location(bucket: "models", prefix: prefix))
                settings.endpoint = HTTPAddress(server.origin)
                settings.headTimeout = headTimeout
                let client = try S3Client(
                    settings,
                    credentials: credentials ?? .sample,
                    http: http,
                    bodyTimeout: bodyTimeout,
                    now: { .now }
                )
                try await body(StoreRig(client: client, server: server))
            }
        }
    }

    /// The bytes of an object.
    func bytes(_ name: String, _ range: Range<Int>? = nil) async throws -> [UInt8]? {
        try await client.get(name, range: range) { object in
            var all: [UInt8] = []
            for try await piece in object.bytes { all += Array(piece.readableBytesView) }
            return all
        }
    }
}

extension S3CredentialCache {
    /// What ``FakeS3`` knows.
    static var sample: S3CredentialCache { S3CredentialCache(SampleCredentials { .sample }) }
}

extension S3Credentials {
    static var sample: S3Credentials? { S3Credentials(keyID: "AKID", secret: "secret/+=") }
}

/// Credentials as a test says.
struct SampleCredentials: CredentialSource {
    let sought = "what the test has"
    let give: @Sendable () async throws -> S3Credentials?

    init(_ give: @escaping @Sendable () async throws -> S3Credentials?) {
        self.give = give
    }

    func credentials() async throws -> S3Credentials? { try await give() }
}
