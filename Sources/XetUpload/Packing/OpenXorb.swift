import XetCore

/// The xorb that is being filled: which chunks it has, and the packed bytes of each part once they are there.
struct OpenXorb: Sendable {
    private let maximumByteCount: Int
    /// At worst every chunk is stored as it is.
    private var worstByteCount = 0
    private var positions: [ChunkHash: Int] = [:]
    private var tree = MerkleTree()
    private(set) var hashes: [ChunkHash] = []
    private(set) var unpackedEnds: [UInt32] = []
    /// Packed chunks, in order.
    var parts: [Promise<PackedChunks>] = []

    /// One of at most `byteCount` serialized and as many unpacked bytes.
    init(byteCount: Int) {
        maximumByteCount = byteCount
    }

    var isEmpty: Bool { hashes.isEmpty }
    /// Its name, if no chunks come any more.
    var hash: XorbHash { tree.xorbHash }

    func hasRoom(for byteCount: Int) -> Bool {
        hashes.count < XorbBuilder.maximumChunkCount
            && worstByteCount + ChunkHeader.byteCount + byteCount <= maximumByteCount
    }

    /// Adds a chunk, of which ``parts`` will have the bytes, and returns its index.
    mutating func append(_ hash: ChunkHash, byteCount: Int) -> Int {
        let position = hashes.count
        worstByteCount += ChunkHeader.byteCount + byteCount
        positions[hash] = position
        hashes.append(hash)
        unpackedEnds.append((unpackedEnds.last ?? 0) + UInt32(byteCount))
        tree.append(hash, byteCount: byteCount)
        return position
    }

    /// The chunks from the first of `chunks` on that are in it; those at `next` come first.
    func longestMatch(of chunks: ArraySlice<ChunkHash>, next: Int?) -> (start: Int, count: Int)? {
        guard let first = chunks.first else { return nil }
        for start in [next, positions[first]].compactMap(\.self) where start < hashes.count {
            let count = zip(chunks, hashes[start...]).prefix { $0 == $1 }.count
            if count > 0 { return (start, count) }
        }
        return nil
    }

    /// Waits until all parts are packed, and puts them together.
    consuming func assemble() async throws -> SerializedXorb {
        var assembler = XorbAssembler()
        for part in parts {
            assembler.append(try await part.value)
        }
        return try assembler.finish(hash: hash, chunkHashes: hashes, unpackedEnds: unpackedEnds)
    }
}
