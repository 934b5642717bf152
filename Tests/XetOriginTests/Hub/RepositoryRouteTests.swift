import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

@Suite struct RepositoryRouteTests {
    private static let files: [String: [UInt8]] = [
        "models/acme/demo/large.bin": Inputs.lines(150_000), "models/acme/demo/a b.txt": [1], "spaces/acme/app/x": [2],
    ]

    @Test func `describes a repository`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            for path in ["/api/models/acme/demo", "/api/models/acme/demo/revision/main"] {
                let body = try await origin.get(path).object()
                #expect(body["id"] as? String == "acme/demo")
                #expect((body["sha"] as? String)?.count == 40)
                #expect(body["private"] as? Bool == false)
                #expect(body["gated"] as? Bool == false)
                let siblings = try #require(body["siblings"] as? [[String: Any]])
                #expect(siblings.map { $0["rfilename"] as? String } == ["a b.txt", "large.bin"])
                #expect(siblings.allSatisfy { $0.count == 1 })
            }
            let app = try await origin.get("/api/spaces/acme/app").object()
            #expect(app["modelId"] == nil)
        }
    }

    @Test func `adds what is known of the files`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let body = try await origin.get("/api/models/acme/demo/revision/main?blobs=true").object()
            let siblings = try #require(body["siblings"] as? [[String: Any]])
            #expect(siblings.map { $0["size"] as? Int } == [1, 150_000])
            #expect(siblings[0]["lfs"] == nil)
            let lfs = try #require(siblings[1]["lfs"] as? [String: Any])
            #expect((lfs["sha256"] as? String)?.count == 64)
        }
    }

    @Test func `unknown revisions are said to be`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/api/models/acme/demo/revision/dev")
            #expect(answer.status == .notFound)
            #expect(answer.headers[.errorCode] == HubErrorCode.revisionNotFound)
        }
    }

    @Test func `names the only branch`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let body = try await origin.get("/api/models/acme/demo/refs").object()
            let branches = try #require(body["branches"] as? [[String: String]])
            let sha = try await origin.get("/api/models/acme/demo").object()["sha"] as? String
            #expect(branches.map { $0["name"] } == ["main"])
            #expect(branches[0]["targetCommit"] == sha)
        }
    }

    @Test(arguments: ["/", "/nothing", "/api", "/api/model", "/api/models/acme/demo/unknown", "/api/agent-harnesses"])
    func `other paths are not found, as JSON`(path: String) async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get(path)
            #expect(answer.status == .notFound)
            #expect(try answer.json(ErrorBody.self).error.isEmpty == false)
        }
    }
}
