import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import XetCore
import XetTestSupport
import XetWire
import _NIOFileSystem

@testable import XetOrigin

/// What is served when the folder changes.
@Suite struct CatalogKeeperTests {
    private static let (first, second) = (Inputs.splitmix(300_000, seed: 81), Inputs.splitmix(310_000, seed: 82))
    private static let files: [String: [UInt8]] = [
        "models/acme/demo/large.bin": first, "models/acme/demo/small.txt": Array("one".utf8),
        "datasets/acme/data/x.txt": [1],
    ]

    private func commit(_ origin: OriginFixture, _ repository: String = "acme/demo") async throws -> String {
        try #require(try await origin.get("/api/models/\(repository)").object()["sha"] as? String)
    }

    /// The bytes that a client gets in the end.
    private func content(_ origin: OriginFixture, _ path: String, revision: String = "main") async throws -> [UInt8]? {
        let answer = try await origin.get("/acme/demo/resolve/\(revision)/\(path)")
        switch answer.status {
        case .ok: return answer.bytes
        case .found: return try await origin.get(try #require(answer.headers[.location])).bytes
        default: return nil
        }
    }

    @Test func `new, changed and removed files are seen`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws -> Void in
            let before = try await commit(origin)
            try await origin.folder.write(Self.second, to: "models/acme/demo/large.bin")
            try await origin.folder.write([7], to: "models/acme/demo/sub/new.txt")
            try await origin.folder.write([8], to: "models/acme/other/x.txt")
            try await FileSystem.shared.removeItem(at: origin.folder.location("models/acme/demo/small.txt"))
            try await FileSystem.shared.removeItem(at: origin.folder.location("datasets/acme/data"))
            // Nothing happens until somebody looks.
            #expect(try await commit(origin) == before)
            #expect(try await origin.origin.look())

            #expect(try await commit(origin) != before)
            #expect(try await content(origin, "large.bin") == Self.second)
            #expect(try await content(origin, "sub/new.txt") == [7])
            #expect(try await content(origin, "small.txt") == nil)
            #expect(try await origin.get("/acme/other/resolve/main/x.txt").bytes == [8])
            let gone = try await origin.get("/api/datasets/acme/data")
            #expect(gone.headers[.errorCode] == HubErrorCode.repositoryNotFound)
            let tree = try await origin.get("/api/models/acme/demo/tree/main?recursive=true").json([TreeEntryBody].self)
            #expect(tree.map(\.path) == ["large.bin", "sub", "sub/new.txt"])
        }
    }

    @Test func `a commit keeps what it can keep`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws -> Void in
            let old = try await commit(origin)
            let address = try #require(try await origin.get("/acme/demo/resolve/main/large.bin").headers[.location])
            let hash = try #require(try await origin.get("/acme/demo/resolve/main/large.bin").headers[.xetHash])
            try await origin.folder.write(Self.second, to: "models/acme/demo/large.bin")
            try await origin.folder.write(Array("two".utf8), to: "models/acme/demo/small.txt")
            try await origin.origin.look()
            let new = try await commit(origin)
            #expect(new != old)

            // A large file is in the stores, whatever the folder has by now; a small one is gone.
            #expect(try await content(origin, "large.bin", revision: old) == Self.first)
            #expect(try await origin.get(address).bytes == Self.first)
            let token = try await origin.casToken()
            #expect(try await origin.get("/v2/reconstructions/\(hash)", token: token).status == .ok)
            let small = try await origin.get("/acme/demo/resolve/\(old)/small.txt")
            #expect(small.status == .notFound)
            #expect(small.headers[.errorCode] == HubErrorCode.entryNotFound)
            #expect(small.headers[.repoCommit] == old)
            // Listings of the commit are those of the commit.
            let tree = try await origin.get("/api/models/acme/demo/tree/\(old)").json([TreeEntryBody].self)
            #expect(tree.first { $0.path == "large.bin" }?.size == UInt64(Self.first.count))
            #expect(try await origin.get("/api/models/acme/demo/revision/\(old)").object()["sha"] as? String == old)
            #expect(try await origin.get("/api/models/acme/demo/xet-read-token/\(old)").status == .ok)

            // Back again: the same content is the same commit.
            try await origin.folder.write(Self.first, to: "models/acme/demo/large.bin")
            try await origin.folder.write(Array("one".utf8), to: "models/acme/demo/small.txt")
            try await origin.origin.look()
            #expect(try await commit(origin) == old)
            #expect(try await content(origin, "small.txt", revision: old) == Array("one".utf8))
            #expect(try await content(origin, "large.bin", revision: new) == Self.second)
        }
    }

    @Test func `lists the commits that it knows, the newest first`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            var commits = [try await commit(origin)]
            for number in 0..<4 {
                try await origin.folder.write([UInt8(number), 1], to: "models/acme/demo/small.txt")
                try await origin.origin.look()
                commits.insert(try await commit(origin), at: 0)
            }
            struct Commit: Decodable {
                let id: String
            }
            func listed(_ revision: String, _ query: String = "") async throws -> [[String]] {
                var next: String? = "/api/models/acme/demo/commits/\(revision)\(query)"
                var pages: [[String]] = []
                while let address = next {
                    let answer = try await origin.get(address)
                    pages.append(try answer.json([Commit].self).map(\.id))
                    next = answer.headers[.link].flatMap { LinkHeader(parsing: $0).target(LinkHeader.nextRelation) }
                }
                return pages
            }
            #expect(try await listed("main") == [commits])
            #expect(try await listed(commits[2]) == [Array(commits[2...])])
            #expect(
                try await listed("main", "?limit=2") == [Array(commits[..<2]), Array(commits[2..<4]), [commits[4]]]
            )
            let item = try await origin.get("/api/models/acme/demo/commits/main?expand%5B%5D=formatted").text
            #expect(item.contains(#""authors":[{"user":"origin"}]"#))
            #expect(item.contains(#""formatted":{"#))
            for bad in ["p=-1", "p=99999999999", "limit=0", "limit=x"] {
                #expect(try await origin.get("/api/models/acme/demo/commits/main?\(bad)").status == .badRequest)
            }
            #expect(try await origin.get("/api/models/acme/demo/commits/none").status == .notFound)
        }
    }

    @Test func `pages of a listing are of one commit`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/api/models/acme/demo/tree/main?limit=1")
            let link = LinkHeader(parsing: try #require(answer.headers[.link]))
            let next = try #require(link.target(LinkHeader.nextRelation))
            try await origin.folder.write([1], to: "models/acme/demo/a-new-first.txt")
            try await origin.origin.look()
            let rest = try await origin.get(next).json([TreeEntryBody].self)
            #expect(rest.map(\.path) == ["small.txt"])
        }
    }

    /// Lends an origin that takes files for finished when they have not changed for a second.
    private func withSettling(
        _ files: [String: [UInt8]],
        _ body: (Origin, RepositoryFolder, ManualClock) async throws -> Void
    ) async throws {
        try await RepositoryFolder.with(files) { folder in
            let clock = ManualClock()
            var configuration = folder.configuration(clock: clock)
            configuration.settleSeconds = 1
            let origin = try await Origin(configuration, logger: OriginFixture.logger)
            // Not as if all files were old: the clock goes on from when they were written.
            let stamp = try await folder.stamp("models/acme/demo/small.txt")
            clock.set(UInt64(stamp.lastChange))
            try await body(origin, folder, clock)
        }
    }

    private func files(_ origin: Origin) async throws -> [String: UInt64] {
        let repository = try #require(Repository(kind: .model, name: "acme/demo"))
        let snapshot = try #require(origin.snapshot(repository))
        return Dictionary(uniqueKeysWithValues: snapshot.files.map { ($0.path.text, $0.byteCount) })
    }

    @Test func `a file is served when two looks found the same`() async throws {
        try await withSettling(["models/acme/demo/small.txt": [1]]) { origin, folder, _ in
            try await folder.write([1, 2], to: "models/acme/demo/new.txt")
            #expect(try await origin.look() == false)
            #expect(try await files(origin) == ["small.txt": 1])
            // Still being written at the second look.
            try await folder.write([1, 2, 3], to: "models/acme/demo/new.txt")
            #expect(try await origin.look() == false)
            #expect(try await files(origin) == ["small.txt": 1])
            #expect(try await origin.look())
            #expect(try await files(origin) == ["small.txt": 1, "new.txt": 3])
        }
    }

    @Test func `a new repository is there when all of it is`() async throws {
        try await withSettling(["models/acme/demo/small.txt": [1]]) { origin, folder, _ in
            let name = try #require(Repository(kind: .dataset, name: "acme/new"))
            try await folder.write([1], to: "datasets/acme/new/a.txt")
            try await origin.look()
            #expect(origin.snapshot(name) == nil)
            try await folder.write([1], to: "datasets/acme/new/b.txt")
            try await origin.look()
            #expect(origin.snapshot(name) == nil)
            #expect(try await origin.look())
            #expect(origin.snapshot(name)?.files.count == 2)
        }
    }

    @Test func `a file that has rested is served at once`() async throws {
        try await withSettling(["models/acme/demo/small.txt": [1]]) { origin, folder, clock in
            try await folder.write([1, 2], to: "models/acme/demo/new.txt")
            clock.set(UInt64(try await folder.stamp("models/acme/demo/new.txt").lastChange) + 2)
            #expect(try await origin.look())
            #expect(try await files(origin) == ["small.txt": 1, "new.txt": 2])
        }
    }

    @Test func `a repository stays as it was while one of its files is written, but not for ever`() async throws {
        try await withSettling(["models/acme/demo/small.txt": [1], "models/acme/still/x.txt": [1]]) {
            origin,
            folder,
            clock in
            try await folder.write([1, 2], to: "models/acme/demo/done.txt")
            try await folder.write([1, 2], to: "models/acme/still/new.txt")
            try await origin.look()
            for count in 1...3 {
                // A log file, say.
                try await folder.write([UInt8](repeating: 0, count: count), to: "models/acme/demo/log.txt")
                #expect(try await origin.look() == false)
                #expect(try await files(origin) == ["small.txt": 1])
            }
            // Other repositories do not wait.
            let still = try #require(Repository(kind: .model, name: "acme/still"))
            #expect(origin.snapshot(still)?.files.count == 2)
            clock.advance(by: CatalogKeeper.maximumHoldSeconds + 1)
            try await folder.write([9], to: "models/acme/demo/log.txt", modified: clock.now)
            #expect(try await origin.look() == false)
            #expect(try await files(origin) == ["small.txt": 1, "done.txt": 2])
            #expect(try await origin.look())
            #expect(try await files(origin)["log.txt"] == 1)
        }
    }

    @Test func `what the stores lost is stored again`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws -> Void in
            let location = try #require(try await origin.get("/acme/demo/resolve/main/large.bin").headers[.location])
            try await origin.folder.damageXorbs()
            // The answer breaks off, and says so.
            await #expect(throws: (any Error).self) {
                _ = try await origin.get(location).bytes
            }
            #expect(try await origin.get(location).status == .notFound)
            try await origin.origin.look()
            #expect(try await content(origin, "large.bin") == Self.first)
            #expect(try await origin.get(location).bytes == Self.first)
        }
    }

    @Test func `files that cannot be read cost no other`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws -> Void in
            let big = origin.folder.location("models/acme/demo/unreadable.bin")
            try await origin.folder.write(Self.second, to: "models/acme/demo/unreadable.bin")
            try await origin.folder.write([5], to: "models/acme/demo/z.txt")
            // Root reads everything: a folder that was a file when it was found does as well.
            try await FileSystem.shared.removeItem(at: big)
            try await FileSystem.shared.createSymbolicLink(at: big, withDestination: "/dev/null")
            try await origin.origin.look()
            #expect(try await content(origin, "z.txt") == [5])
            #expect(try await content(origin, "large.bin") == Self.first)
            #expect(try await content(origin, "unreadable.bin") == nil)
        }
    }

    @Test func `a folder that is gone leaves all as it was`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws -> Void in
            let before = try await commit(origin)
            let served = FilePath("\(origin.folder.path)/served")
            try await FileSystem.shared.moveItem(at: served, to: FilePath("\(origin.folder.path)/elsewhere"))
            await #expect(throws: (any Error).self) { try await origin.origin.look() }
            #expect(try await commit(origin) == before)
            #expect(try await content(origin, "large.bin") == Self.first)
            try await FileSystem.shared.moveItem(at: FilePath("\(origin.folder.path)/elsewhere"), to: served)
            try await origin.origin.look()
            #expect(try await commit(origin) == before)
        }
    }

    @Test func `a data folder is for one origin`() async throws {
        try await RepositoryFolder.with(Self.files) { folder in
            let configuration = folder.configuration()
            let first = try await Origin(configuration, logger: OriginFixture.logger)
            await #expect(throws: OriginError.dataFolderInUse(path: configuration.dataFolder)) {
                _ = try await Origin(configuration, logger: OriginFixture.logger)
            }
            #expect(first.fileCount == 3)
        }
    }
}

extension RepositoryFolder {
    /// Writes a file as if it had been written at a time.
    func write(_ content: [UInt8], to name: String, modified seconds: UInt64) async throws {
        try await write(content, to: name)
        try await FileSystem.shared.withFileHandle(
            forWritingAt: location(name),
            options: .modifyFile(createIfNecessary: false)
        ) { file in
            let time = FileInfo.Timespec(seconds: Int(seconds), nanoseconds: 0)
            try await file.setTimes(lastAccess: nil, lastDataModification: time)
        }
    }

    func stamp(_ name: String) async throws -> FileStamp {
        FileStamp(try #require(try await FileSystem.shared.info(forFileAt: location(name))))
    }
}
