import Testing
import XetWire

@testable import XetOrigin

@Suite struct CASPathSegmentsTests {
    @Test(arguments: [
        (["v1", "shards"], ReconstructionVersion.v1, ["shards"]),
        (["v2", "shards"], .v2, ["shards"]),
        (["api", "v1", "shards"], .v1, ["shards"]),
        (["shards"], .v1, ["shards"]),
        (["api", "models"], .v1, ["api", "models"]),
        (["v3", "shards"], .v1, ["v3", "shards"]),
        ([], .v1, []),
    ])
    func `reads the three ways to write a path`(path: [String], version: ReconstructionVersion, rest: [String]) {
        let segments = CASPathSegments(path)
        #expect(segments.version == version)
        #expect(segments.segments == rest)
    }
}
