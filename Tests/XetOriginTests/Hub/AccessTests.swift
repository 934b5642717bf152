import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

/// Who gets what on the routes of the Hub.
@Suite struct AccessTests {
    private static let files: [String: [UInt8]] = [
        "models/acme/open/x.bin": Inputs.lines(120_000), "models/acme/secret/x.bin": Inputs.lines(130_000),
        "models/acme/gated/x.bin": Inputs.lines(140_000), "models/acme/gated/small.txt": [1],
    ]
    private static let json = """
        {"private": ["models/acme/secret"], "gated": ["models/acme/gated"],
         "tokens": {"t-alice": {"name": "alice", "read": ["models/acme/*"]}, "t-bob": {"name": "bob"}}}
        """

    private func with(_ body: @Sendable (OriginFixture) async throws -> Void) async throws {
        try await OriginFixture.with(Self.files, rules: AccessRules(json: Self.json.utf8), body)
    }

    private static let pathsOfSecret = [
        "/acme/secret/resolve/main/x.bin", "/api/models/acme/secret", "/api/models/acme/secret/revision/main",
        "/api/models/acme/secret/tree/main", "/api/models/acme/secret/refs",
        "/api/models/acme/secret/xet-read-token/main", "/api/models/acme/secret/xet-write-token/main",
    ]

    @Test(arguments: pathsOfSecret)
    func `a private repository looks like none`(path: String) async throws {
        try await with { origin in
            let missing = path.replacingOccurrences(of: "secret", with: "missing")
            for (token, status) in [(nil, HTTPResponse.Status.unauthorized), ("t-bob", .notFound)] {
                let answers = [try await origin.get(path, token: token), try await origin.get(missing, token: token)]
                for answer in answers {
                    #expect(answer.status == status)
                    #expect(answer.headers[.errorCode] == HubErrorCode.repositoryNotFound)
                    #expect(answer.headers[.repoCommit] == nil)
                }
                #expect(answers[0].bytes == answers[1].bytes)
            }
        }
    }

    @Test func `a private repository is there for those who may read it`() async throws {
        try await with { origin in
            for path in Self.pathsOfSecret where !path.contains("write-token") {
                let status = try await origin.get(path, token: "t-alice").status
                #expect(status == .ok || status == .found, "\(path)")
            }
            let info = try await origin.get("/api/models/acme/secret", token: "t-alice").object()
            #expect(info["private"] as? Bool == true)
        }
    }

    @Test func `a gated repository shows itself but not its files`() async throws {
        try await with { origin async throws in
            for path in ["/api/models/acme/gated", "/api/models/acme/gated/tree/main"] {
                #expect(try await origin.get(path).status == .ok)
            }
            for path in [
                "/acme/gated/resolve/main/x.bin", "/acme/gated/resolve/main/small.txt",
                "/acme/gated/resolve/main/nothing", "/api/models/acme/gated/xet-read-token/main",
            ] {
                for (token, status) in [(nil, HTTPResponse.Status.unauthorized), ("t-bob", .forbidden)] {
                    let answer = try await origin.get(path, token: token)
                    #expect(answer.status == status)
                    #expect(answer.headers[.errorCode] == HubErrorCode.gatedRepository)
                }
            }
            #expect(try await origin.get("/acme/gated/resolve/main/x.bin", token: "t-alice").status == .found)
        }
    }

    @Test func `a token that is not known is refused everywhere`() async throws {
        try await with { origin async throws in
            for path in ["/acme/open/resolve/main/x.bin", "/api/models/acme/open", "/api/whoami-v2"] {
                let answer = try await origin.get(path, token: "t-nobody")
                #expect(answer.status == .unauthorized)
                #expect(answer.headers[.errorMessage] == "Invalid credentials in Authorization header")
                #expect(answer.headers[.errorCode] == nil)
            }
            var headers = HTTPFields()
            headers[.authorization] = "Basic dDp0"
            #expect(try await origin.get("/acme/open/resolve/main/x.bin", headers: headers).status == .unauthorized)
        }
    }

    @Test func `says who a token belongs to`() async throws {
        try await with { origin async throws in
            #expect(try await origin.get("/api/whoami-v2", token: "t-bob").object()["name"] as? String == "bob")
            #expect(try await origin.get("/api/whoami-v2").status == .unauthorized)
        }
    }

    @Test func `who may not write gets no token for it`() async throws {
        try await with { origin async throws in
            let path = "/api/models/acme/open/xet-write-token/main"
            #expect(try await origin.get(path).status == .unauthorized)
            #expect(try await origin.get(path, token: "t-alice").status == .forbidden)
        }
    }

    @Test func `a CAS token gives the files of its repository only`() async throws {
        try await with { origin in
            let hash = try #require(
                try await origin.get("/acme/secret/resolve/main/x.bin", token: "t-alice").headers[.xetHash]
            )
            let secret = try await origin.casToken("read", "models/acme/secret", token: "t-alice")
            let open = try await origin.casToken("read", "models/acme/open")
            let path = "/v2/reconstructions/\(hash)"
            #expect(try await origin.get(path, token: secret).status == .ok)
            #expect(try await origin.get(path, token: open).status == .notFound)
            #expect(try await origin.get(path, token: "t-alice").status == .unauthorized)
            #expect(try await origin.get(path).status == .unauthorized)
        }
    }
}
