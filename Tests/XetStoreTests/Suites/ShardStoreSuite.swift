import Testing
import XetAccess
import XetCore
import XetStore
import XetTestSupport

/// What every store of reconstructions has to do.
struct ShardStoreSuite {
    let xorbs: any XorbStore
    let store: any ShardStore

    func run() async throws {
        let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(600_000, seed: 31)))
        let index = xorb.index
        let whole = try StoreContents.file([(index, 0..<index.chunkCount)])
        let part = try StoreContents.file([(index, 1..<3), (index, 0..<2)])
        let empty = try StoreContents.file([])
        let listed = try ShardXorb(index)

        // The xorb has to be there first.
        await #expect(throws: ShardCheckError.unknownXorb(index.hash)) {
            try await store.register(Shard(files: [whole], xorbs: [listed]))
        }
        #expect(try await store.file(whole.hash) == nil)

        try await xorbs.put(xorb)
        #expect(try await store.register(Shard(files: [whole, empty], xorbs: [listed])))
        #expect(try await store.register(Shard(files: [whole], xorbs: [listed])) == false)
        #expect(try await store.file(whole.hash) == whole)
        #expect(try await store.file(empty.hash) == empty)
        #expect(empty.hash == .zero)

        // None of the files is known if one of them is wrong.
        let wrong = try ShardFile(
            hash: part.hash,
            terms: part.terms.reversed(),
            verification: part.verification?.reversed(),
            sha256: .zero
        )
        let other = try StoreContents.file([(index, 2..<5)])
        await #expect(throws: ShardCheckError.self) {
            try await store.register(Shard(files: [other, wrong], xorbs: []))
        }
        #expect(try await store.file(other.hash) == nil)
        #expect(try await store.file(part.hash) == nil)

        #expect(try await store.register(Shard(files: [part, other, whole], xorbs: [])))
        #expect(try await store.file(part.hash) == part)
        #expect(try await store.file(other.hash) == other)
        #expect(try await store.file(whole.hash) == whole)
    }
}
