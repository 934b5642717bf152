import Testing
import XetCore
import _NIOFileSystem

@testable import XetStore

@Suite struct StoreLayoutTests {
    private let text = String(repeating: "0123456789abcdef", count: 4)

    @Test func `puts files into folders of two digits`() throws {
        let layout = StoreLayout(root: "/data")
        let xorb = try #require(XorbHash(text))
        #expect(layout.xorb(xorb).string == "/data/xorbs/01/\(text).xorb")
        let shard = try #require(ShardHash(text))
        #expect(layout.shard(shard).string == "/data/shards/01/\(text).mdb")
    }

    @Test func `temporary names differ`() {
        let layout = StoreLayout(root: "/data")
        let names = Set((0..<100).map { _ in layout.temporaryFile().string })
        #expect(names.count == 100)
        #expect(names.allSatisfy { $0.hasPrefix("/data/temporary/") })
    }

    @Test func `only names of hashes are names of the store`() throws {
        let hash: XorbHash? = StoreLayout.hash(of: try #require(FilePath.Component(text + ".xorb")), extension: "xorb")
        #expect(hash?.text == text)
        for name in [
            text, text + ".mdb", text.uppercased() + ".xorb", text.dropLast() + ".xorb", "x.xorb", text + "0.xorb",
        ] {
            let other: XorbHash? = StoreLayout.hash(of: try #require(FilePath.Component(name)), extension: "xorb")
            #expect(other == nil, "\(name)")
        }
    }
}
