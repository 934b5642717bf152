import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

@Suite struct TreeRouteTests {
    private static let files: [String: [UInt8]] = {
        var files: [String: [UInt8]] = [
            "models/acme/demo/large.bin": Inputs.lines(150_000), "models/acme/demo/sub/a.txt": [1],
            "models/acme/demo/sub/deep/b.txt": [2], "models/acme/demo/ü/c d.txt": [3],
        ]
        for number in 0..<30 {
            files["datasets/acme/many/file \(number).txt"] = [UInt8(number)]
        }
        return files
    }()

    private func paths(_ answer: TestResponse) throws -> [String] {
        try answer.json([TreeEntryBody].self).map(\.path)
    }

    @Test func `lists a folder, or all below it`() async throws {
        try await OriginFixture.with(Self.files) { origin async throws in
            let tree = "/api/models/acme/demo/tree/main"
            #expect(try paths(await origin.get(tree)) == ["large.bin", "sub", "ü"])
            #expect(
                try paths(await origin.get("\(tree)?recursive=True&expand=False")) == [
                    "large.bin", "sub", "sub/a.txt", "sub/deep", "sub/deep/b.txt", "ü", "ü/c d.txt",
                ]
            )
            #expect(try paths(await origin.get("\(tree)/sub?recursive=false")) == ["sub/a.txt", "sub/deep"])
            #expect(try paths(await origin.get("\(tree)/%C3%BC")) == ["ü/c d.txt"])
        }
    }

    @Test func `says what a file is`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/api/models/acme/demo/tree/main")
            let resolved = try await origin.send(.head, "/acme/demo/resolve/main/large.bin")
            let entries = try answer.json([TreeEntryBody].self)
            #expect(entries[0].isFile)
            #expect(entries[0].size == 150_000)
            #expect(entries[0].xetHash == resolved.headers[.xetHash])
            #expect(entries[0].lfs.map { "\"\($0.oid)\"" } == resolved.headers[.linkedETag])
            #expect(entries[0].lfs?.size == 150_000)
            #expect(entries[0].oid?.count == 40)
            #expect(entries[1].type == "directory")
            #expect(entries[1].xetHash == nil)
            #expect(answer.headers[.repoCommit] == resolved.headers[.repoCommit])
        }
    }

    @Test func `expands to the last commit`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let plain = try await origin.get("/api/models/acme/demo/tree/main")
            #expect(!plain.text.contains("lastCommit"))
            let expanded = try await origin.get("/api/models/acme/demo/tree/main?expand=true")
            #expect(expanded.text.contains("lastCommit"))
        }
    }

    @Test func `pages follow each other`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            var next: String? = "/api/datasets/acme/many/tree/main?recursive=true&limit=7"
            var pages: [[String]] = []
            while let address = next {
                let answer = try await origin.get(address)
                pages.append(try paths(answer))
                next = answer.headers[.link].flatMap { LinkHeader(parsing: $0).target(LinkHeader.nextRelation) }
                if let next { #expect(next.hasPrefix("http://localhost/api/datasets/acme/many/tree/")) }
            }
            #expect(pages.map(\.count) == [7, 7, 7, 7, 2])
            #expect(Set(pages.joined()).count == 30)
            #expect(pages.joined().elementsEqual(pages.joined().sorted()))
        }
    }

    @Test(arguments: ["limit=0", "limit=-1", "limit=x", "cursor=-1", "cursor=x", "limit=99999999999999999999"])
    func `refuses numbers that are none`(query: String) async throws {
        try await OriginFixture.with(Self.files) { origin async throws in
            #expect(try await origin.get("/api/datasets/acme/many/tree/main?\(query)").status == .badRequest)
        }
    }

    @Test func `there are no entries behind the last`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/api/datasets/acme/many/tree/main?cursor=1000")
            #expect(try paths(answer).isEmpty)
            #expect(answer.headers[.link] == nil)
        }
    }

    @Test(arguments: ["large.bin", "nothing", "sub/deep/b.txt", "su"])
    func `only folders are listed`(path: String) async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.get("/api/models/acme/demo/tree/main/\(path)")
            #expect(answer.status == .notFound)
            #expect(answer.headers[.errorCode] == HubErrorCode.entryNotFound)
        }
    }
}
