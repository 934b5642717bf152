import Testing
import XetCore
import XetWire

@Suite struct HubPathTests {
    private func repository(_ kind: RepositoryKind) throws -> Repository {
        try #require(Repository(kind: kind, name: "owner/na.me_1-x"))
    }

    @Test(arguments: [(RepositoryKind.model, ""), (.dataset, "/datasets"), (.kernel, "/kernels")])
    func `resolve paths`(kind: RepositoryKind, prefix: String) throws {
        let path = HubPath.resolve(try repository(kind), revision: "refs/pr/1", path: "a b/ü?.bin")
        #expect(path == "\(prefix)/owner/na.me_1-x/resolve/refs%2Fpr%2F1/a%20b/%C3%BC%3F.bin")
    }

    @Test(arguments: [(RepositoryKind.model, "models"), (.dataset, "datasets"), (.space, "spaces")])
    func `API paths`(kind: RepositoryKind, plural: String) throws {
        let repository = try repository(kind)
        let api = "/api/\(plural)/owner/na.me_1-x"
        #expect(HubPath.api(repository) == api)
        #expect(HubPath.readToken(repository, revision: "a/b?c") == "\(api)/xet-read-token/a%2Fb%3Fc")
        #expect(
            HubPath.tree(repository, revision: "v1", isRecursive: true) == "\(api)/tree/v1?recursive=true&expand=false"
        )
        #expect(
            HubPath.tree(repository, revision: "v1", path: "a b/c", isRecursive: false)
                == "\(api)/tree/v1/a%20b/c?recursive=false&expand=false"
        )
    }

    @Test func `paths of a bucket`() throws {
        let bucket = try repository(.bucket)
        let path = HubPath.resolve(bucket, revision: "main", path: "a b/ü?.bin")
        #expect(path == "/buckets/owner/na.me_1-x/resolve/a%20b%2F%C3%BC%3F.bin")
        let api = "/api/buckets/owner/na.me_1-x"
        #expect(HubPath.readToken(bucket, revision: "main") == "\(api)/xet-read-token")
        #expect(HubPath.tree(bucket, revision: "main", isRecursive: true) == "\(api)/tree?recursive=true")
        let folder = HubPath.tree(bucket, revision: "main", path: "a/b", isRecursive: false)
        #expect(folder == "\(api)/tree/a%2Fb?recursive=false")
    }

    @Test func `reconstruction paths`() {
        let file = FileHash(words: (0x0123_4567_89AB_CDEF, 1, 2, 3))
        let text = "0123456789abcdef000000000000000100000000000000020000000000000003"
        #expect(CASPath.reconstruction(file, version: .v1) == "/v1/reconstructions/\(text)")
        #expect(CASPath.reconstruction(file, version: .v2) == "/v2/reconstructions/\(text)")
    }
}
