package import _NIOFileSystem

extension FileSystem {
    /// Writes a file whole: after a crash or a loss of power there is the one from before, or this one.
    ///
    /// What is written first goes by the same name with `.part` at its end.
    package func replaceFile(at path: FilePath, with bytes: [UInt8], permissions: FilePermissions? = nil) async throws {
        let part = FilePath("\(path).part")
        SystemCalls.remove(part)
        do {
            try await withFileHandle(forWritingAt: part, options: .part(permissions)) { file in
                _ = try await file.write(contentsOf: bytes, toAbsoluteOffset: 0)
                try await file.synchronize()
            }
            try SystemCalls.rename(part, to: path)
        } catch {
            SystemCalls.remove(part)
            throw error
        }
        try await synchronizeFolder(path.removingLastComponent())
    }

    /// Makes sure that the names in a folder are on disk.
    package func synchronizeFolder(_ path: FilePath) async throws {
        let folder = path.isEmpty ? FilePath(".") : path
        try await withDirectoryHandle(atPath: folder, options: OpenOptions.Directory(closeOnExec: true)) { handle in
            try await handle.synchronize()
        }
    }
}

extension OpenOptions.Write {
    /// A file that is not there yet, and is not what it is to become.
    static func part(_ permissions: FilePermissions? = nil) -> Self {
        Self(
            existingFile: .none,
            newFile: OpenOptions.NewFile(permissions: permissions, transactionalCreation: false),
            followSymbolicLinks: false,
            closeOnExec: true
        )
    }
}
