package import _NIOFileSystem

/// Holds a folder for this process, as long as it lives.
///
/// The system gives the lock back when the process ends, however that happens.
package final class FolderLock: Sendable {
    private let file: FileDescriptor

    private init(file: FileDescriptor) {
        self.file = file
    }

    deinit {
        try? file.close()
    }

    /// Takes the lock of a folder, a file named `lock` in it; throws ``FolderLockError`` if somebody else has it.
    package static func take(_ folder: FilePath) async throws -> FolderLock {
        let path = folder.appending("lock")
        let options = OpenOptions.Write(
            existingFile: .open,
            newFile: OpenOptions.NewFile(permissions: nil, transactionalCreation: false),
            followSymbolicLinks: false,
            closeOnExec: true
        )
        let handle = try await FileSystem.shared.openFile(forReadingAndWritingAt: path, options: options)
        let lock = FolderLock(file: try handle.detachUnsafeFileDescriptor())
        guard try SystemCalls.tryLock(lock.file, at: path) else { throw FolderLockError.isHeld(folder: folder) }
        return lock
    }
}

/// Why a folder cannot be had.
package enum FolderLockError: Error, Hashable {
    /// Another process, or another part of this one, has it.
    case isHeld(folder: FilePath)
}
