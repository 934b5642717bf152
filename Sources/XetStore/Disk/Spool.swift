package import NIOCore
import _NIOFileSystem

/// A body that has come to its end: in memory if it is short, else in a file.
///
/// While a body comes, it takes little more than ``memoryByteCount`` of memory, however long it is and however slowly it
/// comes.
package struct Spool: Sendable {
    /// What is kept in memory at most, but for the last piece that came.
    package static let memoryByteCount = 256 * 1024

    /// The end of the body, or all of it.
    private let memory: [UInt8]
    /// The beginning, if it did not fit.
    private let file: NamelessFile?
    private let fileByteCount: Int

    /// Length of the body.
    package var byteCount: Int { fileByteCount + memory.count }

    /// Takes a body piece by piece.
    ///
    /// Throws ``SpoolError`` as soon as it is too long, and what `pieces` throws.
    package static func collect<Pieces: AsyncSequence>(
        _ pieces: Pieces,
        maximumByteCount: Int,
        layout: StoreLayout
    ) async throws -> Spool where Pieces.Element == ByteBuffer {
        var memory: [UInt8] = []
        var file: NamelessFile?
        var written: Int64 = 0
        for try await piece in pieces {
            guard Int(written) + memory.count + piece.readableBytes <= maximumByteCount else {
                throw SpoolError.tooLong(maximumByteCount: maximumByteCount)
            }
            memory.append(contentsOf: piece.readableBytesView)
            guard memory.count > memoryByteCount else { continue }
            let target: NamelessFile
            if let file { target = file } else { target = try await NamelessFile.create(layout) }
            file = target
            written += try await target.handle.write(contentsOf: memory, toAbsoluteOffset: written)
            memory.removeAll(keepingCapacity: true)
        }
        return Spool(memory: memory, file: file, fileByteCount: Int(written))
    }

    /// The whole body.
    package func bytes() async throws -> [UInt8] {
        guard let file else { return memory }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        while bytes.count < fileByteCount {
            let length = min(Int64(fileByteCount - bytes.count), FilePieces.pieceByteCount)
            let piece = try await file.handle.readChunk(fromAbsoluteOffset: Int64(bytes.count), length: .bytes(length))
            guard piece.readableBytes > 0 else { throw SpoolError.truncated }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        bytes.append(contentsOf: memory)
        return bytes
    }
}

/// Why a body cannot be taken, or given back.
package enum SpoolError: Error, Hashable {
    /// It is longer than allowed.
    case tooLong(maximumByteCount: Int)
    /// The file has lost its end.
    case truncated
}

/// An open file without a name: it is gone with the value, or with the process.
private final class NamelessFile: Sendable {
    let handle: ReadWriteFileHandle

    private init(handle: ReadWriteFileHandle) {
        self.handle = handle
    }

    deinit {
        try? handle.detachUnsafeFileDescriptor().close()
    }

    static func create(_ layout: StoreLayout) async throws -> NamelessFile {
        let path = layout.temporaryFile()
        let handle = try await FileSystem.shared.openFile(forReadingAndWritingAt: path, options: .part())
        SystemCalls.remove(path)
        return NamelessFile(handle: handle)
    }
}
