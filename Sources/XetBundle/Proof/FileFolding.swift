package import XetAccess
package import XetCore

/// Folds the hashes of a file's chunks into the file's own, term by term.
package struct FileFolding: Sendable {
    package let file: FileHash
    private let byteCount: UInt64
    private var place: UInt64 = 0
    private var tree = MerkleTree()

    /// A file of which no terms have come.
    package init(_ file: FileHash, byteCount: UInt64) {
        self.file = file
        self.byteCount = byteCount
    }

    /// Adds terms; `entries` gives the chunks of a range from its first on, as far as they are known.
    ///
    /// Throws ``BundleError/missingChunk(file:xorb:chunk:)`` if they are not known, and
    /// ``BundleError/wrongFile(_:)`` if they cannot be those.
    package mutating func append(
        _ part: FilePart,
        _ entries: (XorbHash, ChunkRange) async throws -> [ChunkLedger.Entry]
    ) async throws {
        guard part.start == place else { throw BundleError.wrongFile(file) }
        for term in part.terms {
            let chunks = try await entries(term.xorb, term.chunks)
            guard chunks.count == term.chunks.count else {
                let chunk = term.chunks.start + chunks.count
                throw BundleError.missingChunk(file: file, xorb: term.xorb, chunk: chunk)
            }
            let sum = chunks.reduce(0) { $0 + $1.unpackedByteCount }
            guard sum == term.unpackedByteCount else { throw BundleError.wrongFile(file) }
            for chunk in chunks { tree.append(chunk.hash, byteCount: chunk.unpackedByteCount) }
            place += UInt64(sum)
        }
    }

    /// Throws unless all terms have come, and are the file.
    package func finish() throws(BundleError) {
        guard place == byteCount, tree.fileHash == file else { throw .wrongFile(file) }
    }
}
