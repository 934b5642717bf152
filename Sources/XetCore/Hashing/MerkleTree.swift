/// Folds a list of (hash, size) leaves into its aggregated Merkle root, leaf by leaf.
///
/// Every level keeps only the group that is still open, at most nine nodes, so a file of any size needs a few KiB.
/// A pass over a level closes a group after its third or later node whose hash modulo 4 is 0, or after the ninth; what
/// is left at the end forms the last group, even of one node. A level of one node is the root.
/// Source: draft-denis-xet, "Aggregated Hash Computation"; a last group of one is hashed again, as the reference
/// client does.
public struct MerkleTree: Sendable {
    private struct Node: Sendable {
        let hash: NodeHash
        /// Unpacked bytes below this node.
        let byteCount: UInt64
    }

    private struct Level: Sendable {
        var open: [Node] = []
        /// Nodes that this level has seen.
        var nodeCount: UInt64 = 0
    }

    private static let minimumGroup = 3
    private static let maximumGroup = 9
    private static let branching: UInt64 = 4

    private var levels: [Level] = [Level()]

    /// Unpacked bytes of all leaves so far.
    public private(set) var byteCount: UInt64 = 0

    /// A tree without leaves.
    public init() {}

    /// Number of leaves so far.
    public var leafCount: UInt64 { levels[0].nodeCount }

    /// About the bytes of memory that the tree takes.
    package var memoryByteCount: Int {
        levels.reduce(MemoryLayout<Self>.size) {
            $0 + MemoryLayout<Level>.stride + $1.open.capacity * MemoryLayout<Node>.stride
        }
    }

    /// Adds the next leaf; `byteCount` is its unpacked size.
    public mutating func append(_ chunk: ChunkHash, byteCount: Int) {
        append(NodeHash(chunk), byteCount: UInt64(byteCount))
    }

    /// Adds the next leaf.
    public mutating func append(_ leaf: NodeHash, byteCount: UInt64) {
        self.byteCount &+= byteCount
        push(Node(hash: leaf, byteCount: byteCount), at: 0)
    }

    /// The root over the leaves so far: zero for none, the leaf's own hash for one.
    public var root: NodeHash {
        var tree = self
        return tree.fold()
    }

    /// The root as the hash of a xorb with these chunks.
    public var xorbHash: XorbHash { XorbHash(root) }

    /// The hash of a file with these chunks; zero for the empty file.
    ///
    /// Source: reference client; the draft's formula would give another hash for the empty file.
    public var fileHash: FileHash {
        leafCount == 0 ? .zero : FileHash(root.keyed(HashKey.file))
    }

    private mutating func push(_ node: Node, at level: Int) {
        if level == levels.count {
            levels.append(Level())
        }
        levels[level].nodeCount += 1
        levels[level].open.append(node)
        let count = levels[level].open.count
        let isCut = count >= Self.minimumGroup && node.hash.modulo(Self.branching) == 0
        if isCut || count == Self.maximumGroup {
            closeGroup(at: level)
        }
    }

    private mutating func closeGroup(at level: Int) {
        let parent = Self.parent(of: levels[level].open)
        levels[level].open.removeAll(keepingCapacity: true)
        push(parent, at: level + 1)
    }

    private mutating func fold() -> NodeHash {
        var level = 0
        while level < levels.count {
            if levels[level].nodeCount == 1, let root = levels[level].open.first {
                return root.hash
            }
            if !levels[level].open.isEmpty {
                closeGroup(at: level)
            }
            level += 1
        }
        return .zero
    }

    /// One line per child, `<hash text> : <size>` and a newline, under the key of internal nodes.
    private static func parent(of children: [Node]) -> Node {
        var text: [UInt8] = []
        text.reserveCapacity(children.count * 88)
        var byteCount: UInt64 = 0
        for child in children {
            child.hash.appendText(to: &text)
            text.append(contentsOf: " : \(child.byteCount)\n".utf8)
            byteCount &+= child.byteCount
        }
        return Node(hash: NodeHash(keyed: HashKey.internalNode, text.rawSpan), byteCount: byteCount)
    }
}
