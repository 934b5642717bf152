package import NIOCore
package import XetClient
import XetCore

/// A file that is to be uploaded, and its path in the repository.
package struct UploadItem: Sendable {
    /// Where the bytes are.
    package enum Source: Sendable {
        /// In a file, as the system said of it when it was looked at.
        case file(LocalPath, FileStatus)
        /// Here.
        case bytes(ByteBuffer)
        /// In a pipe, so that they can be read once and nobody knows how many there are; the first of them were read.
        case stream(ReadableFile, first: ByteBuffer)
    }

    /// Of a pipe so much is held in memory; what is longer cannot go into a commit itself.
    private static let heldByteCount = 16 << 20
    private static let pieceByteCount = 1 << 20

    package let path: String
    package let source: Source

    package init(path: String, source: Source) {
        self.path = path
        self.source = source
    }

    /// What comes on standard input; reads it to its end unless that is far.
    package static func standardInput(path: String) async throws -> UploadItem {
        let file = try await Blocking.run { try ReadableFile(standardInputAs: LocalPath("standard input")) }
        var first = ByteBuffer()
        while first.readableBytes < heldByteCount {
            try Task.checkCancellation()
            var next = try await Blocking.run { try file.readNext(count: pieceByteCount) }
            if next.readableBytes == 0 { return UploadItem(path: path, source: .bytes(first)) }
            first.writeBuffer(&next)
        }
        return UploadItem(path: path, source: .stream(file, first: first))
    }

    /// How many bytes there are; 0 if nobody knows.
    package var byteCount: UInt64 {
        switch source {
        case .file(_, let status): status.byteCount
        case .bytes(let bytes): UInt64(bytes.readableBytes)
        case .stream: 0
        }
    }

    /// Whether the bytes can be read once only.
    var isStream: Bool {
        if case .stream = source { true } else { false }
    }

    /// All bytes, in pieces.
    var pieces: Pieces {
        guard case .stream(let file, let first) = source else { return Pieces(content: content.pieces()) }
        return Pieces(first: first, file: file)
    }

    /// The bytes of a file, or of a pipe.
    struct Pieces: AsyncSequence, AsyncIteratorProtocol {
        typealias Element = ByteBuffer
        typealias Failure = any Error

        var content: UploadContent.Pieces?
        var first: ByteBuffer?
        var file: ReadableFile?

        func makeAsyncIterator() -> Pieces { self }

        mutating func next() async throws -> ByteBuffer? {
            if content != nil { return try await content?.next() }
            if let first {
                self.first = nil
                return first
            }
            guard let file else { return nil }
            let next = try await Blocking.run { try file.readNext(count: UploadItem.pieceByteCount) }
            return next.readableBytes > 0 ? next : nil
        }
    }

    /// When it was last changed, in milliseconds since 1970; `nil` if it is no file.
    package var modification: Int64? {
        if case .file(_, let status) = source { status.modification / 1_000_000 } else { nil }
    }

    /// Its content; of a pipe, the first bytes.
    ///
    /// A file is opened for each read, so that thousands may wait for their commit. Reading throws ``LocalFileError/changedWhileRead(_:)`` if the file is no longer what it was.
    package var content: UploadContent {
        switch source {
        case .bytes(let bytes), .stream(_, first: let bytes):
            UploadContent(byteCount: UInt64(bytes.readableBytes)) { offset, count in
                bytes.getSlice(at: bytes.readerIndex + Int(offset), length: count) ?? ByteBuffer()
            }
        case .file(let path, let status):
            UploadContent(byteCount: status.byteCount) { offset, count in
                try await Blocking.run {
                    let file = try ReadableFile(path: path)
                    let bytes = try file.read(at: offset, count: count)
                    guard bytes.readableBytes == count, try file.status().isSame(as: status) else {
                        throw LocalFileError.changedWhileRead(path)
                    }
                    return bytes
                }
            }
        }
    }
}

extension FileStatus {
    /// Whether a file was not written to since.
    fileprivate func isSame(as other: FileStatus) -> Bool {
        kind == other.kind && identity == other.identity && byteCount == other.byteCount
            && modification == other.modification
    }
}
