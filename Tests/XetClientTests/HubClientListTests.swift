import Synchronization
import Testing
import XetAccess
import XetClientTestSupport
import XetCore
import XetWire

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct HubClientListTests {
    private static func page(_ names: String...) -> String {
        let entries = names.map { #"{"type":"file","path":"\#($0)","size":5,"oid":"00"}"# }
        return
            "[\(entries.joined(separator: ",")),{\"type\":\"directory\",\"path\":\"folder\",\"size\":0,\"oid\":\"00\"}]"
    }

    private func list(_ hub: HubClient) async throws -> [String] {
        guard let repository = Repository(kind: .dataset, name: "owner/name") else { return [] }
        var paths: [String] = []
        try await hub.list(repository, revision: "refs/pr/1", token: HubToken("hf_a")) { page in
            paths += page.map(\.path)
        }
        return paths
    }

    private func error(_ hub: HubClient) async -> XetError? {
        do {
            _ = try await list(hub)
            return nil
        } catch {
            return error as? XetError
        }
    }

    @Test func `one page without folders`() async throws {
        try await withHub({ _ in ScriptedAnswer(json: Self.page("a", "b/c")) }) { hub, server in
            let found = try await list(hub)
            #expect(found == ["a", "b/c"])
            #expect(
                server.requests.map(\.target) == [
                    "/api/datasets/owner/name/tree/refs%2Fpr%2F1?recursive=true&expand=false"
                ]
            )
            #expect(server.requests.map(\.authorization) == ["Bearer hf_a"])
        }
    }

    /// How a Hub may write the address of the next page.
    enum Link: CaseIterable {
        case absolute, path, queryOnly
    }

    @Test(arguments: Link.allCases, ["", "/hub"])
    func `pages follow each other with the token`(link: Link, base: String) async throws {
        let origin = Mutex("")
        let path = "\(base)/api/datasets/owner/name/tree/refs%2Fpr%2F1"
        try await withHub(
            path: base,
            { request in
                guard !request.target.contains("cursor=") else { return ScriptedAnswer(json: Self.page("b")) }
                let next =
                    switch link {
                    case .absolute: "\(origin.withLock { $0 })\(path)?cursor=x%3D%3D&limit=1"
                    case .path: "\(path)?cursor=x%3D%3D&limit=1"
                    case .queryOnly: "?cursor=x%3D%3D&limit=1"
                    }
                return ScriptedAnswer(200, [("Link", "<\(next)>; rel=\"next\"")], json: Self.page("a"))
            }
        ) { hub, server in
            origin.withLock { $0 = server.origin }
            let found = try await list(hub)
            #expect(found == ["a", "b"])
            #expect(server.requests.last?.target == "\(path)?cursor=x%3D%3D&limit=1")
            #expect(server.requests.map(\.authorization) == ["Bearer hf_a", "Bearer hf_a"])
        }
    }

    /// The path of an endpoint ends with a segment, not inside one.
    @Test func `a page outside the endpoint's path is not asked for under another name`() async throws {
        try await withHub(
            path: "/hub",
            { request in
                request.target.hasPrefix("/hub/api/")
                    ? ScriptedAnswer(200, [("Link", "</hubble/next>; rel=\"next\"")], json: Self.page("a"))
                    : ScriptedAnswer(json: Self.page("b"))
            }
        ) { hub, server in
            _ = await error(hub)
            #expect(!server.requests.map(\.target).contains("/hub/ble/next"))
        }
    }

    @Test func `a next page elsewhere is refused`() async throws {
        try await ScriptedServer.run({ _ in ScriptedAnswer(json: Self.page("b")) }) { other in
            let origin = other.origin
            try await withHub({ _ in
                ScriptedAnswer(200, [("Link", "<\(origin)/api/next>; rel=\"next\"")], json: Self.page("a"))
            }) { hub, server in
                #expect(await error(hub)?.code == .invalidResponse)
                #expect(server.requests.count == 1)
            }
            #expect(other.requests.isEmpty)
        }
    }

    @Test(arguments: ["", "{}", "[1]", #"[{"type":"file"}]"#, #"[{"type":"file","path":"a","size":-1}]"#, "[", "null"])
    func `what is no listing`(json: String) async throws {
        try await withHub({ _ in ScriptedAnswer(json: json) }) { hub, _ in
            #expect(await error(hub)?.code == .invalidResponse)
        }
    }

    @Test func `an error status`() async throws {
        try await withHub({ _ in ScriptedAnswer(404, [("X-Error-Code", "RevisionNotFound")]) }) { hub, _ in
            let error = await error(hub)
            #expect(error?.code == .notFound)
            #expect(error?.response?.errorCode == "RevisionNotFound")
        }
    }

    @Test func `links that are not the next page`() async throws {
        try await withHub({ _ in
            ScriptedAnswer(200, [("Link", "</first>; rel=\"first\", </last>; rel=last")], json: Self.page("a"))
        }) { hub, server in
            let found = try await list(hub)
            #expect(found == ["a"])
            #expect(server.requests.count == 1)
        }
    }
}
