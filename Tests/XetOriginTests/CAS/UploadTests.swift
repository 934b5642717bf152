import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

/// The routes that take xorbs and shards, and the query for known chunks.
@Suite struct UploadTests {
    private static let files: [String: [UInt8]] = [
        "models/acme/demo/a.bin": Inputs.splitmix(300_000, seed: 321), "models/acme/other/b.txt": [1],
    ]

    private func post(
        _ origin: OriginFixture,
        _ path: String,
        _ body: [UInt8],
        token: String? = nil
    ) async throws -> TestResponse {
        var write = token
        if write == nil { write = try await origin.casToken("write", token: "any") }
        return try await origin.send(.post, path, token: write, body: body)
    }

    @Test func `takes what the reference client uploads`() async throws {
        let golden = try Golden.load()
        try await OriginFixture.with(Self.files) { origin in
            for xorb in golden.xorbs {
                let body = Array(try Vectors.golden(xorb.file).prefix(xorb.footerStart))
                let path = "/v1/xorbs/default/\(xorb.hash)"
                #expect(try await post(origin, path, body).object()["was_inserted"] as? Bool == true)
                #expect(try await post(origin, path, body).object()["was_inserted"] as? Bool == false)
            }
            for (number, upload) in golden.uploads.enumerated() {
                let body = try Vectors.golden(upload.file)
                if number.isMultiple(of: 2) {
                    #expect(try await post(origin, "/v1/shards", body).object()["result"] as? Int == 1)
                    #expect(try await post(origin, "/v1/shards", body).object()["result"] as? Int == 0)
                } else {
                    let answer = try await post(origin, "/v2/shards", body)
                    #expect(answer.status == .ok)
                    let lines = answer.text.split(separator: "\n")
                    #expect(lines.first?.contains(#""type":"validating""#) == true)
                    #expect(lines.last == #"{"type":"result"}"#)
                }
            }
            let token = try await origin.casToken()
            let elsewhere = try await origin.casToken("read", "models/acme/other")
            for file in golden.files {
                let path = "/v1/reconstructions/\(file.fileHash)"
                let answer = try await origin.get(path, token: token)
                let reconstruction = try Reconstruction(json: Data(answer.bytes), version: .v1)
                #expect(reconstruction.byteCount == UInt64(file.size))
                // An upload to one repository does not show in another.
                #expect(try await origin.get(path, token: elsewhere).status == .notFound)
            }
        }
    }

    @Test func `takes a xorb with its footer`() async throws {
        let golden = try #require(try Golden.load().xorbs.first)
        try await OriginFixture.with(Self.files) { origin in
            let body = try Vectors.golden(golden.file)
            let answer = try await post(origin, "/v1/xorbs/default/\(golden.hash)", body)
            #expect(answer.status == .ok)
        }
    }

    @Test func `refuses xorbs that are not what they are called`() async throws {
        let golden = try #require(try Golden.load().xorbs.first)
        let body = Array(try Vectors.golden(golden.file).prefix(golden.footerStart))
        try await OriginFixture.with(Self.files) { origin async throws -> Void in
            let path = "/v1/xorbs/default/\(golden.hash)"
            let other = "/v1/xorbs/default/\(XorbHash.zero)"
            #expect(try await post(origin, other, body).status == .badRequest)
            #expect(try await post(origin, path, []).status == .badRequest)
            #expect(try await post(origin, path, Array(body.dropLast())).status == .badRequest)
            #expect(try await post(origin, "/v1/xorbs/default/xyz", body).status == .badRequest)
            var changed = body
            changed[body.count / 2] ^= 1
            #expect(try await post(origin, path, changed).status == .badRequest)
            #expect(try await post(origin, path, body).object()["was_inserted"] as? Bool == true)
        }
    }

