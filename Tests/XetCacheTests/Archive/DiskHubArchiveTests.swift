import Synchronization
import Testing
import XetAccess
import XetCore
import XetStore
import XetTestSupport
import _NIOFileSystem

@testable import XetCache

@Suite struct DiskHubArchiveTests {
    private static let name = "models/acme/model"
    private static let first = String(repeating: "1", count: 40)
    private static let second = String(repeating: "2", count: 40)
    private static let hash = String(repeating: "ab", count: 32)

    private static func withFolder(_ body: @Sendable (FilePath) async throws -> Void) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, path in try await body(path.appending("hub.sqlite")) }
    }

    private static func open(
        _ path: FilePath,
        byteLimit: Int = 1 << 20,
        time: @escaping @Sendable () -> Int64 = { 1 },
        key: UInt8 = 7,
        onLoss: (any Error) -> Void = { _ in }
    ) async throws -> DiskHubArchive {
        try await DiskHubArchive.open(
            path,
            byteLimit: byteLimit,
            time: time,
            key: { [UInt8](repeating: key, count: 32) },
            onLoss: onLoss,
            onFailure: { _ in }
        )
    }

    private static func answer(
        _ target: String,
        _ method: String = "GET",
        commit: String? = nil,
        tag: String? = nil,
        status: Int = 200,
        headers: [ArchivedAnswer.Header] = [],
        body: String = "",
        time: Int64 = 1
    ) -> ArchivedAnswer {
        var headers = headers
        if let commit { headers.append(.init("x-repo-commit", commit)) }
        if let tag { headers.append(.init("ETag", "W/\"\(tag)\"")) }
        return ArchivedAnswer(
            repository: name,
            method: method,
            target: target,
            status: status,
            headers: headers,
            body: Array(body.utf8),
            time: time
        )
    }

    @Test func `an answer is there again as it came`() async throws {
        try await Self.withFolder { path in
            let odd = Self.answer(
                "/acme/model/raw/main/x?y=%41",
                headers: [.init("B", "2"), .init("a", ""), .init("B", "ü")],
                body: "\0\u{1F642}",
                time: 9
            )
            do {
                let archive = try await Self.open(path)
                try await archive.keep([odd, Self.answer("/api/models/acme/model/refs", body: "{}")])
                #expect(archive.size.answers == 2)
            }
            let archive = try await Self.open(path, key: 8)
            #expect(archive.callerKey == [UInt8](repeating: 7, count: 32), "callers have the names that they had")
            #expect(try await archive.answer(to: "GET", odd.target, of: Self.name) == odd)
            #expect(try await archive.answer(to: "HEAD", odd.target, of: Self.name) == nil)
            #expect(try await archive.answer(to: "GET", odd.target, of: "models/acme/other") == nil)
            #expect(try await archive.answer(to: "GET", odd.target, of: "x") == nil)
            #expect(archive.size.answers == 2 && archive.size.bytes > 0)
        }
    }

    @Test func `branch and commit find each other`() async throws {
        try await Self.withFolder { path in
            let archive = try await Self.open(path)
            try await archive.keep([Self.answer("/acme/model/resolve/main/a", "HEAD", commit: Self.first, time: 5)])
            for revision in ["main", Self.first] {
                let found = try await archive.answer(to: "HEAD", "/acme/model/resolve/\(revision)/a", of: Self.name)
                #expect(found?.target == "/acme/model/resolve/\(Self.first)/a")
            }
            // An info says where the branch is as well, with and without a name.
            let info = Self.answer("/api/models/acme/model", body: #"{"sha":"\#(Self.second)"}"#, time: 6)
            try await archive.keep([info])
            #expect(try await archive.commit(of: "main", in: Self.name) == Self.second)
            #expect(try await archive.answer(to: "HEAD", "/acme/model/resolve/main/a", of: Self.name) == nil)
            for target in ["", "/revision/main", "/revision/\(Self.second)", "/revision/main?blobs=False"] {
                let found = try await archive.answer(to: "GET", "/api/models/acme/model\(target)", of: Self.name)
                #expect(found?.body == info.body)
            }
            // What comes late does not move it back.
            try await archive.keep([Self.answer("/acme/model/resolve/main/b", "HEAD", commit: Self.first, time: 5)])
            #expect(try await archive.commit(of: "main", in: Self.name) == Self.second)
            let refs = #"{"branches":[{"name":"dev","ref":"refs/heads/dev","targetCommit":"\#(Self.first)"}]}"#
            try await archive.keep([Self.answer("/api/models/acme/model/refs", body: refs)])
            let found = try await archive.answer(to: "HEAD", "/acme/model/resolve/dev/a", of: Self.name)
            #expect(found?.time == 5)
        }
    }

    @Test func `content is found by its tag, and kept once`() async throws {
        try await Self.withFolder { path in
            let archive = try await Self.open(path)
            for (commit, time) in [(Self.first, Int64(1)), (Self.second, 2)] {
                let target = "/acme/model/resolve/\(commit)/a"
                try await archive.keep([
                    Self.answer(target, commit: commit, tag: "t", body: "content", time: time),
                    Self.answer(target, "HEAD", commit: commit, tag: "t", headers: [.init("X-Xet-Hash", Self.hash)]),
                ])
            }
            #expect(try await archive.content("t", of: Self.name)?.body == Array("content".utf8))
            #expect(try await archive.content("u", of: Self.name) == nil)
            #expect(archive.size.answers == 3)
            let named = try await archive.answer(naming: Self.hash, of: Self.name)
            #expect(named?.method == "HEAD")
            #expect(try await archive.answer(naming: String(repeating: "0", count: 64), of: Self.name) == nil)
            #expect(try await archive.answer(naming: "x", of: Self.name) == nil)
        }
    }

    @Test func `all of a repository is listed once`() async throws {
        try await Self.withFolder { path in
            let archive = try await Self.open(path, byteLimit: 64 << 20)
            let answers = (0..<200).map { Self.answer("/acme/model/raw/main/\($0)", "HEAD") }
            try await archive.keep(
                answers + answers.map { Self.answer($0.target, body: String(repeating: "x", count: 100_000)) }
            )
            var (found, last): ([ArchivedAnswer], String?) = ([], nil)
            while case let page = try await archive.answers(of: Self.name, after: last), let end = page.last {
                #expect(page.reduce(0) { $0 + $1.body.count } < 9 << 20)
                found += page
                last = end.target
            }
            #expect(found.count == 400 && Set(found).count == 400)
        }
    }

    @Test func `the oldest go when there is no room`() async throws {
        try await Self.withFolder { path in
            let limit = 1 << 16
            let archive = try await Self.open(path, byteLimit: limit)
            for number in 0..<100 {
                try await archive.keep([
                    Self.answer("/acme/model/raw/main/\(number)", body: String(repeating: "x", count: 4000))
                ])
                #expect(archive.size.bytes <= limit)
            }
            #expect(try await archive.answer(to: "GET", "/acme/model/raw/main/99", of: Self.name) != nil)
            #expect(try await archive.answer(to: "GET", "/acme/model/raw/main/0", of: Self.name) == nil)
            // One that would take most of it is not kept.
            try await archive.keep([Self.answer("/acme/model/raw/main/big", body: String(repeating: "x", count: limit))]
            )
            #expect(try await archive.answer(to: "GET", "/acme/model/raw/main/big", of: Self.name) == nil)
            #expect(try await archive.answer(to: "GET", "/acme/model/raw/main/99", of: Self.name) != nil)
        }
    }

    /// What a caller may see, and the files.
    private static func rights(_ archive: DiskHubArchive, _ caller: [UInt8]?) async throws -> [Bool] {
        [
            try await archive.isPermitted(caller, name, files: false),
            try await archive.isPermitted(caller, name, files: true),
        ]
    }

    @Test func `who may see what`() async throws {
        try await Self.withFolder { path in
            let archive = try await Self.open(path)
            let (alice, bob): ([UInt8], [UInt8]) = ([1], [2])
            #expect(try await Self.rights(archive, nil) == [false, false])
            // That somebody is refused who had nothing changes nothing.
            try await archive.deny(bob, Self.name, filesAlone: false)
            try await archive.permit(alice, Self.name, files: false)
            #expect(try await Self.rights(archive, alice) == [true, false])
            #expect(try await Self.rights(archive, bob) == [false, false])
            try await archive.permit(alice, Self.name, files: true)
            try await archive.permit(alice, Self.name, files: false)
            #expect(try await Self.rights(archive, alice) == [true, true])
            try await archive.permit(nil, Self.name, files: true)
            #expect(try await Self.rights(archive, bob) == [true, true])
            try await archive.deny(bob, Self.name, filesAlone: false)
            #expect(
                try await Self.rights(archive, bob) == [false, false],
                "a refusal counts more than what everybody may"
            )
            try await archive.permit(bob, Self.name, files: false)
            #expect(try await Self.rights(archive, bob) == [true, true])
            try await archive.deny(bob, Self.name, filesAlone: true)
            #expect(try await Self.rights(archive, bob) == [true, false])
            try await archive.deny(nil, Self.name, filesAlone: true)
            #expect(try await Self.rights(archive, nil) == [true, false])
            #expect(try await Self.rights(archive, alice) == [true, true])
            try await archive.forget(Self.name)
            #expect(try await Self.rights(archive, alice) == [false, false])
        }
    }

    @Test func `since when`() async throws {
        try await Self.withFolder { path in
            let now = Atomic<Int64>(10)
            let archive = try await Self.open(path, time: { now.load(ordering: .relaxed) })
            let alice: [UInt8] = [1]
            func rights(since time: Int64, _ caller: [UInt8]? = [1]) async throws -> [Bool] {
                [
                    try await archive.wasPermitted(caller, Self.name, files: false, since: time),
                    try await archive.wasPermitted(caller, Self.name, files: true, since: time),
                ]
            }
            try await archive.permit(nil, Self.name, files: true)
            #expect(try await rights(since: 0) == [false, false], "what everybody may is not what this one was told")
            try await archive.permit(alice, Self.name, files: true)
            now.store(20, ordering: .relaxed)
            try await archive.permit(alice, Self.name, files: false)
            #expect(try await rights(since: 10) == [true, true])
            #expect(try await rights(since: 11) == [true, false])
            #expect(try await rights(since: 21) == [false, false])
            try await archive.deny(alice, Self.name, filesAlone: true)
            #expect(try await rights(since: 0) == [true, false])
            try await archive.deny(alice, Self.name, filesAlone: false)
            #expect(try await rights(since: 0) == [false, false])
            #expect(try await rights(since: 10, nil) == [true, true])
        }
    }

    @Test func `what rotted is not there`() async throws {
        try await Self.withFolder { path in
            do {
                let archive = try await Self.open(path)
                try await archive.keep([
                    Self.answer("/acme/model/raw/main/a", body: "a"),
                    Self.answer("/acme/model/resolve/main/b", "HEAD", commit: Self.first),
                ])
                try await archive.permit(nil, Self.name, files: true)
            }
            do {
                let database = try Database(path.string, cacheByteCount: 1 << 20)
                // In the place of another, and with other bytes.
                try database.execute("UPDATE answer SET status = 404 WHERE method = CAST('GET' AS BLOB)")
                try database.execute(
                    "UPDATE reference SET kept = kept || x'00'; UPDATE permission SET caller = x'0101'"
                )
            }
            let archive = try await Self.open(path)
            #expect(try await archive.answer(to: "GET", "/acme/model/raw/main/a", of: Self.name) == nil)
            #expect(try await archive.commit(of: "main", in: Self.name) == nil)
            #expect(try await Self.rights(archive, [1]) == [false, false])
            #expect(try await Self.rights(archive, nil) == [false, false])
        }
    }

    @Test(arguments: ["no database", "a later version", "an earlier mark", "no key"])
    func `a damaged one is begun anew`(damage: String) async throws {
        try await Self.withFolder { path in
            do {
                let archive = try await Self.open(path)
                try await archive.keep([Self.answer("/acme/model/raw/main/a")])
            }
            switch damage {
            case "no database":
                try await FileSystem.shared.removeItem(at: path)
                try await FileSystem.shared.replaceFile(at: path, with: [UInt8](repeating: 1, count: 8192))
            case "a later version":
                try Database(path.string, cacheByteCount: 1 << 20).execute("PRAGMA user_version = 99")
                await #expect(throws: HubArchiveError.otherVersion(99, isOlder: false)) { try await Self.open(path) }
                return
            case "an earlier mark":
                try await FileSystem.shared.replaceFile(at: FilePath("\(path)-damaged"), with: [])
            default:
                try Database(path.string, cacheByteCount: 1 << 20).execute("UPDATE secret SET secret = x'00'")
            }
            let losses = Mutex(0)
            let archive = try await Self.open(path, key: 9, onLoss: { _ in losses.withLock { $0 += 1 } })
            #expect(losses.withLock { $0 } == 1)
            #expect(archive.size.answers == 0 && archive.callerKey[0] == 9)
            try await archive.keep([Self.answer("/acme/model/raw/main/a")])
            #expect(try await Self.open(path, onLoss: { _ in losses.withLock { $0 += 1 } }).size.answers == 1)
            #expect(losses.withLock { $0 } == 1)
        }
    }
}
