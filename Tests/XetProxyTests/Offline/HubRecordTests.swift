import HTTPTypes
import NIOCore
import Testing
import XetAccess
import XetCache
import XetCore
import XetServer
import XetTestSupport
import XetWire
import _NIOFileSystem

@testable import XetProxy

@Suite struct HubRecordTests {
    private static let commit = String(repeating: "c", count: 40)
    private static let alice = "Bearer hf_alice"

    /// Processes over one archive, one after the other, in front of a Hub that says what it is told to.
    private struct Rig {
        let archive: DiskHubArchive
        let hub: HTTPAddress
        let repository: Repository
        let seconds = Watched<Int64>(1000)

        init(_ folder: FilePath) async throws {
            hub = try #require(HTTPAddress("https://hub.example/base"))
            repository = try #require(Repository(kind: .model, name: "acme/model"))
            archive = try await DiskHubArchive.open(
                folder.appending("hub.sqlite"),
                time: { [seconds] in seconds.value },
                key: { [UInt8](repeating: 1, count: 32) },
                onLoss: { Issue.record($0) },
                onFailure: { Issue.record($0) }
            )
        }

        /// What a new process knows of the Hub.
        func leases(isOffline: Bool = false) -> HubLeases {
            let time: @Sendable () -> UInt64 = { [seconds] in UInt64(seconds.value) }
            return HubLeases(
                HubLeases.Configuration(stale: .seconds(100), isOffline: isOffline),
                hub: hub,
                record: HubRecord(archive, key: archive.callerKey, hub: hub, time: time),
                metrics: MetricsRegistry(),
                time: time
            )
        }

        /// The same with `GET`.
        func ask(
            _ target: String,
            from authorization: String? = alice,
            _ status: Int?,
            _ headers: HTTPFields = [:],
            body: String = "",
            isLasting: Bool = true
        ) async throws -> HubAnswer? {
            try await ask(target, .get, from: authorization, status, headers, body: body, isLasting: isLasting)
        }

        /// Asks a new process, whose Hub answers with `status`, or not at all.
        func ask(
            _ target: String,
            _ method: HTTPRequest.Method,
            from authorization: String? = alice,
            _ status: Int?,
            _ headers: HTTPFields = [:],
            body: String = "",
            detail: HubQuestion.Detail = .none,
            isLasting: Bool = true,
            isOffline: Bool = true
        ) async throws -> HubAnswer? {
            let question = HubQuestion(
                method,
                target,
                detail: detail,
                isLasting: isLasting,
                repository: repository,
                authorization: authorization,
                headers: [:]
            )
            do {
                return try await leases(isOffline: isOffline).answer(to: question, from: authorization) { _ in
                    guard let status else { throw XetError(isOffline ? .offline : .connectionFailed, "away") }
                    let head = HTTPResponse(status: .init(code: status), headerFields: headers)
                    return HubAnswer(head, from: hub.appending(target), body: ByteBuffer(string: body))
                }
            } catch let error as XetError where error.isUnanswered {
                return nil
            }
        }
    }

