import NIOCore
import Testing
import XetAccess
import XetClient
import XetClientTestSupport
import XetWire

@testable import XetObjects

@Suite(.timeLimit(.minutes(5))) struct ContainerCredentialsTests {
    private static let json = """
        {"RoleArn":"r","AccessKeyId":"A","SecretAccessKey":"s/+=","Token":"t","Expiration":"2030-01-02T03:04:05Z"}
        """

    private func credentials(
        _ variables: [String: String],
        configuration: UpstreamHTTP.Configuration = .patient,
        files: [String: String] = [:]
    ) async throws -> S3Credentials? {
        try await withUpstream(configuration) { http in
            let environment = S3Environment(variables) { path in files[path].map { Array($0.utf8) } }
            return try await ContainerCredentials(environment: environment, http: http, timeout: .minutes(3))
                .credentials()
        }
    }

    private func failure(_ variables: [String: String], files: [String: String] = [:]) async -> ObjectStoreError? {
        do {
            _ = try await credentials(variables, files: files)
            return nil
        } catch {
            return error as? ObjectStoreError
        }
    }

    @Test func `is not there without an address`() async throws {
        #expect(try await credentials([:]) == nil)
        #expect(try await credentials(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "x"]) == nil)
    }

    @Test func `asks this machine, past every proxy, with a token`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200, json: Self.json)
        } _: { server in
            var configuration = UpstreamHTTP.Configuration.patient
            configuration.proxies = OutboundProxies(http: OutboundProxy("http://127.0.0.1:1"))
            let full = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.origin)/creds?x=1"]
            let found = try await credentials(
                full.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic x"]) { $1 },
                configuration: configuration
            )
            let expected = HTTPDate("Wed, 02 Jan 2030 03:04:05 GMT")?.unixSeconds
            #expect(found == S3Credentials(keyID: "A", secret: "s/+=", sessionToken: "t", expiration: expected))
            _ = try await credentials(
                full.merging(
                    ["AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic x", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"]
                ) { $1 },
                files: ["/t": "from file\r\n"]
            )
            _ = try await credentials(full)
            #expect(server.requests.map(\.authorization) == ["Basic x", "from file", nil])
            #expect(server.requests.map(\.target) == ["/creds?x=1", "/creds?x=1", "/creds?x=1"])
        }
    }

    @Test(arguments: [
        "http://example.com/", "http://10.0.0.1/", "http://169.254.169.254/", "http://169.254.170.3/",
        "http://[fd00:ec2::254]/", "http://127.0.0.1.example.com/", "http://user@127.0.0.1/", "ftp://127.0.0.1/",
        "127.0.0.1",
        "http://2852039166/",
    ])
    func `asks nobody else without TLS`(address: String) async {
        let error = await failure([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": address, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "geheim",
        ])
        #expect(error?.kind == .noCredentials)
        #expect(error?.message.contains("geheim") == false)
    }

    @Test(arguments: ["x", "@evil.example/", ":80@evil.example/", ".evil.example/", "http://evil.example/"])
    func `a relative address begins with a slash`(path: String) async {
        #expect(await failure(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": path])?.kind == .noCredentials)
    }

    @Test func `a token that is missing or no header is an error, and is not shown`() async {
        let full = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"]
        let missing = await failure(full.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"]) { $1 })
        #expect(missing?.kind == .noCredentials)
        for token in ["geheim\r\nX: y", "geheim\u{7F}", ""] {
            let error = await failure(
                full.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"]) { $1 },
                files: ["/t": token]
            )
            #expect(error?.kind == .noCredentials)
            #expect(error?.message.contains("geheim") == false)
        }
    }

    @Test(arguments: [(401, .denied), (404, .denied), (307, .denied), (500, .away)] as [(Int, ObjectStoreError.Kind)])
    func `a refusal is told by its status`(status: Int, kind: ObjectStoreError.Kind) async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(status, [("Location", "http://127.0.0.1:1/")], Array(#"{"code":"geheim"}"#.utf8))
        } _: { server in
            let error = await failure(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.origin])
            #expect(error?.kind == kind)
            #expect(error?.message.contains("geheim") == false)
        }
    }

    @Test(arguments: [
        "", "{}", "[]", "null", Self.json + "x", Self.json.replacing("2030-01-02T03:04:05Z", with: "soon"),
        Self.json.replacing("s/+=", with: "a b"), Self.json.replacing("\"t\"", with: "\"t\\r\\nx\""),
        Self.json.replacing("AccessKeyId", with: "AccessKey"), String(repeating: "[", count: 60_000),
    ])
    func `what is no answer is an error`(body: String) {
        #expect(ContainerCredentials.credentials(json: Array(body.utf8)) == nil)
    }

    @Test func `a key may have no end`() {
        let json = #"{"AccessKeyId":"A","SecretAccessKey":"s","Expiration":null}"#
        #expect(ContainerCredentials.credentials(json: Array(json.utf8)) == S3Credentials(keyID: "A", secret: "s"))
    }
}
