package import NIOCore
package import _NIOFileSystem

extension FileSystem {
    /// Lends a file for reading.
    ///
    /// A symbolic link is not followed.
    package func withPieces<Result>(
        of path: FilePath,
        _ body: (FilePieces) async throws -> Result
    ) async throws -> Result {
        let options = OpenOptions.Read(followSymbolicLinks: false, closeOnExec: true)
        let file = try await openFile(forReadingAt: path, options: options)
        let result: Result
        do {
            result = try await body(FilePieces(file: file, info: file.info()))
        } catch {
            // Closed without awaiting, since a cancelled task could not await it; the first error is the one to report.
            try? file.detachUnsafeFileDescriptor().close()
            throw error
        }
        try file.detachUnsafeFileDescriptor().close()
        return result
    }
}

/// An open file, read from start to end piece by piece; nothing is read ahead.
package struct FilePieces: AsyncSequence {
    package static let pieceByteCount: Int64 = 1024 * 1024

    private let file: ReadFileHandle
    /// What the file system said of the file when it was opened.
    package let info: FileInfo
    private var range: Range<Int64>

    fileprivate init(file: ReadFileHandle, info: FileInfo) {
        self.file = file
        self.info = info
        range = 0..<Int64.max
    }

    /// What the file system says of the file now.
    package func currentInfo() async throws -> FileInfo { try await file.info() }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let file: ReadFileHandle
        fileprivate var rest: Range<Int64>

        package mutating func next() async throws -> ByteBuffer? {
            let length = Swift.min(Int64(rest.count), pieceByteCount)
            guard length > 0 else { return nil }
            let piece = try await file.readChunk(fromAbsoluteOffset: rest.lowerBound, length: .bytes(length))
            rest = rest.lowerBound + Int64(piece.readableBytes)..<rest.upperBound
            return piece.readableBytes > 0 ? piece : nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: file, rest: range) }

    /// The same file, but only these bytes of it.
    package func limited(to range: Range<Int64>) -> FilePieces {
        var pieces = self
        pieces.range = range
        return pieces
    }

    /// Up to that many bytes in one buffer; fewer only at the end of the file.
    package func bytes(in range: Range<Int64>) async throws -> ByteBuffer {
        var bytes = ByteBuffer()
        for try await var piece in limited(to: range) {
            bytes.writeBuffer(&piece)
        }
        return bytes
    }
}
