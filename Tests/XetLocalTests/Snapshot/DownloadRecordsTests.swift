import Testing
import XetAccess
import XetCore

@testable import XetLocal

@Suite struct DownloadRecordsTests {
    private func claim(_ content: [UInt8], _ digit: Character = "a") -> ContentClaim {
        ContentClaim(
            ResolvedFile(
                storage: .regular,
                byteCount: UInt64(content.count),
                etag: String(repeating: digit, count: 64)
            )
        )
    }

    @Test func `what was noted is known until it changes`() async throws {
        try await TemporaryFolder.with { folder in
            let (content, path) = ([UInt8]("content".utf8), try #require(RepositoryPath("sub/a\tb.txt")))
            try await folder.entry("sub").makeFolder()
            try await path.path(in: folder).write(content)
            let records = DownloadRecords(of: folder)
            #expect(!records.isCurrent(path, claim(content)))
            records.note(path, claim(content))
            #expect(records.isCurrent(path, claim(content)))
            #expect(!records.isCurrent(path, claim(content, "b")))
            #expect(DownloadRecords(of: folder).isCurrent(path, claim(content)))
            try await path.path(in: folder).write(Array("changed".utf8))
            #expect(!DownloadRecords(of: folder).isCurrent(path, claim(content)))
        }
    }

    @Test func `the last about a path counts, and what is damaged does not`() async throws {
        try await TemporaryFolder.with { folder in
            let (content, path) = ([UInt8]("x".utf8), try #require(RepositoryPath("a")))
            try await path.path(in: folder).write(content)
            let records = DownloadRecords(of: folder)
            for digit in "abc" { records.note(path, claim(content, digit)) }
            records.note(path, claim(content, "c"))
            let file = folder.entry(".cache/xet/files")
            let lines = try await file.content()
            #expect(lines.count { $0 == UInt8(ascii: "\n") } == 3)
            #expect(DownloadRecords(of: folder).isCurrent(path, claim(content, "c")))
            #expect(!DownloadRecords(of: folder).isCurrent(path, claim(content, "b")))
            // A line that was cut off, and some that are none, cost nothing but themselves.
            try await file.write(lines.dropLast(5) + Array("\n\n\t\t\t\n\u{1}\t-1\tx\ty\n".utf8) + [0xFF, 10])
            #expect(!DownloadRecords(of: folder).isCurrent(path, claim(content, "c")))
            #expect(DownloadRecords(of: folder).isCurrent(path, claim(content, "b")))
        }
    }

    @Test func `what has no identity, no file or no place for records is not remembered`() async throws {
        try await TemporaryFolder.with { folder in
            let path = try #require(RepositoryPath("a"))
            let unknown = ContentClaim(ResolvedFile(storage: .regular, byteCount: 1))
            let records = DownloadRecords(of: folder)
            records.note(path, claim([1]))
            #expect(!records.isCurrent(path, claim([1])))
            try await path.path(in: folder).write([1])
            records.note(path, unknown)
            #expect(!records.isCurrent(path, unknown))
            try await folder.entry(".cache").write([])
            records.note(path, claim([1]))
            #expect(!DownloadRecords(of: folder).isCurrent(path, claim([1])))
        }
    }
}
