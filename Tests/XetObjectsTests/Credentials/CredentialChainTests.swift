import Testing
import XetAccess
import XetClient
import XetClientTestSupport

@testable import XetObjects

/// What is found in variables and files.
@Suite struct CredentialChainTests {
    private func credentials(
        _ variables: [String: String],
        files: [String: String] = [:],
        home: String? = "/home/u"
    ) async throws -> S3Credentials {
        try await withUpstream { http in
            let environment = S3Environment(variables, home: home) { path throws(ObjectStoreError) in
                if path.hasSuffix("denied") { throw ObjectStoreError(.noCredentials, "'\(path)' may not be read") }
                return files[path].map { Array($0.utf8) }
            }
            return try await S3CredentialCache(environment, region: nil, http: http).credentials()
        }
    }

    private func failure(
        _ variables: [String: String],
        files: [String: String] = [:],
        home: String? = "/home/u"
    ) async -> ObjectStoreError? {
        do {
            _ = try await credentials(variables, files: files, home: home)
            return nil
        } catch {
            return error as? ObjectStoreError
        }
    }

    private static let shared = "/home/u/.aws/credentials"
    private static let config = "/home/u/.aws/config"

    @Test func `variables come first`() async throws {
        let found = try await credentials(
            ["AWS_ACCESS_KEY_ID": " A\n", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_PROFILE": "x"],
            files: [Self.shared: "[x]\naws_access_key_id=B\naws_secret_access_key=s"]
        )
        #expect(found == S3Credentials(keyID: "A", secret: "s", sessionToken: "t"))
    }

    @Test(arguments: [
        (["AWS_ACCESS_KEY_ID": "A"], "AWS_SECRET_ACCESS_KEY is not"),
        (["AWS_SECRET_ACCESS_KEY": "geheim"], "AWS_ACCESS_KEY_ID is not"),
        (["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": " "], "AWS_SECRET_ACCESS_KEY is not"),
        (["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "geheim\r\nx"], "no key is made of"),
        (
            ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "geheim", "AWS_SESSION_TOKEN": "gehe im"],
            "no key is made of"
        ),
    ])
    func `half a key is an error`(variables: [String: String], words: String) async {
        let error = await failure(variables)
        #expect(error?.kind == .noCredentials)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("geh") == false)
    }

    @Test func `the default profile of either file, or the one that is named`() async throws {
        let files = [
            Self.shared: "[default]\naws_access_key_id=A\naws_secret_access_key=s",
            Self.config: """
            [default]
            aws_access_key_id=B
            aws_secret_access_key=s
            [profile x]
            aws_access_key_id=C
            aws_secret_access_key=s
            aws_session_token=t
            """,
        ]
        #expect(try await credentials([:], files: files).keyID == "A")
        #expect(try await credentials([:], files: [Self.config: files[Self.config] ?? ""]).keyID == "B")
        #expect(try await credentials(["AWS_PROFILE": "x"], files: files).sessionToken == "t")
        let elsewhere = ["/c": "[default]\naws_access_key_id=D\naws_secret_access_key=s"]
        #expect(try await credentials(["AWS_SHARED_CREDENTIALS_FILE": "/c"], files: elsewhere, home: nil).keyID == "D")
        #expect(try await credentials(["AWS_CONFIG_FILE": "/c"], files: elsewhere, home: nil).keyID == "D")
    }

    @Test(arguments: [
        ("[y]", "no such profile"), ("[x]\nregion=r", "has no aws_access_key_id"),
        ("[x]\ncredential_process=/bin/sh", "credential_process, which is not supported"),
        ("[x]\nrole_arn=r\nsource_profile=y", "source_profile, which is not supported"),
        ("[x]\naws_access_key_id=A\naws_secret_access_key=geh eim", "no key is made of"),
    ])
    func `a profile that was chosen has to be one`(file: String, words: String) async {
        let error = await failure(["AWS_PROFILE": "x"], files: [Self.shared: file])
        #expect(error?.kind == .noCredentials)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("geh") == false)
    }

    @Test func `says what was looked for`() async {
        let error = await failure([:])
        #expect(error?.kind == .noCredentials)
        for word in [
            "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "'default'", Self.shared, Self.config,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", "IMDS",
        ] {
            #expect(error?.message.contains(word) == true, "\(word)")
        }
        #expect(await failure([:], home: nil)?.kind == .noCredentials)
    }

    @Test func `a file that cannot be read or is too long is an error`() async {
        #expect(await failure(["AWS_CONFIG_FILE": "/denied"])?.message.contains("may not be read") == true)
        let long = String(repeating: "#", count: S3Environment.maximumFileByteCount + 1)
        #expect(await failure([:], files: [Self.shared: long])?.message.contains("more than 1024 KiB") == true)
    }

    @Test func `the region is in a variable or in the profile`() throws {
        let files = [Self.config: "[default]\nregion=a\n[profile x]\nregion=b"]
        func region(_ variables: [String: String]) throws -> String? {
            let environment = S3Environment(variables, home: "/home/u") { path in files[path].map { Array($0.utf8) } }
            return try environment.region()
        }
        #expect(try region([:]) == "a")
        #expect(try region(["AWS_PROFILE": "x"]) == "b")
        #expect(try region(["AWS_PROFILE": "y"]) == nil)
        #expect(try region(["AWS_DEFAULT_REGION": "c"]) == "c")
        #expect(try region(["AWS_DEFAULT_REGION": "c", "AWS_REGION": "d"]) == "d")
    }

    @Test func `reads files that are there`() throws {
        let environment = S3Environment(["AWS_CONFIG_FILE": "/nonexistent/config"], home: "/nonexistent")
        #expect(try environment.region() == nil)
        #expect(try environment.bytes(of: #filePath)?.isEmpty == false)
        #expect(throws: ObjectStoreError.self) { try environment.bytes(of: "/") }
    }
}
