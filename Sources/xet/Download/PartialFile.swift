import NIOCore
import XetAccess
import _NIOFileSystem

/// A file that is being downloaded, beside its final name until it is whole.
///
/// What was written stays when a download fails, so that the next one goes on from there.
struct PartialFile: DeliverySink {
    /// Bytes collected before they are written.
    private static let blockByteCount = 1 << 20

    let path: FilePath
    private let handle: WriteFileHandle
    private var block = ByteBuffer()
    private var offset: Int64
    private var progress: ProgressBar

    /// Bytes taken so far, those of earlier downloads included.
    var byteCount: UInt64 { UInt64(offset) + UInt64(block.readableBytes) }

    private init(path: FilePath, handle: WriteFileHandle, offset: Int64, progress: ProgressBar) {
        self.path = path
        self.handle = handle
        self.offset = offset
        self.progress = progress
    }

    /// Opens `path`, runs `body` with it, and writes out what it collected, also when `body` fails.
    static func with(
        _ path: FilePath,
        from start: UInt64,
        progress: ProgressBar,
        _ body: (inout PartialFile) async throws -> Void
    ) async throws {
        let handle = try await FileSystem.shared.openFile(
            forWritingAt: path,
            options: .modifyFile(createIfNecessary: true, permissions: [.ownerReadWrite, .groupRead, .otherRead])
        )
        var file = PartialFile(path: path, handle: handle, offset: Int64(start), progress: progress)
        do {
            try await handle.resize(to: .bytes(Int64(start)))
            try await body(&file)
            try await file.flush()
        } catch {
            // The cause is what failed first; a block that cannot be written either is downloaded again.
            try? await file.flush()
            try? await handle.close(makeChangesVisible: true)
            throw error
        }
        file.progress.finish()
        try await handle.close(makeChangesVisible: true)
    }

    mutating func deliver(_ bytes: ByteBuffer) async throws {
        block.writeImmutableBuffer(bytes)
        if block.readableBytes >= Self.blockByteCount { try await flush() }
        progress.advance(to: byteCount)
    }

    private mutating func flush() async throws {
        guard block.readableBytes > 0 else { return }
        let count = Int64(block.readableBytes)
        try await handle.write(contentsOf: block.readableBytesView, toAbsoluteOffset: offset)
        offset += count
        block.clear()
    }
}

/// Standard output, for pipes.
struct StandardOutput: DeliverySink {
    mutating func deliver(_ bytes: ByteBuffer) async throws {
        try Descriptor.standardOutput.write(bytes)
    }
}
