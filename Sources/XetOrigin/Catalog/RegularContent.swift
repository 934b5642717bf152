import NIOCore
import XetCore
import XetStore
import _NIOFileSystem

/// A small file in the folder, and what it held when it was read.
///
/// The folder belongs to others, who may write to the file at any time: what is read from it is held against the hash
/// of its piece before it is given to anyone, so an answer never has bytes of two files.
struct RegularContent: Hashable, Sendable {
    /// Length of a piece but for the last.
    static let pieceByteCount: Int64 = 1024 * 1024

    /// Where it is; symbolic links are resolved.
    let location: FilePath
    let object: GitObjectID
    /// The pieces in order; none of an empty file.
    let pieces: [ChunkHash]

    init(location: FilePath, object: GitObjectID, pieces: [ChunkHash]) {
        self.location = location
        self.object = object
        self.pieces = pieces
    }

    /// Reads an open file to its end; `onPiece` is called with the bytes read so far.
    init(
        of file: FilePieces,
        at location: FilePath,
        byteCount: Int64,
        onPiece: (Int64) -> Void
    ) async throws {
        var blob = GitObjectID.BlobHasher(byteCount: UInt64(clamping: byteCount))
        var pieces: [ChunkHash] = []
        var start: Int64 = 0
        while start < byteCount {
            try Task.checkCancellation()
            let end = min(start + Self.pieceByteCount, byteCount)
            let piece = try await file.bytes(in: start..<end)
            guard piece.readableBytes == Int(end - start) else { throw IngestError.changedWhileRead }
            blob.append(piece)
            pieces.append(ChunkHash(ofChunk: piece.readableBytesSpan))
            start = end
            onPiece(start)
        }
        self.init(location: location, object: blob.finish(), pieces: pieces)
    }

    /// Hands the bytes of a range of the file to `body`, in order.
    ///
    /// Throws ``ContentChangedError`` before a byte leaves that the file did not have.
    func read(_ range: FileByteRange, byteCount: UInt64, _ body: (ByteBuffer) async throws -> Void) async throws {
        let end = Int64(clamping: range.end)
        var position = Int64(clamping: range.start)
        try await FileSystem.shared.withPieces(of: location) { file in
            while position < end {
                let number = Int(position / Self.pieceByteCount)
                let start = Int64(number) * Self.pieceByteCount
                let pieceEnd = min(start + Self.pieceByteCount, Int64(clamping: byteCount))
                let piece = try await file.bytes(in: start..<pieceEnd)
                guard number < pieces.count, ChunkHash(ofChunk: piece.readableBytesSpan) == pieces[number],
                    let part = piece.getSlice(at: Int(position - start), length: Int(min(end, pieceEnd) - position))
                else { throw ContentChangedError() }
                try await body(part)
                position = pieceEnd
            }
        }
    }

    /// Whether the file is still there, as it was.
    func isUnchanged(_ stamp: FileStamp) async throws -> Bool {
        let info = try await FileSystem.shared.info(forFileAt: location, infoAboutSymbolicLink: true)
        return info.map { $0.type == .regular && FileStamp($0) == stamp } ?? false
    }
}

/// A file of the folder is no longer what it was when it was read.
struct ContentChangedError: Error, Hashable {}
