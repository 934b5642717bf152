import NIOCore
import Testing
import XetAccess
import XetCore
import XetTestSupport
import _NIOFileSystem

@testable import XetStore

@Suite struct DiskShardStoreTests {
    @Test func `keeps reconstructions as every store does`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorbs = try await DiskXorbStore.open(layout)
            let shards = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1_700_000_000 })
            try await ShardStoreSuite(xorbs: xorbs, store: shards).run()
        }
    }

    @Test func `finds everything again`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorbs = try await DiskXorbStore.open(layout)
            let first = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1_700_000_000 })
            var files: [ShardFile] = []
            // More shards than are kept in memory.
            for seed in 0..<12 {
                let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(30_000, seed: UInt64(seed))))
                try await xorbs.put(xorb)
                let file = try StoreContents.file([(xorb.index, 0..<xorb.index.chunkCount)])
                try await first.register(Shard(files: [file], xorbs: [ShardXorb(xorb.index)]))
                files.append(file)
            }
            let second = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1_800_000_000 })
            for file in files {
                #expect(try await first.file(file.hash) == file)
                #expect(try await second.file(file.hash) == file)
                #expect(try await second.register(Shard(files: [file], xorbs: [])) == false)
            }
        }
    }

    /// The files of the store that have a name.
    private func shards(_ layout: StoreLayout) async throws -> [FilePath] {
        let found: [StoreFiles.Found<ShardRole>] = try await StoreFiles(layout: layout).found(
            in: layout.shardFolder,
            extension: StoreLayout.shardExtension
        )
        return found.map(\.path)
    }

    @Test(arguments: ["flip", "truncate", "empty", "folder"])
    func `opens without a damaged shard, and takes its files anew`(damage: String) async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorbs = try await DiskXorbStore.open(layout)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(30_000, seed: 3)))
            try await xorbs.put(xorb)
            let file = try StoreContents.file([(xorb.index, 0..<xorb.index.chunkCount)])
            let first = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            try await first.register(Shard(files: [file], xorbs: []))
            let path = try #require(try await shards(layout).first)
            var bytes = Array(buffer: try await ByteBuffer(contentsOf: path, maximumSizeAllowed: .mebibytes(1)))
            try await FileSystem.shared.removeItem(at: path)
            switch damage {
            case "flip": bytes[60] ^= 1
            case "truncate": bytes.removeLast()
            case "empty": bytes = []
            default: break
            }
            if damage == "folder" {
                try await FileSystem.shared.createDirectory(at: path, withIntermediateDirectories: false)
            } else {
                let content = bytes
                try await FileSystem.shared.withFileHandle(
                    forWritingAt: path,
                    options: .newFile(replaceExisting: true)
                ) { _ = try await $0.write(contentsOf: content, toAbsoluteOffset: 0) }
            }
            // The one that is open has the file in memory, and one that starts has not.
            let second = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            #expect(second.damages.map(\.path) == [path.string])
            #expect(try await second.file(file.hash) == nil)
            #expect(try await second.register(Shard(files: [file], xorbs: [])))
            #expect(try await second.file(file.hash) == file)
            let third = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            #expect(third.damages.isEmpty)
            #expect(try await third.file(file.hash) == file)
        }
    }

    @Test func `a file of which a xorb is gone is not known until there are others`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let chunks = StoreContents.chunks(of: Inputs.splitmix(300_000, seed: 4))
            // The same file from one xorb, and from two.
            let whole = try StoreContents.xorb(chunks)
            let (start, end) = (
                try StoreContents.xorb(Array(chunks[..<2])), try StoreContents.xorb(Array(chunks[2...]))
            )
            let file = try StoreContents.file([(whole.index, 0..<chunks.count)])
            let same = try StoreContents.file([(start.index, 0..<2), (end.index, 0..<chunks.count - 2)])
            #expect(file.hash == same.hash)
            let xorbs = try await DiskXorbStore.open(layout)
            let shards = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            try await xorbs.put(whole)
            try await shards.register(Shard(files: [file], xorbs: []))
            try await FileSystem.shared.removeItem(at: layout.xorb(whole.index.hash))
            try await xorbs.examine(whole.index.hash)
            #expect(try await shards.file(file.hash) == nil)
            #expect(shards.describes(file.hash))
            #expect(try await shards.incompleteFiles().map(\.file) == [file.hash])
            #expect(try await shards.incompleteFiles().map(\.missing) == [whole.index.hash])

            try await xorbs.put(start)
            try await xorbs.put(end)
            #expect(try await shards.register(Shard(files: [same], xorbs: [])))
            #expect(try await shards.file(file.hash) == same)
            #expect(try await shards.incompleteFiles().isEmpty)
            let again = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            #expect(try await again.file(file.hash) == same)
            #expect(try await again.incompleteFiles().isEmpty)
            // Back again, either will do.
            try await xorbs.put(whole)
            #expect(try await again.file(file.hash) != nil)
        }
    }

    @Test func `knows the other xorbs of a file`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorbs = try await DiskXorbStore.open(layout)
            let shards = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            let indexes = try (0..<5).map { try StoreContents.xorb([Inputs.splitmix(9000, seed: UInt64($0))]) }
            for xorb in indexes { try await xorbs.put(xorb) }
            let names = indexes.map(\.index.hash)
            let file = try StoreContents.file(indexes.prefix(4).map { ($0.index, 0..<1) })
            let alone = try StoreContents.file([(indexes[4].index, 0..<1)])
            try await shards.register(Shard(files: [file, alone], xorbs: []))
            for store in [shards, try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })] {
                // What follows comes before what precedes.
                #expect(try await store.neighbours(of: names[1], maximumCount: 9) == [names[2], names[3], names[0]])
                #expect(try await store.neighbours(of: names[1], maximumCount: 2) == [names[2], names[3]])
                #expect(try await store.neighbours(of: names[4], maximumCount: 9).isEmpty)
                #expect(try await store.neighbours(of: .zero, maximumCount: 9).isEmpty)
            }
        }
    }
}
