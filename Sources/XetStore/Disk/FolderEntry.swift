package import _NIOFileSystem

/// Something in a folder.
package struct FolderEntry: Sendable {
    package let name: FilePath.Component
    package let path: FilePath
    /// The type of the entry itself: a symbolic link is not followed.
    package let type: FileType
}

extension FileSystem {
    /// What is in a folder, in no order.
    ///
    /// The folder may not be a symbolic link.
    package func entries(of folder: FilePath) async throws -> [FolderEntry] {
        let options = OpenOptions.Directory(followSymbolicLinks: false, closeOnExec: true)
        let listed = try await withDirectoryHandle(atPath: folder, options: options) { handle in
            var entries: [DirectoryEntry] = []
            for try await entry in handle.listContents() {
                entries.append(entry)
            }
            return entries
        }
        var entries: [FolderEntry] = []
        for entry in listed {
            var type = entry.type
            if type == .unknown, let info = try await info(forFileAt: entry.path, infoAboutSymbolicLink: true) {
                // Not every file system tells types in its listings.
                type = info.type
            }
            entries.append(FolderEntry(name: entry.name, path: entry.path, type: type))
        }
        return entries
    }
}
