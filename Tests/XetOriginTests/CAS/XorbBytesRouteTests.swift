import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

@Suite struct XorbBytesRouteTests {
    /// A file that leaves out chunks of another, so that its xorb is needed in several ranges.
    private static let content = Inputs.splitmix(1_500_000, seed: 311)
    private static let files: [String: [UInt8]] = {
        let cuts = [0] + Chunker.cuts(of: content)
        let holes = content[cuts[1]..<cuts[3]] + content[cuts[6]..<cuts[9]] + content[cuts[12]..<cuts[13]]
        return ["models/acme/demo/a.bin": content, "models/acme/demo/b.bin": Array(holes)]
    }()

    /// The only address of the second file.
    private func fetch(_ origin: OriginFixture) async throws -> ReconstructionV2Body.Fetch {
        let hash = try #require(try await origin.send(.head, "/acme/demo/resolve/main/b.bin").headers[.xetHash])
        let token = try await origin.casToken()
        let body = try await origin.get("/v2/reconstructions/\(hash)", token: token).json(ReconstructionV2Body.self)
        #expect(body.xorbs.count == 1)
        let fetch = try #require(body.xorbs.values.first?.first)
        #expect(fetch.ranges.count == 3)
        return fetch
    }

    private func text(_ ranges: [ReconstructionV2Body.Covered]) -> String {
        "bytes=" + ranges.map { "\($0.bytes.start)-\($0.bytes.end)" }.joined(separator: ",")
    }

    @Test func `gives each range by itself`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let fetch = try await fetch(origin)
            for range in fetch.ranges {
                let answer = try await origin.get(fetch.url, headers: .range(text([range])))
                #expect(answer.status == .partialContent)
                #expect(
                    answer.headers[.contentRange]?.hasPrefix("bytes \(range.bytes.start)-\(range.bytes.end)/") == true
                )
                #expect(answer.headers[.cacheControl] == "public, immutable, max-age=900")
                #expect(try unpackedChunks(of: [answer.bytes]).count == Int(range.chunks.end - range.chunks.start))
            }
        }
    }

    @Test func `gives all ranges in one answer`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let fetch = try await fetch(origin)
            let answer = try await origin.get(fetch.url, headers: .range(text(fetch.ranges)))
            #expect(answer.status == .partialContent)
            #expect(answer.headers[.contentLength] == "\(answer.bytes.count)")
            let type = try #require(answer.headers[.contentType])
            let boundary = try #require(type.split(separator: "=").last)
            #expect(type == "multipart/byteranges; boundary=\(boundary)")
            var expected: [UInt8] = []
            for range in fetch.ranges {
                let part = try await origin.get(fetch.url, headers: .range(text([range])))
                let total = try #require(part.headers[.contentRange]?.split(separator: "/").last)
                expected += Array(
                    ("\r\n--\(boundary)\r\nContent-Type: application/octet-stream\r\n"
                        + "Content-Range: bytes \(range.bytes.start)-\(range.bytes.end)/\(total)\r\n\r\n").utf8
                )
                expected += part.bytes
            }
            expected += Array("\r\n--\(boundary)--\r\n".utf8)
            let same = answer.bytes == expected
            #expect(same)
        }
    }

    @Test func `gives nothing else`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let fetch = try await fetch(origin)
            let first = fetch.ranges[0].bytes
            let ranges = [
                "bytes=\(first.start)-\(first.end - 1)", "bytes=\(first.start)-\(first.end + 1)", "bytes=0-",
                text(Array(fetch.ranges.prefix(2))), text(fetch.ranges.reversed()), "bytes=-10", "x",
            ]
            for range in ranges {
                #expect(try await origin.get(fetch.url, headers: .range(range)).status == .forbidden, "\(range)")
            }
            #expect(try await origin.get(fetch.url).status == .forbidden)
        }
    }

    @Test func `takes no other signature`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let fetch = try await fetch(origin)
            let range = text([fetch.ranges[0]])
            let wider = fetch.url.replacingOccurrences(
                of: "ranges=\(fetch.ranges[0].bytes.start)-",
                with: "ranges=0-"
            )
            let later = fetch.url.replacingOccurrences(of: "expires=1", with: "expires=2")
            let other = fetch.url.replacingOccurrences(of: "xorb-bytes/", with: "xorb-bytes/0").prefix { $0 != "&" }
            for address in [wider, later, String(other)] {
                #expect(address != fetch.url)
                #expect(try await origin.get(address, headers: .range(range)).status == .forbidden)
            }
        }
    }

    @Test func `ends`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let fetch = try await fetch(origin)
            let range = text([fetch.ranges[0]])
            origin.clock.advance(by: OriginConfiguration.defaultLifetime - 1)
            #expect(try await origin.get(fetch.url, headers: .range(range)).status == .partialContent)
            origin.clock.advance(by: 1)
            #expect(try await origin.get(fetch.url, headers: .range(range)).status == .forbidden)
        }
    }
}