    @Test func `refuses xorbs that are too long`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let body = [UInt8](repeating: 0, count: XorbUploadRoute.maximumBodyByteCount + 1)
            let answer = try await post(origin, "/v1/xorbs/default/\(XorbHash.zero)", body)
            #expect(answer.status == .contentTooLarge)
        }
    }

    @Test func `refuses shards before their xorbs`() async throws {
        let golden = try Golden.load()
        let upload = try #require(golden.uploads.first { !$0.content.xorbs.isEmpty })
        let body = try Vectors.golden(upload.file)
        try await OriginFixture.with(Self.files) { origin in
            #expect(try await post(origin, "/v1/shards", body).status == .badRequest)
            let answer = try await post(origin, "/v2/shards", body)
            #expect(answer.status == .ok)
            let last = try #require(answer.text.split(separator: "\n").last)
            #expect(last.contains(#""type":"error""#))
            #expect(last.contains(#""retryable":false"#))
            #expect(try await post(origin, "/v2/shards", [1, 2, 3]).status == .badRequest)
        }
    }

    @Test func `takes files without SHA-256, as buckets have them`() async throws {
        let golden = try Golden.load()
        try await OriginFixture.with(Self.files) { origin in
            for xorb in golden.xorbs {
                let body = Array(try Vectors.golden(xorb.file).prefix(xorb.footerStart))
                #expect(try await post(origin, "/v1/xorbs/default/\(xorb.hash)", body).status == .ok)
            }
            let token = try await origin.casToken()
            for (number, upload) in golden.uploads.enumerated() {
                let shard = try Shard(parsing: Vectors.golden(upload.file))
                let bare = try shard.files.map { file in
                    try ShardFile(hash: file.hash, terms: file.terms, verification: file.verification, sha256: nil)
                }
                let body = try Shard(files: bare, xorbs: shard.xorbs).uploadBytes()
                let version = number.isMultiple(of: 2) ? "v1" : "v2"
                #expect(try await post(origin, "/\(version)/shards", body).status == .ok)
                for file in bare {
                    let answer = try await origin.get("/v1/reconstructions/\(file.hash)", token: token)
                    #expect(answer.status == .ok)
                    #expect(try Reconstruction(json: Data(answer.bytes), version: .v1).byteCount == file.byteCount)
                }
            }
        }
    }

    @Test func `a xorb that is kept is taken again whatever comes`() async throws {
        let golden = try #require(try Golden.load().xorbs.first)
        let body = Array(try Vectors.golden(golden.file).prefix(golden.footerStart))
        try await OriginFixture.with(Self.files) { origin async throws -> Void in
            let path = "/v1/xorbs/default/\(golden.hash)"
            #expect(try await post(origin, path, body).object()["was_inserted"] as? Bool == true)
            #expect(try await post(origin, path, [1, 2, 3]).object()["was_inserted"] as? Bool == false)
            let long = [UInt8](repeating: 0, count: XorbUploadRoute.maximumBodyByteCount + 1)
            #expect(try await post(origin, path, long).status == .contentTooLarge)
        }
    }

    @Test func `an answer for a chunk lists the other xorbs of its file`() async throws {
        // Three xorbs: the file has more than one holds twice over.
        let parts = (0..<3).map { Inputs.splitmix(200_000, seed: 700 + UInt64($0)) }
        try await OriginFixture.with(Self.files) { origin in
            var files: [(XorbIndex, Range<Int>)] = []
            for part in parts {
                let xorb = try OriginFixture.xorb(of: part)
                let path = "/v1/xorbs/default/\(xorb.index.hash)"
                #expect(try await post(origin, path, xorb.chunks).status == .ok)
                files.append((xorb.index, 0..<xorb.index.chunkCount))
            }
            let file = try OriginFixture.file(files)
            let shard = try Shard(files: [file], xorbs: []).uploadBytes()
            #expect(try await post(origin, "/v1/shards", shard).status == .ok)
            let token = try await origin.casToken()
            for (index, _) in files {
                let answer = try await origin.get("/v1/chunks/default/\(index.chunkHashes[0])", token: token)
                let listed = try Shard(parsing: answer.bytes).xorbs.map(\.hash)
                #expect(Set(listed) == Set(files.map(\.0.hash)))
            }
            // What is in no file with others stands alone.
            let own = try #require(Self.files["models/acme/demo/a.bin"])
            let first = ChunkHash(ofChunk: Array(own.prefix(Chunker.cuts(of: own)[0])))
            let alone = try await origin.get("/v1/chunks/default/\(first)", token: token)
            #expect(try Shard(parsing: alone.bytes).xorbs.count == 1)
        }
    }

    @Test(arguments: ["/v1/xorbs/default/\(XorbHash.zero)", "/v1/shards", "/v2/shards"])
    func `needs a token for writing`(path: String) async throws {
        try await OriginFixture.with(Self.files) { origin in
            #expect(try await origin.send(.post, path, body: [1]).status == .unauthorized)
            let read = try await origin.casToken()
            #expect(try await origin.send(.post, path, token: read, body: [1]).status == .forbidden)
        }
    }

    @Test func `offers no grants`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws in
            let path = "/v1/xorb-grants/default/\(XorbHash.zero)"
            #expect(try await origin.send(.post, path, body: Array("{}".utf8)).status == .notFound)
        }
    }

    @Test func `takes telemetry`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws in
            #expect(try await origin.send(.post, "/v1/telemetry", body: Array("{}".utf8)).status == .ok)
        }
    }

    @Test func `knows chunks that it keeps`() async throws {
        let content = try #require(Self.files["models/acme/demo/a.bin"])
        let cuts = [0] + Chunker.cuts(of: content)
        let chunks = zip(cuts, cuts.dropFirst()).map { ChunkHash(ofChunk: Array(content[$0..<$1])) }
        try await OriginFixture.with(Self.files) { origin in
            let token = try await origin.casToken()
            for prefix in ["default", "default-merkledb"] {
                let answer = try await origin.get("/v1/chunks/\(prefix)/\(chunks[0])", token: token)
                #expect(answer.status == .ok)
                let shard = try Shard(parsing: answer.bytes)
                #expect(shard.files.isEmpty)
                let footer = try #require(shard.footer)
                #expect(footer.key != nil)
                #expect(footer.isKeyValid(at: origin.clock.now))
                let match = try #require(ShardChunkIndex(shard).longestMatch(of: chunks))
                #expect(match.chunks == ChunkRange(start: 0, end: chunks.count))
                // The hashes themselves are not in it.
                #expect(shard.xorbs[0].chunks.allSatisfy { !chunks.contains($0.hash) })
            }
            let unknown = ChunkHash(ofChunk: [1, 2, 3])
            #expect(try await origin.get("/v1/chunks/default/\(unknown)", token: token).status == .notFound)
            #expect(try await origin.get("/v1/chunks/default/x", token: token).status == .badRequest)
            #expect(try await origin.get("/v1/chunks/default/\(chunks[0])").status == .unauthorized)
        }
    }
}
