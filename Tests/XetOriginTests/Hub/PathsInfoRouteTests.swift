import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

@Suite struct PathsInfoRouteTests {
    private static let files: [String: [UInt8]] = [
        "models/acme/demo/large.bin": Inputs.lines(150_000), "models/acme/demo/sub/ü +&=.txt": [1],
    ]

    private func ask(_ origin: OriginFixture, _ type: String, _ body: String) async throws -> TestResponse {
        var headers = HTTPFields()
        headers[.contentType] = type
        return try await origin.send(
            .post,
            "/api/models/acme/demo/paths-info/main",
            headers: headers,
            body: Array(body.utf8)
        )
    }

    @Test func `takes a form`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let form = "paths=large.bin&paths=sub%2F%C3%BC+%2B%26%3D.txt&paths=sub&paths=nothing&expand=False"
            let answer = try await ask(origin, "application/x-www-form-urlencoded", form)
            #expect(try answer.json([TreeEntryBody].self).map(\.path) == ["large.bin", "sub/ü +&=.txt", "sub"])
            #expect(!answer.text.contains("lastCommit"))
        }
    }

    @Test func `takes JSON`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await ask(origin, "application/json", #"{"paths": ["sub/ü +&=.txt"], "expand": true}"#)
            #expect(try answer.json([TreeEntryBody].self).map(\.path) == ["sub/ü +&=.txt"])
            #expect(answer.text.contains("lastCommit"))
        }
    }

    @Test(arguments: [("application/json", "{"), ("application/json", "[]"), ("text/plain", "paths=%zz")])
    func `refuses what is neither`(type: String, body: String) async throws {
        try await OriginFixture.with(Self.files) { origin async throws in
            #expect(try await ask(origin, type, body).status == .badRequest)
        }
    }

    @Test func `refuses what is too long`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws in
            let body = String(repeating: "a", count: PathsInfoRoute.maximumBodyByteCount + 1)
            #expect(try await ask(origin, "text/plain", body).status == .contentTooLarge)
        }
    }
}
