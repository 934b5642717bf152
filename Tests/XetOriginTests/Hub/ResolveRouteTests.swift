import Crypto
import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

@Suite struct ResolveRouteTests {
    private static let large = Inputs.splitmix(250_000, seed: 201)
    private static let files: [String: [UInt8]] = [
        "models/acme/demo/model.bin": large, "models/acme/demo/xmodel.bin": Inputs.lines(150_000),
        "models/acme/demo/config.json": Array("{}".utf8), "models/acme/demo/empty.txt": [],
        "datasets/acme/data/sub dir/ü #?%41.bin": Inputs.lines(120_000), "datasets/acme/data/ü #?%.txt": [1, 2, 3],
        "spaces/acme/app/app.py": [4],
    ]

    @Test func `a small file is answered at once`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/acme/demo/resolve/main/config.json")
            #expect(answer.status == .ok)
            #expect(answer.bytes == Array("{}".utf8))
            #expect(answer.headers[.eTag] == "\"\(GitObjectID(blob: Array("{}".utf8)).text)\"")
            #expect(answer.headers[.contentLength] == "2")
            #expect(answer.headers[.acceptRanges] == "bytes")
            #expect(answer.headers[.contentType] == "application/json")
            #expect(answer.headers[.repoCommit]?.count == 40)
            #expect(answer.headers[.xetHash] == nil)
            #expect(answer.headers[.link] == nil)

            let head = try await origin.send(.head, "/acme/demo/resolve/main/config.json")
            #expect(head.status == .ok)
            #expect(head.headers[.contentLength] == "2")
            #expect(head.bytes.isEmpty)

            let empty = try await origin.get("/acme/demo/resolve/main/empty.txt")
            #expect(empty.status == .ok)
            #expect(empty.headers[.contentLength] == "0")
        }
    }

    @Test func `a small file can be had in parts`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let path = "/datasets/acme/data/resolve/main/%C3%BC%20%23%3F%25.txt"
            let part = try await origin.get(path, headers: .range("bytes=1-"))
            #expect(part.status == .partialContent)
            #expect(part.bytes == [2, 3])
            #expect(part.headers[.contentRange] == "bytes 1-2/3")
            let beyond = try await origin.get(path, headers: .range("bytes=3-"))
            #expect(beyond.status == .rangeNotSatisfiable)
            #expect(beyond.headers[.contentRange] == "bytes */3")
            var headers = HTTPFields()
            headers[.ifNoneMatch] = part.headers[.eTag]
            #expect(try await origin.get(path, headers: headers).status == .notModified)
        }
    }

    @Test(arguments: [HTTPRequest.Method.get, .head])
    func `a large file is announced as XET`(method: HTTPRequest.Method) async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.send(method, "/acme/demo/resolve/main/model.bin")
            let sha256 = SHA256.hash(data: Self.large).map { [$0].hexText }.joined()
            let commit = try #require(answer.headers[.repoCommit])
            #expect(answer.status == .found)
            #expect(answer.headers[.linkedSize] == "250000")
            #expect(answer.headers[.linkedETag] == "\"\(sha256)\"")
            #expect(answer.headers[.eTag] == "\"\(sha256)\"")
            let hash = try #require(answer.headers[.xetHash].flatMap { FileHash($0) })
            let links = LinkHeader(parsing: try #require(answer.headers[.link]))
            #expect(
                links.target(LinkHeader.tokenRelation)
                    == "http://localhost/api/models/acme/demo/xet-read-token/\(commit)"
            )
            #expect(
                links.target(LinkHeader.reconstructionRelation) == "http://localhost/v1/reconstructions/\(hash)"
            )
            let location = try #require(answer.headers[.location])
            #expect(location.hasPrefix("http://localhost/"))
            let content = try await origin.get(location)
            #expect(content.status == .ok)
            #expect(content.bytes == Self.large)
        }
    }

    @Test func `addresses can be given another beginning`() async throws {
        try await OriginFixture.with(Self.files, publicURL: "https://hub.example/base/") { origin in
            let answer = try await origin.get("/acme/demo/resolve/main/model.bin")
            let links = LinkHeader(parsing: try #require(answer.headers[.link]))
            let token = try #require(links.target(LinkHeader.tokenRelation))
            #expect(token.hasPrefix("https://hub.example/base/api/models/acme/demo/xet-read-token/"))
            #expect(answer.headers[.location]?.hasPrefix("https://hub.example/base/xet-bridge/") == true)
            let body = try await origin.get("/api/models/acme/demo/xet-read-token/main").json(TokenBody.self)
            #expect(body.casURL == "https://hub.example/base")
        }
    }

    @Test func `names are taken exactly`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/datasets/acme/data/resolve/main/sub%20dir/%C3%BC%20%23%3F%2541.bin")
            #expect(answer.status == .found)
            for path in [
                "odel.bin", "model", "MODEL.bin", "sub/model.bin", "model.bin/x", "./model.bin", "../demo/model.bin",
            ] {
                let answer = try await origin.get("/acme/demo/resolve/main/\(path)")
                #expect(answer.status == .notFound, "\(path)")
                #expect(answer.headers[.errorCode] == HubErrorCode.entryNotFound, "\(path)")
                #expect(answer.headers[.repoCommit]?.count == 40, "\(path)")
            }
        }
    }

    @Test(arguments: ["..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/secret", "/etc/passwd", "..", "."])
    func `no path leads out of the repository`(path: String) async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/acme/demo/resolve/main/\(path)")
            #expect(answer.status == .notFound)
        }
    }

    @Test func `answers by branch and commit`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let commit = try #require(
                try await origin.get("/acme/demo/resolve/main/config.json").headers[.repoCommit]
            )
            for revision in [commit, "refs%2Fheads%2Fmain"] {
                #expect(try await origin.get("/acme/demo/resolve/\(revision)/config.json").status == .ok)
            }
            for revision in ["refs/heads/main", "dev", "refs%2Fpr%2F1"] {
                let answer = try await origin.get("/acme/demo/resolve/\(revision)/config.json")
                #expect(answer.status == .notFound)
                #expect(answer.headers[.errorCode] == HubErrorCode.revisionNotFound)
            }
        }
    }

    @Test func `a file that changed is not served until it was read`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let path = "/acme/demo/resolve/main/config.json"
            try await origin.folder.write([9, 9], to: "models/acme/demo/config.json")
            let answer = try await origin.get(path)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] == "2")
            #expect(try await origin.send(.head, path).status == .serviceUnavailable)
            try await origin.origin.look()
            #expect(try await origin.get(path).bytes == [9, 9])
        }
    }

    @Test func `raw is what Git has`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            #expect(try await origin.get("/acme/demo/raw/main/config.json").bytes == Array("{}".utf8))
            let sha256 = SHA256.hash(data: Self.large).map { [$0].hexText }.joined()
            let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:\(sha256)\nsize 250000\n"
            let answer = try await origin.get("/acme/demo/raw/main/model.bin")
            #expect(answer.status == .ok)
            #expect(answer.text == pointer)
            #expect(answer.headers[.eTag] == "\"\(GitObjectID(blob: Array(pointer.utf8)).text)\"")
            #expect(
                try await origin.send(.head, "/acme/demo/raw/main/model.bin").headers[.contentLength]
                    == "\(pointer.utf8.count)"
            )
            #expect(try await origin.get("/acme/demo/raw/main/nothing").status == .notFound)
            #expect(try await origin.get("/acme/demo/raw/other/config.json").status == .notFound)
        }
    }
}
