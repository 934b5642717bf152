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

    @Test func `does not open with a damaged shard`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorbs = try await DiskXorbStore.open(layout)
            let store = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            try await store.register(Shard(files: [StoreContents.file([])], xorbs: []))
            let hashes: [ShardHash] = try await StoreFiles(layout: layout).hashes(
                in: layout.shardFolder,
                extension: StoreLayout.shardExtension
            )
            #expect(hashes.count == 1)
            let path = layout.shard(try #require(hashes.first))
            try await FileSystem.shared.withFileHandle(
                forWritingAt: path,
                options: .modifyFile(createIfNecessary: false)
            ) { file in
                _ = try await file.write(contentsOf: [0xFF] as [UInt8], toAbsoluteOffset: 60)
            }
            await #expect(throws: StoreError.self) {
                _ = try await DiskShardStore.open(layout, xorbs: xorbs, now: { 1 })
            }
        }
    }
}
