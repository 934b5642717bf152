import NIOCore
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetLocal

@Suite struct ContentClaimTests {
    private static let content = Array("Hello World!".utf8)
    private static let sha256 = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"
    /// As `git hash-object` says.
    private static let gitBlob = "c57eff55ebc0c54973903af5f72bac72762cf4f4"

    private static func hash(_ content: [UInt8]) -> FileHash {
        var hasher = FileHasher()
        hasher.update(content.rawSpan)
        return hasher.finish()
    }

    private static func regular(_ tag: String?, byteCount: UInt64? = 12) -> ContentClaim {
        ContentClaim(ResolvedFile(storage: .regular, byteCount: byteCount, etag: tag))
    }

    private static func xet(_ hash: FileHash, _ tag: String? = nil, byteCount: UInt64 = 12) -> ContentClaim {
        ContentClaim(ResolvedFile(storage: .xet(hash), byteCount: byteCount, etag: tag))
    }

    private func outcome(_ claim: ContentClaim, _ content: [UInt8]) async throws -> ContentClaim.Outcome {
        try await TemporaryFolder.with { folder in
            try await folder.entry("file").write(content)
            return try await claim.compare(with: OpenFile(folder.entry("file"), flags: 0, operation: .open))
        }
    }

    @Test(arguments: [
        regular("\"\(sha256)\""), regular(sha256.uppercased()), regular("\"\(gitBlob)\""), xet(hash(content)),
        xet(hash(content), "\"\(sha256)\""),
        // Cut into chunks by other rules.
        xet(hash([1]), "\"\(sha256)\""),
    ])
    func `knows the content`(claim: ContentClaim) async throws {
        #expect(try await outcome(claim, Self.content) == .match)
        #expect(try await outcome(claim, Array("Hello World?".utf8)) == .mismatch)
        #expect(try await outcome(claim, Self.content + [0]) == .mismatch)
        #expect(try await outcome(claim, []) == .mismatch)
        #expect(claim.identity != nil)
    }

    @Test func `a XET hash alone proves a match only`() async throws {
        #expect(try await outcome(Self.xet(Self.hash([1])), Self.content) == .mismatch)
    }

    @Test func `empty files are equal`() async throws {
        #expect(try await outcome(Self.xet(Self.hash([]), byteCount: 0), []) == .match)
        let tag = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        #expect(try await outcome(Self.regular(tag, byteCount: 0), []) == .match)
    }

    @Test(arguments: [
        nil, "\"abc\"", "W/\"\(sha256)\"", "\"\(sha256)-gzip\"", "\"\(gitBlob)0\"",
        "\"" + sha256.replacing("a", with: "g") + "\"",
    ])
    func `other tags say nothing of the content`(tag: String?) async throws {
        let claim = Self.regular(tag)
        #expect(try await outcome(claim, Self.content) == .unknown)
        #expect(try await outcome(claim, Self.content + [0]) == .mismatch)
        #expect(claim.identity == nil)
    }

    @Test func `without a length nothing is known to be a part`() async throws {
        #expect(Self.regular(Self.sha256, byteCount: nil).identity == nil)
        #expect(try await outcome(Self.regular(Self.sha256, byteCount: nil), Self.content) == .match)
    }

    @Test func `each content has an identity of its own`() {
        let claims = [
            Self.regular(Self.sha256), Self.regular(Self.gitBlob), Self.xet(Self.hash([1])), Self.xet(Self.hash([2])),
            Self.regular(Self.sha256, byteCount: 13), Self.xet(Self.hash([1]), byteCount: 13),
        ]
        #expect(Set(claims.map(\.identity)).count == claims.count)
        #expect(Self.xet(Self.hash([1]), Self.sha256).identity == Self.xet(Self.hash([1])).identity)
    }
}
