import NIOCore
import Testing
import XetCore
import _NIOFileSystem

@testable import XetOrigin

@Suite struct UploadLedgerTests {
    private let first: Repository
    private let second: Repository
    private let files = (0..<10).map { FileHash(words: (UInt64($0), 1, 2, 3)) }

    init() throws {
        first = try #require(Repository(kind: .model, name: "acme/one"))
        second = try #require(Repository(kind: .dataset, name: "acme/one"))
    }

    @Test func `remembers which file went where`() async throws {
        try await RepositoryFolder.with(["x": []]) { folder in
            let path = folder.location("ledger.txt")
            let ledger = try await UploadLedger.open(path)
            try await ledger.insert(Array(files[..<3]), in: first)
            try await ledger.insert(Array(files[2..<5]), in: second)
            try await ledger.insert(Array(files[..<4]), in: first)
            for ledger in [ledger, try await UploadLedger.open(path)] {
                #expect(files.map { ledger.contains($0, in: first) } == (0..<10).map { $0 < 4 })
                #expect(files.map { ledger.contains($0, in: second) } == (0..<10).map { (2..<5).contains($0) })
            }
        }
    }

    @Test func `a torn line does not spoil the next`() async throws {
        try await RepositoryFolder.with(["x": []]) { folder in
            let path = folder.location("ledger.txt")
            try await UploadLedger.open(path).insert([files[0], files[1]], in: first)
            let size = try #require(try await FileSystem.shared.info(forFileAt: path)).size
            try await FileSystem.shared.withFileHandle(
                forWritingAt: path,
                options: .modifyFile(createIfNecessary: false)
            ) { file in
                try await file.resize(to: .bytes(size - 5))
            }
            let torn = try await UploadLedger.open(path)
            #expect(torn.contains(files[0], in: first))
            #expect(!torn.contains(files[1], in: first))
            try await torn.insert([files[2]], in: first)
            let again = try await UploadLedger.open(path)
            #expect(files.prefix(3).map { again.contains($0, in: first) } == [true, false, true])
        }
    }

    @Test func `many at once are all there`() async throws {
        try await RepositoryFolder.with(["x": []]) { folder in
            let path = folder.location("ledger.txt")
            let ledger = try await UploadLedger.open(path)
            try await withThrowingTaskGroup(of: Void.self) { [first, files] group in
                for file in files {
                    group.addTask { try await ledger.insert([file], in: first) }
                }
                try await group.waitForAll()
            }
            let again = try await UploadLedger.open(path)
            #expect(files.allSatisfy { again.contains($0, in: first) })
        }
    }
}
