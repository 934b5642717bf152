import NIOCore
import NIOHTTP1
import Testing
import XetAccess
import XetClient
import XetClientTestSupport
import XetWire

@testable import XetObjects

@Suite(.timeLimit(.minutes(5))) struct WebIdentityCredentialsTests {
    private static let answer = """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult>
            <SubjectFromWebIdentityToken>system:serviceaccount:x:y</SubjectFromWebIdentityToken>
            <Credentials>
              <SessionToken>AQoDYXdzEE0a8ANXXX/+=</SessionToken>
              <SecretAccessKey>wJalrXUtnFEMI/K7MDENG</SecretAccessKey>
              <Expiration>2014-10-24T23:00:23Z</Expiration>
              <AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>
            </Credentials>
          </AssumeRoleWithWebIdentityResult>
          <ResponseMetadata><RequestId>ad4156e9</RequestId></ResponseMetadata>
        </AssumeRoleWithWebIdentityResponse>
        """

    private func credentials(
        _ variables: [String: String] = [:],
        files: [String: String] = ["/token": "ey.J.x\n"],
        _ script: @escaping ScriptedServer.Script,
        check: (ScriptedServer) -> Void = { _ in }
    ) async throws -> S3Credentials? {
        try await ScriptedServer.run(script) { server in
            try await withUpstream { http in
                let given = [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r+w",
                    "AWS_ENDPOINT_URL_STS": server.origin,
                ]
                let environment = S3Environment(given.merging(variables) { $1 }) { path in
                    files[path].map { Array($0.utf8) }
                }
                let exchange = WebIdentityExchange(http: http, region: nil, timeout: .minutes(3))
                defer { check(server) }
                return try await WebIdentityCredentials(environment: environment, exchange: exchange).credentials()
            }
        }
    }

    private func failure(
        files: [String: String] = ["/token": "ey.J.x"],
        _ script: @escaping ScriptedServer.Script
    ) async -> ObjectStoreError? {
        do {
            _ = try await credentials(files: files, script)
            return nil
        } catch {
            return error as? ObjectStoreError
        }
    }

    private func kind(_ script: @escaping ScriptedServer.Script) async -> ObjectStoreError.Kind? {
        await failure(script)?.kind
    }

    @Test func `exchanges the token for a key`() async throws {
        let found = try await credentials(["AWS_ROLE_SESSION_NAME": "me@x"]) { _ in
            ScriptedAnswer(200, [], Array(Self.answer.utf8))
        } check: { server in
            #expect(server.requests.count == 1)
            #expect(server.requests.first?.method == .POST)
            #expect(server.requests.first?.headers["content-type"] == ["application/x-www-form-urlencoded"])
            #expect(server.requests.first?.authorization == nil)
            #expect(
                String(decoding: server.requests.first?.body ?? [], as: UTF8.self)
                    == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr%2Bw"
                    + "&RoleSessionName=me%40x&WebIdentityToken=ey.J.x"
            )
        }
        #expect(
            found
                == S3Credentials(
                    keyID: "ASgeIAIOSFODNN7EXAMPLE",
                    secret: "wJalrXUtnFEMI/K7MDENG",
                    sessionToken: "AQoDYXdzEE0a8ANXXX/+=",
                    expiration: HTTPDate("Fri, 24 Oct 2014 23:00:23 GMT")?.unixSeconds
                )
        )
    }

    @Test func `is not there without token file and role`() async throws {
        for name in ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"] {
            #expect(try await credentials([name: ""]) { _ in ScriptedAnswer(500) } == nil)
        }
    }

    @Test func `a token that is missing or none is an error, and is not shown`() async {
        let missing = await failure(files: [:]) { _ in ScriptedAnswer() }
        #expect(missing?.kind == .noCredentials)
        let broken = await failure(files: ["/token": "geheim geheim"]) { _ in ScriptedAnswer() }
        #expect(broken?.kind == .noCredentials)
        #expect(broken?.message.contains("geheim") == false)
    }

    @Test func `a refusal names its code`() async {
        let text = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>geheim</Message></Error></ErrorResponse>"
        let error = await failure { _ in ScriptedAnswer(403, [], Array(text.utf8)) }
        #expect(error?.kind == .denied)
        #expect(error?.message.contains("AccessDenied") == true)
        #expect(error?.message.contains("geheim") == false)
        #expect(error?.message.contains("ey.J.x") == false)
        #expect(await kind { _ in ScriptedAnswer(503) } == .away)
        #expect(await kind { _ in .dropped } == .away)
    }

    @Test(arguments: [
        "", "{}", "<A/>", Self.answer.replacing("2014-10-24T23:00:23Z", with: "soon"),
        Self.answer.replacing("<AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>", with: ""),
        Self.answer.replacing("wJalrXUtnFEMI", with: "a b"),
        Self.answer.replacing("AQoDYXdzEE0a8ANXXX", with: "a&#10;b"),
        String(repeating: " ", count: 70_000),
    ])
    func `what is no answer is an error`(body: String) async {
        #expect(await kind { _ in ScriptedAnswer(200, [], Array(body.utf8)) } == .invalid)
    }

    @Test func `a redirect is not followed`() async throws {
        let error = await failure { _ in ScriptedAnswer(307, [("Location", "http://127.0.0.1:1/")]) }
        #expect(error?.kind == .denied)
    }

    @Test func `a profile may name token and role`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200, [], Array(Self.answer.utf8))
        } _: { server in
            try await withUpstream { http in
                let files = ["/c": "[profile x]\nweb_identity_token_file=/t\nrole_arn=r", "/t": "token"]
                let environment = S3Environment(
                    ["AWS_PROFILE": "x", "AWS_CONFIG_FILE": "/c", "AWS_ENDPOINT_URL_STS": server.origin]
                ) { path in files[path].map { Array($0.utf8) } }
                let exchange = WebIdentityExchange(http: http, region: nil, timeout: .minutes(3))
                let found = try await ProfileCredentials(environment: environment, exchange: exchange).credentials()
                #expect(found?.keyID == "ASgeIAIOSFODNN7EXAMPLE")
            }
        }
    }
}
