import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

@Suite struct ReconstructionRouteTests {
    private static let content = Inputs.splitmix(400_000, seed: 301) + Inputs.lines(400_000)
    private static let files: [String: [UInt8]] = [
        "models/acme/demo/a.bin": content, "models/acme/demo/b.bin": Array(content[100_000..<700_000]),
        "models/acme/other/c.bin": Inputs.lines(200_000),
    ]

    private func hash(_ origin: OriginFixture, _ path: String) async throws -> String {
        try #require(try await origin.send(.head, path).headers[.xetHash])
    }

    /// Follows an answer as a client does: fetches every range and puts the terms together.
    private func rebuild(_ reconstruction: Reconstruction, _ origin: OriginFixture) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for term in reconstruction.terms {
            let fetch = try #require(reconstruction.fetchInfo(for: term))
            let answer = try await origin.get(fetch.url.secret, headers: .range(fetch.bytes.headerValue))
            #expect(answer.status == .partialContent)
            #expect(UInt64(answer.bytes.count) == fetch.bytes.count)
            let chunks = try unpackedChunks(of: [answer.bytes])
            #expect(chunks.count == fetch.chunks.count)
            let first = term.chunks.start - fetch.chunks.start
            bytes += chunks[first..<first + term.chunks.count].flatMap(\.bytes)
        }
        return Array(bytes.dropFirst(Int(reconstruction.offsetIntoFirstTerm)))
    }

    @Test(arguments: ReconstructionVersion.allCases)
    func `tells how to rebuild a file`(version: ReconstructionVersion) async throws {
        try await OriginFixture.with(Self.files) { origin in
            let token = try await origin.casToken()
            for (name, range) in [("a.bin", 0..<800_000), ("b.bin", 100_000..<700_000)] {
                let hash = try await hash(origin, "/acme/demo/resolve/main/\(name)")
                let answer = try await origin.get("/\(version.rawValue)/reconstructions/\(hash)", token: token)
                #expect(answer.status == .ok)
                #expect(answer.headers[.cacheControl] == "private, no-store")
                let reconstruction = try Reconstruction(json: Data(answer.bytes), version: version)
                #expect(reconstruction.offsetIntoFirstTerm == 0)
                let same = try await rebuild(reconstruction, origin) == Array(Self.content[range])
                #expect(same)
            }
        }
    }

    @Test(arguments: ReconstructionVersion.allCases)
    func `tells how to rebuild a range`(version: ReconstructionVersion) async throws {
        try await OriginFixture.with(Self.files) { origin in
            let token = try await origin.casToken()
            let hash = try await hash(origin, "/acme/demo/resolve/main/a.bin")
            let path = "/\(version.rawValue)/reconstructions/\(hash)"
            for (header, range) in [
                ("bytes=0-0", 0..<1), ("bytes=300000-500000", 300_000..<500_001),
                ("bytes=799999-900000", 799_999..<800_000), ("bytes=650000-", 650_000..<800_000),
                ("bytes=-100", 799_900..<800_000),
            ] {
                let answer = try await origin.get(path, token: token, headers: .range(header))
                let reconstruction = try Reconstruction(json: Data(answer.bytes), version: version)
                #expect(reconstruction.offsetIntoFirstTerm < UInt64(Chunker.maximumByteCount), "\(header)")
                let bytes = try await rebuild(reconstruction, origin)
                let same = bytes.prefix(range.count) == Self.content[range]
                #expect(same, "\(header)")
                #expect(bytes.count < range.count + Chunker.maximumByteCount, "\(header)")
            }
        }
    }

    @Test(arguments: ["bytes=800000-800000", "bytes=900000-", "bytes=x", "bytes=0-1,3-4"])
    func `refuses other ranges`(range: String) async throws {
        try await OriginFixture.with(Self.files) { origin in
            let hash = try await hash(origin, "/acme/demo/resolve/main/a.bin")
            let path = "/v2/reconstructions/\(hash)"
            let answer = try await origin.get(path, token: try await origin.casToken(), headers: .range(range))
            #expect(answer.status == .rangeNotSatisfiable)
            #expect(answer.headers[.contentRange] == "bytes */800000")
        }
    }

    @Test func `the empty file has no terms`() async throws {
        try await RepositoryFolder.with(["models/acme/demo/empty": []]) { folder in
            let origin = try await Origin(folder.configuration(threshold: 0), logger: OriginFixture.logger)
            #expect(origin.fileCount == 1)
        }
        let shard = try Shard(
            files: [ShardFile(hash: .zero, terms: [], verification: [], sha256: .zero)],
            xorbs: []
        ).uploadBytes()
        try await OriginFixture.with(Self.files) { origin in
            let token = try await origin.casToken("write", token: "any")
            let path = "/v2/reconstructions/\(FileHash.zero)"
            #expect(try await origin.get(path, token: token).status == .notFound)
            #expect(try await origin.send(.post, "/v1/shards", token: token, body: shard).status == .ok)
            for headers in [HTTPFields(), .range("bytes=0-0"), .range("bytes=0-99")] {
                let answer = try await origin.get(path, token: token, headers: headers)
                #expect(answer.status == .ok)
                let reconstruction = try Reconstruction(json: Data(answer.bytes), version: .v2)
                #expect(reconstruction.terms.isEmpty)
            }
            let beyond = try await origin.get(path, token: token, headers: .range("bytes=1-1"))
            #expect(beyond.status == .rangeNotSatisfiable)
        }
    }

    @Test func `needs a token, a hash and a file`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let token = try await origin.casToken()
            let other = try await hash(origin, "/acme/other/resolve/main/c.bin")
            #expect(try await origin.get("/v2/reconstructions/\(other)").status == .unauthorized)
            #expect(try await origin.get("/v2/reconstructions/\(other)", token: "x").status == .unauthorized)
            #expect(try await origin.get("/v2/reconstructions/\(other)", token: token).status == .notFound)
            #expect(try await origin.get("/v2/reconstructions/xyz", token: token).status == .badRequest)
            let own = try await hash(origin, "/acme/demo/resolve/main/a.bin")
            for path in ["/reconstructions/\(own)", "/api/v1/reconstructions/\(own.uppercased())"] {
                #expect(try await origin.get(path, token: token).status == .ok)
            }
            origin.clock.advance(by: OriginConfiguration.defaultLifetime)
            #expect(try await origin.get("/v2/reconstructions/\(own)", token: token).status == .unauthorized)
        }
    }

    @Test func `answers several files at once`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let token = try await origin.casToken()
            let a = try await hash(origin, "/acme/demo/resolve/main/a.bin")
            let b = try await hash(origin, "/acme/demo/resolve/main/b.bin")
            let other = try await hash(origin, "/acme/other/resolve/main/c.bin")
            let path = "/v1/reconstructions?file_id=\(a)&file_id=\(b)&file_id=\(other)"
            let body = try await origin.get(path, token: token).object()
            let files = try #require(body["files"] as? [String: [[String: Any]]])
            #expect(Set(files.keys) == [a, b])
            let fetches = try #require(body["fetch_info"] as? [String: Any])
            for terms in files.values {
                #expect(terms.allSatisfy { fetches.keys.contains($0["hash"] as? String ?? "") })
            }
            #expect(try await origin.get("/v1/reconstructions?file_id=x", token: token).status == .badRequest)
        }
    }
}
