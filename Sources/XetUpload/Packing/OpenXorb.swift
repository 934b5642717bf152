import XetCore

/// The xorb that is being filled, and where its chunks are.
struct OpenXorb: ~Copyable {
    private var builder = XorbBuilder()
    private var positions: [ChunkHash: Int] = [:]
    /// Hashes of the chunks, in order.
    private(set) var hashes: [ChunkHash] = []

    var isEmpty: Bool { hashes.isEmpty }

    func hasRoom(for byteCount: Int) -> Bool { builder.hasRoom(for: byteCount) }

    func position(of chunk: ChunkHash) -> Int? { positions[chunk] }

    mutating func beginFile() {
        builder.beginFile()
    }

    mutating func append(_ chunk: [UInt8], hash: ChunkHash) throws(XorbError) -> Int {
        let position = try builder.append(chunk.rawSpan, hash: hash)
        positions[hash] = position
        hashes.append(hash)
        return position
    }

    consuming func finish() throws(XorbError) -> SerializedXorb {
        try builder.finish()
    }
}
