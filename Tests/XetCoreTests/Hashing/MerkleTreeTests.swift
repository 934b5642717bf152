import Testing
import XetCore
import XetTestSupport

@Suite struct MerkleTreeTests {
    private static let names: [Character: String] = [
        "Z": String(repeating: "0", count: 64),
        "A": "cfc5d07f6f03c29bbf424132963fe08d19a37d5757aaf520bf08119f05cd56d6",
        "B": "c3e67584b5c4fc2a89837ec39e40f2c8a6bb0b2987ac94cd4b31e5fbdd210a72",
        "C": "0d2beb91b9196929a5ddec9f6e306924ddf4a24268e3e59fd8464738d525af37",
        "D": "adf8773496a9b7319b2e50dc98093f344053b17d8ad37100b9c07d9805988784",
        "E": "4ac202caf347fc1e9c874b1ef6a1c5e619141eb775a6f43f0f0124ccd0060d9e",
        "F": "b3b28636f65c149ea52eb1f94669466f70f033b54cea792824c696ba6ef3c389",
        "G": "0e2c1a002aae913d2c0fc8ddfa4e9e14b7b311b3b0d458726d5d9f6a6318013c",
    ]

    @Test(arguments: namedMerkleVectors)
    func `named leaves`(leaves: String, root: String, file: String) throws {
        var tree = MerkleTree()
        for name in leaves {
            let hash = try #require(Self.names[name].flatMap { NodeHash($0) })
            let position = try #require("ZABCDEFG".firstIndex(of: name))
            let size = 100 * "ZABCDEFG".distance(from: "ZABCDEFG".startIndex, to: position)
            tree.append(hash, byteCount: UInt64(size))
        }
        #expect(tree.leafCount == leaves.count)
        #expect(tree.root.text == root)
        #expect(tree.fileHash.text == file)
    }

    @Test func `counter leaves`() throws {
        var tree = MerkleTree()
        var vectors = counterMerkleVectors[...]
        for index in 0..<100_000 {
            tree.append(Self.counter(index), byteCount: index + 1)
            guard index + 1 == vectors.first?.count, let vector = vectors.popFirst() else { continue }
            #expect(tree.root.text == vector.root, "\(index + 1) leaves")
            #expect(tree.xorbHash.text == vector.root)
            #expect(tree.fileHash.text == vector.file, "\(index + 1) leaves")
        }
        #expect(vectors.isEmpty)
    }

    /// With this share of hashes that end a group, all group sizes and one-child nodes on several levels occur.
    @Test(arguments: [0, 25, 50, 100])
    func `agrees with the plain form`(percentOfCuts: Int) {
        var random = SplitMix64(seed: UInt64(percentOfCuts))
        var leaves: [MerkleReference.Node] = []
        var tree = MerkleTree()
        for count in 1...400 {
            let cut = Int.random(in: 0..<100, using: &random) < percentOfCuts
            let last = cut ? random.next() & ~3 : random.next() | 1
            let hash = NodeHash(words: (random.next(), random.next(), random.next(), last))
            // Sizes above 2^32 occur in files, too.
            let size = random.next() >> 30
            leaves.append(MerkleReference.Node(hash: hash, byteCount: size))
            tree.append(hash, byteCount: size)
            #expect(tree.root == MerkleReference.root(leaves), "\(count) leaves")
        }
    }

    @Test func `no leaves`() {
        #expect(MerkleTree().root == .zero)
        #expect(MerkleTree().xorbHash == .zero)
        #expect(MerkleTree().fileHash == .zero)
    }

    private static func counter(_ index: Int) -> ChunkHash {
        let bytes = stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: index >> $0) }
        return ChunkHash(ofChunk: bytes.rawSpan)
    }
}

/// The Merkle root as the format describes it: whole passes over whole lists.
private enum MerkleReference {
    struct Node {
        let hash: NodeHash
        let byteCount: UInt64
    }

    static func root(_ nodes: [Node]) -> NodeHash {
        switch nodes.count {
        case 0: .zero
        case 1: nodes[0].hash
        default: root(pass(nodes))
        }
    }

    private static func pass(_ nodes: [Node]) -> [Node] {
        var parents: [Node] = []
        var start = 0
        while start < nodes.count {
            let end = start + groupCount(nodes[start...])
            parents.append(parent(nodes[start..<end]))
            start = end
        }
        return parents
    }

    private static func groupCount(_ rest: ArraySlice<Node>) -> Int {
        if rest.count <= 2 { return rest.count }
        let most = min(9, rest.count)
        for index in 2..<most where rest[rest.startIndex + index].hash.words.3 % 4 == 0 {
            return index + 1
        }
        return most
    }

    private static func parent(_ children: ArraySlice<Node>) -> Node {
        let text = children.map { "\($0.hash.text) : \($0.byteCount)\n" }.joined()
        return Node(
            hash: NodeHash(keyed: HashKey.internalNode, Array(text.utf8).rawSpan),
            byteCount: children.reduce(0) { $0 + $1.byteCount }
        )
    }
}
