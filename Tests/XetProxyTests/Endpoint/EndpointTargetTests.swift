import HTTPTypes
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetProxy

@Suite struct EndpointTargetTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 4)

    private func target(_ path: String) throws -> EndpointTarget? {
        try EndpointTarget(encodedPath: path.replacing("HASH", with: Self.hash))
    }

    private func repository(_ name: String, _ kind: RepositoryKind = .model) throws -> Repository {
        try #require(Repository(kind: kind, name: name))
    }

    // MARK: Files

    @Test(arguments: [
        ("/owner/name/resolve/main/file.bin", RepositoryKind.model, "owner/name", "main", "file.bin"),
        ("/datasets/owner/name/resolve/main/a/b.txt", .dataset, "owner/name", "main", "a/b.txt"),
        ("/spaces/owner/name/resolve/main/app.py", .space, "owner/name", "main", "app.py"),
        ("/gpt2/resolve/main/config.json", .model, "gpt2", "main", "config.json"),
        ("/datasets/squad/resolve/main/a", .dataset, "squad", "main", "a"),
        ("/owner/name/resolve/refs%2Fpr%2F1/a%20b/%C3%BC", .model, "owner/name", "refs/pr/1", "a b/ü"),
        ("/owner/name/resolve/refs%2Fconvert%2Fparquet/x", .model, "owner/name", "refs/convert/parquet", "x"),
        ("/owner/name/resolve/main/a%2Fb", .model, "owner/name", "main", "a/b"),
        ("/owner%2Fname/resolve/main/a", .model, "owner/name", "main", "a"),
        ("/o%77ner/name/r%65solve/main/a", .model, "owner/name", "main", "a"),
        ("/owner/resolve/resolve/main/a", .model, "owner/resolve", "main", "a"),
        ("/owner/name/resolve/main/resolve/main/a", .model, "owner/name", "main", "resolve/main/a"),
        ("/owner/name/resolve/main/100%25", .model, "owner/name", "main", "100%"),
    ])
    func `files`(path: String, kind: RepositoryKind, name: String, revision: String, file: String) throws {
        let expected = EndpointTarget.file(try repository(name, kind), revision: revision, path: file)
        #expect(try target(path) == expected)
    }

    // MARK: The Hub

    @Test(arguments: [
        ("/api/models/owner/name", EndpointTarget.HubRoute.resource, "owner/name"),
        ("/api/models/owner/name/", .resource, "owner/name"),
        ("/api/models/owner/name/tree/main/a/b", .resource, "owner/name"),
        ("/api/models/owner/name/revision/main", .resource, "owner/name"),
        ("/api/models/owner/name/something-new", .resource, "owner/name"),
        ("/api/models/gpt2", .resource, "gpt2"), ("/api/models/gpt2/tree/main", .resource, "gpt2"),
        ("/api/models/gpt2/TREE/main", .resource, "gpt2"),
        ("/api/models/owner%2Fname/tree/main", .resource, "owner/name"),
        ("/api/MODELS/owner/name/tree/main", .resource, "owner/name"),
        ("/api/%6dodels/owner/name", .resource, "owner/name"),
        ("/api/models/owner/name/paths-info/main", .query, "owner/name"),
        ("/api/models/owner/name/commit/main", .resource, "owner/name"),
        ("/api/resolve-cache/models/owner/name/c0ffee/config.json", .content, "owner/name"),
        ("/owner/name/raw/main/README.md", .content, "owner/name"),
        ("/v2/owner/name/manifests/latest", .content, "owner/name"),
        ("/v2/owner/name/blobs/sha256:00", .content, "owner/name"),
        ("/owner/name.git/info/lfs/objects/batch", .lfsBatch, "owner/name"),
        ("/owner/name.git/info/lfs/objects/verify", .lfs, "owner/name"),
        ("/owner/name.git/info/lfs/locks", .lfs, "owner/name"), ("/gpt2.git/info/lfs/objects/batch", .lfsBatch, "gpt2"),
        ("/owner/name/info/refs", .git(.references), "owner/name"),
        ("/owner/name.git/info/refs", .git(.references), "owner/name"),
        ("/owner/name.git/git-upload-pack", .git(.uploadPack), "owner/name"),
        ("/owner/name/git-receive-pack", .git(.receivePack), "owner/name"),
        ("/gpt2/info/refs", .git(.references), "gpt2"), ("/owner/info/info/refs", .git(.references), "owner/info"),
    ])
    func `models of the Hub`(path: String, route: EndpointTarget.HubRoute, name: String) throws {
        #expect(try target(path) == .hub(route, try repository(name)))
    }

    @Test func `other kinds`() throws {
        let dataset = try repository("owner/name", .dataset)
        #expect(try target("/api/datasets/owner/name/tree/main") == .hub(.resource, dataset))
        #expect(try target("/datasets/owner/name.git/info/lfs/objects/batch") == .hub(.lfsBatch, dataset))
        #expect(try target("/api/spaces/o/n") == .hub(.resource, try repository("o/n", .space)))
        #expect(try target("/api/kernels/o/n/tree/main") == .hub(.resource, try repository("o/n", .kernel)))
        #expect(try target("/api/models/o/n/duplicate") == .hub(.copies(.duplicate), try repository("o/n")))
    }

    @Test func `buckets`() throws {
        let bucket = try repository("owner/name", .bucket)
        #expect(try target("/api/buckets/owner/name") == .hub(.resource, bucket))
        let tree = try repository("owner/tree", .bucket)
        #expect(try target("/api/buckets/owner/tree/tree/a%2Fb") == .hub(.resource, tree))
        #expect(try target("/api/buckets/owner/name/paths-info") == .hub(.query, bucket))
        #expect(try target("/api/buckets/owner/name/batch") == .hub(.copies(.bucketBatch), bucket))
        #expect(try target("/api/buckets/owner/name/xet-read-token") == .token(.read, bucket))
        #expect(try target("/api/buckets/owner/name/xet-write-token") == .token(.write, bucket))
        let file = EndpointTarget.file(bucket, revision: EndpointTarget.bucketRevision, path: "a/b c.bin")
        #expect(try target("/buckets/owner/name/resolve/a%2Fb%20c.bin") == file)
        #expect(try target("/buckets/owner/name/resolve/a/b%20c.bin") == file)
    }

    @Test(arguments: [
        ("/api/models/owner/tree/tree/main", "owner/tree"), ("/api/models/tree/tree/main", "tree"),
        ("/api/datasets/owner/parquet/parquet", "owner/parquet"), ("/api/models/gpt2/tree/refs", "gpt2/tree"),
        ("/api/resolve-cache/models/gpt2/c0ffee/config.json", "gpt2"),
    ])
    func `names like words of the API`(path: String, name: String) throws {
        #expect(try target(path)?.repository?.name == name)
    }

    @Test(arguments: [
        ("/api/whoami-v2", EndpointTarget.HubRoute.resource), ("/api/models", .list(.model)),
        ("/api/datasets", .list(.dataset)), ("/api/buckets/owner", .list(.bucket)), ("/api/organizations/x", .unknown),
        ("/api/telemetry/hf_hub/x", .resource), ("/api/agent-harnesses", .resource), ("/api/validate-yaml", .resource),
        ("/api/repos/create", .repositories), ("/api/repos/move", .repositories), ("/api/REPOS/delete", .repositories),
        ("/api/collections/a/b", .unknown), ("/api/anything", .unknown), ("/api/quicksearch", .unknown),
    ])
    func `what is about no single repository`(path: String, route: EndpointTarget.HubRoute) throws {
        #expect(try target(path) == .hub(route, nil))
    }

    @Test func `tokens`() throws {
        let repository = try repository("owner/name")
        #expect(try target("/api/models/owner/name/xet-read-token/main") == .token(.read, repository))
        #expect(try target("/api/models/owner/name/xet-read-token/refs%2Fpr%2F1") == .token(.read, repository))
        #expect(try target("/api/models/owner/name/xet-write-token/main") == .token(.write, repository))
        #expect(try target("/api/models/gpt2/xet-read-token/main") == .token(.read, try self.repository("gpt2")))
        // A branch that is called like a word of the API: the real token must not slip through.
        #expect(try target("/api/models/gpt2/xet-read-token/refs") == .token(.read, try self.repository("gpt2")))
    }

    // MARK: The CAS and the proxy

    @Test(arguments: [
        ("/v1/reconstructions/HASH", EndpointTarget.CASRoute.reconstruction, "/v1/reconstructions/HASH"),
        ("/v2/reconstructions/HASH", .reconstruction, "/v2/reconstructions/HASH"),
        ("/api/v1/reconstructions/HASH", .reconstruction, "/v1/reconstructions/HASH"),
        ("/reconstructions/HASH", .reconstruction, "/v1/reconstructions/HASH"),
        ("/reconstruction/HASH", .reconstruction, "/v1/reconstructions/HASH"),
        ("/v1/reconstructions", .reconstructionBatch, "/v1/reconstructions"),
        ("/reconstructions", .reconstructionBatch, "/v1/reconstructions"),
        ("/v1/chunks/default/HASH", .chunks, "/v1/chunks/default/HASH"),
        ("/v1/chunks/default-merkledb/HASH", .chunks, "/v1/chunks/default-merkledb/HASH"),
        ("/chunks/default/HASH", .chunks, "/v1/chunks/default/HASH"),
        ("/chunk/default/HASH", .chunks, "/v1/chunks/default/HASH"),
        ("/chunk/d%2Fe%3F/HASH", .chunks, "/v1/chunks/d%2Fe%3F/HASH"),
        ("/v2/file-chunk-hashes/HASH", .chunks, "/v2/file-chunk-hashes/HASH"),
        ("/v1/xorbs/default/HASH", .upload, "/v1/xorbs/default/HASH"),
        ("/xorbs/default/HASH", .upload, "/v1/xorbs/default/HASH"),
        ("/xorb/default/HASH", .upload, "/v1/xorbs/default/HASH"),
        ("/v1/shards", .upload, "/v1/shards"), ("/v2/shards", .upload, "/v2/shards"),
        ("/shards", .upload, "/v1/shards"), ("/shard", .upload, "/v1/shards"),
        ("/shard/default/HASH", .upload, "/v1/shards"), ("/%73hard/default/HASH/", .upload, "/v1/shards"),
        ("/v1/xorb-grants/default/HASH", .uploadGrant, "/v1/xorb-grants/default/HASH"),
        ("/v1/xorb-commits/default/HASH/grant/7", .upload, "/v1/xorb-commits/default/HASH/grant/7"),
    ])
    func `the CAS`(path: String, route: EndpointTarget.CASRoute, upstream: String) throws {
        #expect(try target(path) == .cas(route, path: upstream.replacing("HASH", with: Self.hash)))
    }

    @Test func `the proxy's own`() throws {
        let xorb = try #require(XorbHash(Self.hash))
        #expect(try target("/xorbs/HASH/abc.def") == .xorb(xorb, capability: "abc.def"))
        #expect(try target("/addresses/abc.def") == .address(capability: "abc.def"))
        #expect(try target("/v1/telemetry") == .telemetry)
    }

    @Test(arguments: [
        "/foo", "/owner/name", "/owner/name/tree/main", "/owner/name/resolve", "/owner/name/resolve/main",
        "/owner/name/blob/main/a", "/v1/reconstructions/abc", "/v1/chunks/default/abc", "/v1/xorbs/default/abc",
        "/v3/reconstructions/HASH", "/xorbs/abc/def", "/addresses", "/addresses/a/b", "/v2/owner", "/v2/a/b/c/d/e",
        "/reconstruction", "/reconstruction/abc", "/chunk/default/abc", "/xorb/default/abc", "/shard/default",
        "/shard/default/abc", "/v1/reconstruction/HASH", "/v1/shard", "/a b/name/resolve/main/x",
        "/a%20b/name/resolve/main/x", "/api", "/api/models/a%20b/c",
        "/models/owner/name/resolve/main/x", "/Datasets/owner/name/resolve/main/x",
        "/owner/name/info/lfs/objects/batch", "/api/models/owner/name/xet-read-token",
        "/api/things/owner/name/xet-read-token/main", "/api/buckets/owner/name/XET-write-token/main",
        "/robots.txt", "/v1/telemetry/x", "x", "",
    ])
    func `nothing`(path: String) throws {
        #expect(try target(path) == nil)
    }

    @Test(arguments: [
        "//owner/name/resolve/main/x", "/owner//name/resolve/main/x", "/owner/name/resolve/main/../x",
        "/owner/name/resolve/main/%2e%2e/x", "/owner/name/resolve/main/a%2F..%2Fb", "/owner/name/resolve/main/a%2F%2Fb",
        "/api/models/a/b/../c", "/api/./models/a/b", "/api/models//a/b", "/owner/name/resolve/main/%", "/%FF",
        "/owner/name/resolve/main/%00", "/owner/name/resolve/main/a%0D%0Ab", "/owner/../x/resolve/main/y",
        "/owner/name/resolve/..%2Fmain/x",
    ])
    func `what another server might read differently`(path: String) {
        let error = #expect(throws: XetError.self) { try target(path) }
        #expect(error?.code == .invalidRequest)
    }

    // MARK: Methods

    @Test(arguments: [
        ("/owner/name/resolve/main/x", "GET, HEAD", "GET, HEAD"), ("/owner/name/raw/main/x", "GET, HEAD", "GET, HEAD"),
        ("/api/models/owner/name", "GET, HEAD", "GET, HEAD, POST, PUT, PATCH, DELETE"),
        ("/api/models/owner/name/paths-info/main", "GET, HEAD, POST", "GET, HEAD, POST, PUT, PATCH, DELETE"),
        ("/api/models/owner/name/xet-read-token/main", "GET, HEAD", "GET, HEAD"),
        ("/api/models/owner/name/xet-write-token/main", "", "GET"),
        ("/v1/reconstructions/HASH", "GET, HEAD", "GET, HEAD"),
        ("/v1/reconstructions", "GET, HEAD, POST", "GET, HEAD, POST"), ("/v1/xorbs/default/HASH", "", "POST"),
        ("/v2/shards", "", "POST"), ("/v1/telemetry", "POST", "POST"), ("/xorbs/HASH/a.b", "GET, HEAD", "GET, HEAD"),
    ])
    func `methods`(path: String, reading: String, writing: String) throws {
        let target = try #require(try target(path))
        #expect(target.methods(allowWrites: false).map(\.rawValue).joined(separator: ", ") == reading)
        #expect(target.methods(allowWrites: true).map(\.rawValue).joined(separator: ", ") == writing)
    }

    @Test func `what a method does`() throws {
        let file = try #require(try target("/owner/name/resolve/main/x"))
        #expect(file.access(.head) == .read)
        #expect(file.access(.post) == .invalid)
        let repository = try #require(try target("/api/models/owner/name"))
        #expect(repository.access(.get) == .read)
        #expect(repository.access(.delete) == .write)
        #expect(repository.access(.options) == .invalid)
        let lfs = try #require(try target("/owner/name.git/info/lfs/objects/batch"))
        // The body says whether it writes.
        #expect(lfs.access(.post) == .read)
        #expect(lfs.access(.put) == .write)
        let push = try #require(try target("/owner/name/git-receive-pack"))
        #expect(push.access(.post) == .write && push.access(.get) == .invalid)
        #expect(try #require(try target("/api/repos/create")).access(.post) == .write)
    }
}
