import Testing
import XetCore
import _NIOFileSystem

@testable import XetOrigin

@Suite struct CatalogTests {
    /// A snapshot of so many files, whose commit follows from the seed.
    private func snapshot(
        _ name: String,
        kind: RepositoryKind = .model,
        fileCount: Int = 1,
        seed: Int = 0
    ) async throws -> RepositorySnapshot {
        let info = try #require(try await FileSystem.shared.info(forFileAt: "/"))
        let object = GitObjectID(blob: Array("\(seed)".utf8))
        let content = RegularContent(location: "/nowhere", object: object, pieces: [])
        return RepositorySnapshot(
            repository: try #require(Repository(kind: kind, name: name)),
            files: (0..<fileCount).map { number in
                CatalogEntry(path: RepositoryPath("\(number)"), stamp: FileStamp(info), storage: .regular(content))
            }
        )
    }

    @Test func `finds names whatever their case, the exact one first`() async throws {
        let catalog = Catalog()
        for kind in RepositoryKind.allCases {
            catalog.publish([
                try await snapshot("Acme/One", kind: kind), try await snapshot("acme/one", kind: kind),
                try await snapshot("acme/Two", kind: kind),
            ])
            func found(_ name: String) throws -> String? {
                catalog.repository(withoutCase: try #require(Repository(kind: kind, name: name)))?.name
            }
            #expect(try found("ACME/TWO") == "acme/Two")
            #expect(try found("acme/two") == "acme/Two")
            #expect(try found("ACME/one") == "Acme/One")
            #expect(try found("acme/three") == nil)
            #expect(catalog.snapshots(kind).map(\.repository.name) == ["Acme/One", "acme/Two", "acme/one"])
        }
    }

    @Test func `remembers what was served, within bounds`() async throws {
        let catalog = Catalog()
        let fileCount = 500
        var all: [RepositorySnapshot] = []
        for seed in 0..<(Catalog.maximumFormerFileCount / fileCount + 3) {
            all.append(try await snapshot("a/b", fileCount: fileCount, seed: seed))
            catalog.publish([all[seed]])
        }
        let current = try #require(all.last)
        let history = catalog.history(of: current).map(\.commit)
        #expect(history.count == Catalog.maximumFormerFileCount / fileCount + 1)
        #expect(history == all.suffix(history.count).map(\.commit).reversed())
        #expect(catalog.snapshot(current.repository, revision: all[0].commit) == nil)
        #expect(catalog.snapshot(current.repository, revision: all[3].commit)?.commit == all[3].commit)
        #expect(catalog.snapshot(current.repository, revision: "main")?.commit == current.commit)
    }

    @Test func `a repository that is gone has no past`() async throws {
        let catalog = Catalog()
        let (first, second) = (try await snapshot("a/b", seed: 1), try await snapshot("a/b", seed: 2))
        catalog.publish([first], isStart: true)
        catalog.publish([second])
        #expect(catalog.snapshot(first.repository, revision: first.commit) != nil)
        catalog.publish([])
        #expect(catalog.snapshot(first.repository, revision: first.commit) == nil)
        #expect(catalog.snapshot(first.repository) == nil)
    }

    @Test func `what was published at the start only is no past`() async throws {
        let catalog = Catalog()
        let (first, second) = (try await snapshot("a/b", seed: 1), try await snapshot("a/b", seed: 2))
        catalog.publish([first], isStart: true)
        catalog.publish([second], isStart: true)
        #expect(catalog.history(of: second).map(\.commit) == [second.commit])
    }
}
