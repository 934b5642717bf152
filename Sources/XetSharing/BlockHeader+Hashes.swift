import XetAccess
import XetCore

/// The hashes that another replica has computed of the chunks whose seals are compared here.
extension BlockHeader: ChunkHashes {
    func hash(of chunk: Int) -> ChunkHash? {
        chunks.start <= chunk && chunk < chunks.end ? records[chunk - chunks.start].hash : nil
    }

    /// Whoever computes one that differs has found what is wrong.
    func note(_ hash: ChunkHash, of chunk: Int) -> Bool { self.hash(of: chunk).map { $0 == hash } ?? true }
}
