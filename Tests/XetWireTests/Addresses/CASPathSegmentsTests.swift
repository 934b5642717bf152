import Testing
import XetWire

@Suite struct CASPathSegmentsTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 4)

    @Test(arguments: [
        ("v1/shards", ReconstructionVersion.v1, "shards"), ("v2/shards", .v2, "shards"),
        ("api/v1/shards", .v1, "shards"), ("api/v2/reconstructions/HASH", .v2, "reconstructions/HASH"),
        ("shards", .v1, "shards"), ("reconstructions/HASH", .v1, "reconstructions/HASH"),
        ("reconstructions", .v1, "reconstructions"),
        ("api/models", .v1, "api/models"), ("v3/shards", .v1, "v3/shards"), ("", .v1, ""),
    ])
    func `reads the three ways to write a version`(path: String, version: ReconstructionVersion, rest: String) {
        check(path, version, rest)
    }

    @Test(arguments: [
        ("reconstruction/HASH", "reconstructions/HASH"), ("chunk/default/HASH", "chunks/default/HASH"),
        ("xorb/default/HASH", "xorbs/default/HASH"), ("xorb/default-merkledb/HASH", "xorbs/default-merkledb/HASH"),
        ("shard/default/HASH", "shards"), ("shard", "shards"),
        // What no client asks.
        ("reconstruction", "reconstruction"), ("chunk/HASH", "chunk/HASH"), ("shard/default", "shard/default"),
        ("shard/default/x", "shard/default/x"), ("xorb/a/b/HASH", "xorb/a/b/HASH"),
    ])
    func `reads the singular of old clients`(path: String, rest: String) {
        check(path, .v1, rest)
    }

    @Test(arguments: ["v1/reconstruction/HASH", "v2/xorb/default/HASH", "api/v1/shard/default/HASH"])
    func `the singular had no version`(path: String) {
        check(path, path.hasPrefix("v2") ? .v2 : .v1, String(path.drop { $0 != "1" && $0 != "2" }.dropFirst(2)))
    }

    @Test func `writes the path that every CAS knows`() {
        #expect(segments("shard/default/HASH").path == "/v1/shards")
        #expect(segments("xorb/default/HASH").path == "/v1/xorbs/default/\(Self.hash)")
        #expect(segments("api/v2/reconstructions/HASH").path == "/v2/reconstructions/\(Self.hash)")
        #expect(CASPathSegments(["chunk", "a/b ?", Self.hash]).path == "/v1/chunks/a%2Fb%20%3F/\(Self.hash)")
    }

    private func segments(_ path: String) -> CASPathSegments {
        CASPathSegments(path.split(separator: "/").map { $0 == "HASH" ? Self.hash : String($0) })
    }

    private func check(_ path: String, _ version: ReconstructionVersion, _ rest: String) {
        let segments = segments(path)
        #expect(segments.version == version)
        #expect(segments.segments == rest.split(separator: "/").map { $0 == "HASH" ? Self.hash : String($0) })
    }
}
