import Testing
import XetAccess
import XetCore

@testable import XetLocal

@Suite struct HubCacheLayoutTests {
    private static let commit = String(repeating: "c", count: 40)
    private static let name = String(repeating: "a", count: 64)

    private func claim(_ tag: String?) -> ContentClaim {
        ContentClaim(ResolvedFile(storage: .regular, byteCount: 7, etag: tag))
    }

    private func layout(_ root: LocalPath, _ kind: RepositoryKind = .model, _ name: String = "owner/name") throws
        -> HubCacheLayout
    {
        let repository = try #require(Repository(kind: kind, name: name))
        let layout = try #require(HubCacheLayout(root: root, repository: repository))
        try layout.prepare()
        return layout
    }

    @Test func `names are those of the official client`() async throws {
        try await TemporaryFolder.with { root in
            #expect(try layout(root).folder == root.entry("models--owner--name"))
            #expect(try layout(root, .dataset).folder == root.entry("datasets--owner--name"))
            #expect(try layout(root, .space, "a/b").folder == root.entry("spaces--a--b"))
            #expect(try layout(root, .model, "gpt2").folder == root.entry("models--gpt2"))
            let bucket = try #require(Repository(kind: .bucket, name: "a/b"))
            #expect(HubCacheLayout(root: root, repository: bucket) == nil)
        }
    }

    @Test(arguments: ["a.bin", "sub/a.bin", "a/b/c/d.bin"])
    func `a link leads from a path to the content, and is replaced`(path: String) async throws {
        try await TemporaryFolder.with { root in
            let (layout, path) = (try layout(root), try #require(RepositoryPath(path)))
            for digit in ["a", "b", "b"] {
                let claim = claim(String(repeating: digit, count: 64))
                let blob = try layout.blob(claim, of: path)
                #expect(!layout.isBlob(blob, of: 8))
                try await blob.write(Array("content".utf8))
                #expect(layout.isBlob(blob, of: 7))
                try layout.link(path, to: claim, commit: Self.commit)
                let link = path.path(in: layout.snapshot(Self.commit))
                #expect(try await link.content() == Array("content".utf8))
                #expect(try await link.folder.names() == [String(decoding: link.name, as: UTF8.self)])
                // What stands there is a link, not a copy.
                #expect(try Folder(link.folder).status(of: link.name, followsLink: false)?.kind == .symbolicLink)
            }
        }
    }

    @Test func `a revision is noted, and a commit is none`() async throws {
        try await TemporaryFolder.with { root in
            let layout = try layout(root)
            for revision in ["main", "refs/pr/1", "main", Self.commit, "../out", ""] {
                try layout.note(revision, commit: Self.commit)
            }
            #expect(try await layout.folder.entry("refs").names() == ["main", "refs"])
            let commit = Array(Self.commit.utf8)
            #expect(try await layout.folder.entry("refs/refs/pr/1").content() == commit)
            #expect(try await layout.folder.entry("refs/main").content() == commit)
        }
    }

    @Test func `a content without a name has no place, and one that is locked waits`() async throws {
        try await TemporaryFolder.with { root in
            let (layout, path) = (try layout(root), try #require(RepositoryPath("a")))
            for tag in [nil, "short", "W/\"\(Self.name)\"", "../../x"] {
                #expect(throws: LocalFileError.namelessContent(LocalPath("a"))) {
                    try layout.blob(claim(tag), of: path)
                }
            }
            let lock = try layout.lock(claim(Self.name), of: path)
            #expect(lock != nil)
            #expect(try layout.lock(claim(Self.name), of: path) == nil)
            #expect(try layout.lock(claim(String(repeating: "b", count: 40)), of: path) != nil)
            withExtendedLifetime(lock) {}
            #expect(try await root.entry(".locks/models--owner--name").names().contains("\(Self.name).lock"))
        }
    }
}
