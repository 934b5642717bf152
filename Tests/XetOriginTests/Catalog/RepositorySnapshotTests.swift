import Testing
import XetCore
import XetTestSupport
import _NIOFileSystem

@testable import XetOrigin

@Suite struct RepositorySnapshotTests {
    private func snapshot(_ files: [String: [UInt8]]) async throws -> RepositorySnapshot {
        try await RepositoryFolder.with(["models/a/b/.x": []]) { folder in
            let stamp = FileStamp(
                try #require(try await FileSystem.shared.info(forFileAt: folder.location("models/a/b/.x")))
            )
            let entries = files.map { path, content in
                CatalogEntry(
                    path: RepositoryPath(path),
                    stamp: stamp,
                    storage: .regular(
                        RegularContent(location: "/nowhere", object: GitObjectID(blob: content), pieces: [])
                    )
                )
            }
            return RepositorySnapshot(
                repository: try #require(Repository(kind: .model, name: "a/b")),
                files: entries
            )
        }
    }

    @Test func `lists folders`() async throws {
        let snapshot = try await snapshot(["b/c/1": [1], "b/2": [2], "a": [3], "b.x": [4], "b/c/d/5": [5]])
        func paths(_ folder: String, _ isRecursive: Bool) -> [String]? {
            snapshot.listing(of: RepositoryPath(folder), isRecursive: isRecursive)?.map(\.text)
        }
        #expect(paths("", false) == ["a", "b", "b.x"])
        #expect(paths("", true) == ["a", "b", "b.x", "b/2", "b/c", "b/c/1", "b/c/d", "b/c/d/5"])
        #expect(paths("b", false) == ["b/2", "b/c"])
        #expect(paths("b/c", true) == ["b/c/1", "b/c/d", "b/c/d/5"])
        #expect(paths("a", false) == nil)
        #expect(paths("b/", false) == nil)
        #expect(paths("c", true) == nil)
    }

    @Test func `lists what is below a folder and not what is beside it`() async throws {
        let snapshot = try await snapshot([
            "a/x": [1], "a/y/z": [2], "a-b/x": [3], "a.b": [4], "a0": [5], "aa/x": [6], "a/\u{10FFFF}": [7], "Z/x": [8],
        ])
        func paths(_ folder: String) -> [String]? {
            snapshot.listing(of: RepositoryPath(folder), isRecursive: true)?.map(\.text)
        }
        #expect(paths("a") == ["a/x", "a/y", "a/y/z", "a/\u{10FFFF}"])
        #expect(paths("a-b") == ["a-b/x"])
        #expect(paths("aa") == ["aa/x"])
        #expect(paths("Z") == ["Z/x"])
        #expect(paths("")?.count == 13)
    }

    @Test func `an empty repository has an empty root`() async throws {
        let snapshot = try await snapshot([:])
        #expect(snapshot.listing(of: .root, isRecursive: true)?.isEmpty == true)
        #expect(snapshot.commit.count == 40)
    }

    @Test func `the commit follows from the content`() async throws {
        let files: [String: [UInt8]] = ["a": [1], "b/c": [2]]
        let commit = try await snapshot(files).commit
        #expect(try await snapshot(files).commit == commit)
        #expect(try await snapshot(["a": [1], "b/c": [3]]).commit != commit)
        #expect(try await snapshot(["a": [1], "b/d": [2]]).commit != commit)
        #expect(try await snapshot(["a": [1]]).commit != commit)
    }

    @Test func `knows its revisions`() async throws {
        let snapshot = try await snapshot(["a": [1]])
        for revision in ["main", "refs/heads/main", snapshot.commit] {
            #expect(snapshot.has(revision: revision))
        }
        for revision in ["", "Main", "master", String(snapshot.commit.prefix(39)), "refs/pr/1"] {
            #expect(!snapshot.has(revision: revision))
        }
    }
}
