import Testing
import XetAccess
import XetCore
import XetTestSupport
import XetWire

@testable import XetProxy

@Suite struct DownloadTargetTests {
    @Test(arguments: [
        ("owner/name/file.bin", RepositoryKind.model, "owner/name", "file.bin"),
        ("owner/name/a/b/c.txt", .model, "owner/name", "a/b/c.txt"),
        ("datasets/owner/name/a.txt", .dataset, "owner/name", "a.txt"),
        ("spaces/owner/name/a.txt", .space, "owner/name", "a.txt"),
        ("kernels/owner/name/a.txt", .kernel, "owner/name", "a.txt"),
        ("buckets/owner/name/a/b.txt", .bucket, "owner/name", "a/b.txt"),
        ("owner/name/a%20b/%C3%BC.txt", .model, "owner/name", "a b/ü.txt"),
        ("owner/name/a%2Fb", .model, "owner/name", "a/b"),
        ("owner/name/100%25", .model, "owner/name", "100%"),
        ("owner/name/%252e%252e/x", .model, "owner/name", "%2e%2e/x"),
        ("o%77ner/n%61me/x", .model, "owner/name", "x"), ("owner/name/...", .model, "owner/name", "..."),
        ("owner/name/a..b/.c", .model, "owner/name", "a..b/.c"),
        ("owner/name/datasets/x", .model, "owner/name", "datasets/x"),
        ("models/owner/name/x", .model, "models/owner", "name/x"),
        ("owner/name/a+b", .model, "owner/name", "a+b"), ("owner/name/a\\..\\b", .model, "owner/name", "a\\..\\b"),
    ])
    func `targets`(path: String, kind: RepositoryKind, name: String, file: String) throws {
        let target = try DownloadTarget(encodedPath: path)
        #expect(target.repository.kind == kind)
        #expect(target.repository.name == name)
        #expect(target.path == file)
    }

    @Test(arguments: [
        "", "/", "a", "a/b", "a/b/", "a/b//c", "a/b/c/", "a/b/c//d", "/a/b/c", "a//b/c", "datasets", "datasets/a/b",
        "datasets/a/b/", "spaces/a", "a/b/.",
        "a/b/..", "a/b/../c", "a/b/c/..", "a/b/./c", "a/b/%2e", "a/b/%2E%2e/c", "a/b/c%2F..%2Fd", "a/b/c%2F",
        "a/b/%2Fc", "a/b/c%2F%2Fd", "a/b/%00", "a/b/c%00d",
        "a/b/%", "a/b/%zz", "a/b/%FF", "a%2Fb/c/d", "a/b%2Fc/d", "../b/c", "a/../c", "./b/c", "%2e%2e/b/c",
        "a/%2e%2e/c", "a b/c/d", "a%20b/c/d", "ü/b/c", "a?/b/c",
        "a%0d%0a/b/c", "a:b/c/d", "a@b/c/d",
    ])
    func `what names no file`(path: String) {
        let error = #expect(throws: XetError.self) { try DownloadTarget(encodedPath: path) }
        #expect(error?.code == .invalidRequest)
    }

    /// A combining mark makes one character with the slash before it, but the Hub sees bytes.
    @Test(arguments: [
        "a/b/c/..%2F%CC%81d", "a/b/..%2F%CC%81", "a/b/c%2F%CC%81/../d", "a/b/.%2F%CC%81d", "a/b/c/..%2F%E2%83%92x",
    ])
    func `combining marks hide no folder`(path: String) {
        #expect(throws: XetError.self) { try DownloadTarget(encodedPath: path) }
    }

    @Test func `names that are too long`() {
        let name = String(repeating: "a", count: Repository.maximumSegmentByteCount)
        #expect(throws: Never.self) { try DownloadTarget(encodedPath: "\(name)/\(name)/x") }
        #expect(throws: XetError.self) { try DownloadTarget(encodedPath: "\(name)a/b/x") }
    }

    @Test(arguments: [
        ("a/b/c.txt", "c.txt"), ("a/b/c/d.txt", "d.txt"), ("a/b/c%2Fd.txt", "d.txt"), ("a/b/%0D%0A", "\r\n"),
    ])
    func `the file name is the last segment`(path: String, name: String) throws {
        #expect(try DownloadTarget(encodedPath: path).fileName == name)
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `whatever is accepted stays below its revision`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let parts = [
            "a", "b", "..", ".", "%2e", "%2F", "/", "/", "%CC%81", "\u{301}", "\\", "%5C", "%", "%00", "datasets", "ü",
            "?", "#", "%25",
        ]
        let tail = (0..<Int.random(in: 0...10, using: &random)).compactMap { _ in parts.randomElement(using: &random) }
            .joined()
        guard let target = try? DownloadTarget(encodedPath: "owner/name/x" + tail) else { return }
        let path = HubPath.resolve(target.repository, revision: "main", path: target.path)
        #expect(path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        #expect(segments.prefix(5) == ["", "owner", "name", "resolve", "main"])
        #expect(segments.dropFirst().allSatisfy { !["", ".", ".."].contains($0) })
    }
}

@Suite struct DownloadQueryTests {
    @Test func `nothing is asked for`() throws {
        for text in [nil, "", "&", "&&", "other=1", "Revision=x"] as [String?] {
            let query = try DownloadQuery(text)
            #expect(query.revision == "main")
            #expect(query.repository == nil)
            #expect(query.kind == .model)
        }
    }

    @Test(arguments: [
        ("revision=v1", "v1"), ("revision=refs%2Fpr%2F1", "refs/pr/1"), ("a=b&revision=v1&c", "v1"),
        ("revision=a=b", "a=b"), ("revision=a+b", "a+b"),
        ("revision=v1&revision=v2", "v2"), ("revision=...", "..."), ("revision=%C3%BC", "ü"),
    ])
    func `revisions`(text: String, revision: String) throws {
        #expect(try DownloadQuery(text).revision == revision)
    }

    @Test(arguments: [
        ("model", RepositoryKind.model), ("models", .model), ("dataset", .dataset), ("datasets", .dataset),
        ("space", .space), ("spaces", .space),
        ("kernel", .kernel), ("bucket", .bucket),
    ])
    func `repositories`(name: String, kind: RepositoryKind) throws {
        let query = try DownloadQuery("repo=owner%2Fname&repo_type=\(name)")
        #expect(query.repository == "owner/name")
        #expect(query.kind == kind)
    }

    @Test(arguments: [
        "revision=", "revision", "revision=.", "revision=..", "revision=%2e%2E",
        "revision=a/../b", "revision=..%2F..%2Fx", "revision=a//b",
        "revision=/a", "revision=a/", "revision=a/./b", "revision=%", "revision=%FF",
        "repo=%zz", "repo_type=", "repo_type=s",
        "repo_type=modelss", "repo_type=Model", "repo_type=paper",
    ])
    func `what makes no sense`(text: String) {
        let error = #expect(throws: XetError.self) { try DownloadQuery(text) }
        #expect(error?.code == .invalidRequest)
    }
}