    private static func with(_ body: @Sendable (Rig) async throws -> Void) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, path in try await body(Rig(path)) }
    }

    private static let file = "/acme/model/resolve/main/a"
    private static let head: HTTPFields = [.repoCommit: commit, .eTag: "\"t\"", .setCookie: "s=1", .contentLength: "3"]

    @Test func `an answer is for who got it, however the token is sent`() async throws {
        try await Self.with { rig in
            _ = try await rig.ask(Self.file, .head, 200, Self.head)
            rig.seconds.change { $0 += 7 }
            // "hf_alice" as a password.
            for authorization in [Self.alice, "bearer hf_alice", "Basic dXNlcjpoZl9hbGljZQ=="] {
                let found = try #require(try await rig.ask(Self.file, .head, from: authorization, nil))
                #expect(found.head.headerFields[.age] == "7" && found.isArchived)
                #expect(found.head.headerFields[.eTag] == "\"t\"" && found.head.headerFields[.setCookie] == nil)
            }
            for authorization in [nil, "Bearer hf_bob", "Bearer", "x"] {
                #expect(try await rig.ask(Self.file, .head, from: authorization, nil) == nil)
            }
            #expect(try await rig.ask("/acme/model/resolve/\(Self.commit)/a", .head, nil) != nil)
            #expect(try await rig.ask("/acme/model/resolve/main/b", .head, nil) == nil)
        }
    }

    @Test func `in an outage only what is young stands in, and for who was told`() async throws {
        try await Self.with { rig in
            _ = try await rig.ask("/api/models/acme/model", 200, body: #"{"private":false,"gated":false}"#)
            _ = try await rig.ask(Self.file, .head, 200, Self.head)
            #expect(try await rig.ask(Self.file, .head, nil, isOffline: false) != nil)
            #expect(try await rig.ask(Self.file, .head, from: nil, nil, isOffline: false) == nil)
            #expect(try await rig.ask(Self.file, .head, from: nil, nil) != nil, "it is public, and nobody can say more")
            _ = try await rig.ask(Self.file, .head, from: nil, 200, Self.head)
            #expect(try await rig.ask(Self.file, .head, from: nil, nil, isOffline: false) != nil)
            let before = try await rig.ask(Self.file, .head, 503, isOffline: false)
            #expect(before?.head.status == .ok)
            rig.seconds.change { $0 += 100 }
            #expect(try await rig.ask(Self.file, .head, nil, isOffline: false) == nil)
            #expect(try await rig.ask(Self.file, .head, nil) != nil)
        }
    }

    @Test(arguments: [401, 403, 404, 410])
    func `who is refused has lost it`(status: Int) async throws {
        try await Self.with { rig in
            _ = try await rig.ask(Self.file, .head, 200, Self.head)
            // What nobody has to have says nothing.
            _ = try await rig.ask("/api/models/acme/model/made-up", status)
            #expect(try await rig.ask(Self.file, .head, nil) != nil)
            _ = try await rig.ask("/api/models/acme/model", from: "Bearer hf_bob", status)
            #expect(try await rig.ask(Self.file, .head, nil) != nil)
            _ = try await rig.ask(Self.file, .head, status, isOffline: false)
            #expect(try await rig.ask(Self.file, .head, nil) == nil)
            _ = try await rig.ask(Self.file, .head, 404, [.errorCode: "EntryNotFound", .repoCommit: Self.commit])
            #expect(try await rig.ask(Self.file, .head, nil)?.head.status == .notFound)
        }
    }

    @Test func `what is no longer public is for nobody but who was told`() async throws {
        try await Self.with { rig in
            let info = "/api/models/acme/model"
            _ = try await rig.ask(info, from: nil, 200, body: #"{"private":false,"gated":false}"#)
            _ = try await rig.ask(Self.file, .head, from: nil, 200, Self.head)
            #expect(try await rig.ask(Self.file, .head, from: "Bearer hf_bob", nil) != nil)
            // A token that is none is refused anything.
            _ = try await rig.ask(info, from: "Bearer hf_none", 401)
            #expect(try await rig.ask(Self.file, .head, from: nil, nil) != nil)
            _ = try await rig.ask(info, 200, body: #"{"private":false,"gated":"auto"}"#)
            #expect(try await rig.ask(Self.file, .head, from: "Bearer hf_bob", nil) == nil)
            #expect(try await rig.ask(info, from: "Bearer hf_bob", nil) != nil)
            _ = try await rig.ask(info, from: "Bearer hf_bob", 404, [.errorCode: "RepoNotFound"])
            #expect(try await rig.ask(info, from: nil, nil) == nil)
            #expect(try await rig.ask(info, nil) != nil)
        }
    }

    @Test func `what gives access, is packed or is a part is not kept`() async throws {
        try await Self.with { rig in
            _ = try await rig.ask("/api/models/acme/model/xet-read-token/main", 200, body: "{}", isLasting: false)
            _ = try await rig.ask("/api/models/acme/model", 200, [.contentEncoding: "gzip"], body: "{}")
            _ = try await rig.ask("/acme/model/raw/main/a", 206, body: "a")
            #expect(rig.archive.size.answers == 0)
        }
    }

    @Test func `places elsewhere are not kept, and ways within the Hub are followed`() async throws {
        try await Self.with { rig in
            let link: HTTPFields = [
                .repoCommit: Self.commit, .linkedSize: "5", .location: "https://cdn.example/x?sign=1",
            ]
            _ = try await rig.ask("/acme/model/resolve/main/lfs", .head, 302, link)
            let found = try await rig.ask("/acme/model/resolve/main/lfs", .head, nil)
            #expect(found?.head.status.code == 302 && found?.head.headerFields[.location] == nil)
            let inner = "/api/resolve-cache/models/acme/model/\(Self.commit)/a"
            let first: HTTPFields = [.repoCommit: Self.commit, .eTag: "\"t\"", .location: "/base\(inner)"]
            _ = try await rig.ask(Self.file, .head, 307, first)
            #expect(try await rig.ask(Self.file, .head, nil)?.head.status.code == 307)
            #expect(try await rig.ask(Self.file, .head, nil, detail: .following) == nil)
            _ = try await rig.ask(inner, .head, 200, [.contentLength: "9"])
            let end = try await rig.ask(Self.file, .head, nil, detail: .following)
            #expect(end?.head.status == .ok && end?.head.headerFields[.repoCommit] == Self.commit)
            #expect(end?.head.headerFields[.linkedETag] == "\"t\"" && end?.head.headerFields[.contentLength] == "9")
            // It says so to who asks for the bytes as well.
            #expect(try await rig.ask(Self.file, nil)?.head.status.code == 307)
        }
    }

    @Test func `a listing proves what is missing if all of it is kept`() async throws {
        try await Self.with { rig in
            _ = try await rig.ask("/acme/model/resolve/main/other", .head, 200, Self.head)
            let next =
                "<https://hub.example/base/api/models/acme/model/tree/main?recursive=true&cursor=1>; rel=\"next\""
            let tree = "/api/models/acme/model/tree/main?recursive=True"
            _ = try await rig.ask(tree, 200, [.repoCommit: Self.commit, .link: next], body: #"[{"path":"x/y"}]"#)
            #expect(try await rig.ask(Self.file, .head, nil) == nil)
            _ = try await rig.ask("\(tree)&cursor=1", 200, [.repoCommit: Self.commit], body: #"[{"path":"b"}]"#)
            let missing = try await rig.ask(Self.file, .head, nil)
            #expect(missing?.head.status == .notFound && missing?.head.headerFields[.repoCommit] == Self.commit)
            #expect(missing?.head.headerFields[.errorCode] == "EntryNotFound")
            for path in ["x/y", "b"] {
                #expect(try await rig.ask("/acme/model/resolve/main/\(path)", .head, nil) == nil)
            }
            let folder = try await rig.ask("/api/models/acme/model/tree/main/x", nil)
            #expect(folder.map { String(buffer: $0.body) } == #"[{"path":"x/y"}]"#)
        }
    }

    @Test func `folders are listed from the whole tree, and those that it has not are missing`() async throws {
        try await Self.with { rig in
            _ = try await rig.ask("/acme/model/resolve/main/other", .head, 200, Self.head)
            let tree = "/api/models/acme/model/tree/main"
            let entries = ["x", "x/y", "x/z/a", "xy", "b"].map { #"{"path":"\#($0)"}"# }
            let all = "[\(entries.joined(separator: ","))]"
            _ = try await rig.ask("\(tree)?recursive=true", 200, [.repoCommit: Self.commit], body: all)
            func listed(_ target: String) async throws -> String? {
                try await rig.ask(target, nil).map { String(buffer: $0.body) }
            }
            #expect(try await listed("\(tree)/x?recursive=false&expand=false") == #"[{"path":"x/y"}]"#)
            #expect(try await listed("\(tree)/x?recursive=true") == #"[{"path":"x/y"},{"path":"x/z/a"}]"#)
            #expect(try await listed(tree) == #"[{"path":"x"},{"path":"xy"},{"path":"b"}]"#)
            // That says less than is asked for.
            #expect(try await listed("\(tree)/x?recursive=true&expand=true") == nil)
            let missing = try await rig.ask("\(tree)/data?recursive=false&expand=false", nil)
            #expect(missing?.head.status == .notFound)
            #expect(missing?.head.headerFields[.errorCode] == "EntryNotFound")
            // What it is asked for a file as if that were a folder nobody knows.
            #expect(try await listed("\(tree)/b") == nil)
        }
    }

    @Test func `a write ends where branches are and who may see it`() async throws {
        try await Self.with { rig in
            _ = try await rig.ask(Self.file, .head, 200, Self.head)
            await rig.leases().record?.forget(rig.repository)
            #expect(try await rig.ask(Self.file, .head, nil) == nil)
            _ = try await rig.ask(
                "/acme/model/resolve/main/b",
                .head,
                200,
                [.repoCommit: String(repeating: "d", count: 40)]
            )
            #expect(try await rig.ask(Self.file, .head, nil) == nil)
            #expect(try await rig.ask("/acme/model/resolve/\(Self.commit)/a", .head, nil) != nil)
        }
    }
}
