#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where a download goes, by what stands at its path now.
package enum OutputTarget: Sendable {
    /// A name in a folder: a file is made, or the one that is there is replaced.
    case file(OutputPlace)
    /// A pipe or a device, which is written into.
    case special(LocalPath)
    /// What this process has open already, such as `/dev/stdout`.
    case descriptor(CInt)

    /// Most links that lead to one another.
    private static let maximumLinkCount = 40

    /// Looks at `path`; throws ``LocalFileError`` if a file can not stand there.
    package init(_ path: LocalPath) throws(LocalFileError) {
        guard !path.bytes.isEmpty else { throw .emptyPath }
        let name = path.name
        guard ![[], Array(".".utf8), Array("..".utf8)].contains(name) else { throw .folder(path) }
        if let number = Self.descriptor(path) {
            self = .descriptor(number)
            return
        }
        let folder = try Folder(path.folder)
        let place = try OutputPlace(path: path, folder: folder, name: name)
        switch place.leadsTo?.kind {
        case nil:
            try folder.checkWritable(for: name)
            self = .file(place)
        case .regular?: self = .file(place)
        case .folder?: throw .folder(path)
        case .pipe?, .device?: self = .special(path)
        case .some(let kind): throw .unwritable(path, kind)
        }
    }

    /// The number of an open descriptor that `path` is a name of, perhaps through links.
    ///
    /// To replace such a name would be to replace a link of the system's: standard output may be a plain file.
    private static func descriptor(_ path: LocalPath) -> CInt? {
        let folders = ["/proc/self/fd", "/dev/fd"].compactMap { realPath(LocalPath($0)) }
        var path = path
        for _ in 0..<maximumLinkCount {
            if let folder = realPath(path.folder), folders.contains(folder) {
                return CInt(String(decoding: path.name, as: UTF8.self))
            }
            guard let target = linkTarget(path) else { return nil }
            path =
                target.first == UInt8(ascii: "/")
                ? LocalPath(bytes: target) : LocalPath(bytes: path.beside(target).bytes)
        }
        return nil
    }

    /// The path of what `path` leads to, without links; `nil` if there is nothing.
    private static func realPath(_ path: LocalPath) -> LocalPath? {
        unsafe path.withCString { path in
            guard let resolved = unsafe realpath(path, nil) else { return nil }
            defer { unsafe free(resolved) }
            // SAFETY: the call returned a string of its own, which lives until it is freed.
            let bytes = unsafe UnsafeBufferPointer(start: resolved, count: strlen(resolved))
            return LocalPath(bytes: unsafe bytes.map { UInt8(bitPattern: $0) })
        }
    }

    /// What a symbolic link holds; `nil` if `path` is none.
    private static func linkTarget(_ path: LocalPath) -> [UInt8]? {
        let maximum = 4096
        let bytes = unsafe [CChar](unsafeUninitializedCapacity: maximum) { buffer, count in
            // SAFETY: the call writes at most as much as there is room for.
            count = max(
                0,
                unsafe path.withCString { unsafe readlink($0, buffer.baseAddress.unsafelyUnwrapped, maximum) }
            )
        }
        return bytes.isEmpty ? nil : bytes.map { UInt8(bitPattern: $0) }
    }
}

/// A name in a folder, and what it stood for when it was looked at.
package struct OutputPlace: Sendable {
    package let path: LocalPath
    let folder: Folder
    let name: [UInt8]
    /// What has the name; `nil` if nothing does.
    private let found: FileStatus?
    /// What that is, or what it leads to if it is a symbolic link.
    package let leadsTo: FileStatus?

    init(path: LocalPath, folder: Folder, name: [UInt8]) throws(LocalFileError) {
        self.path = path
        self.folder = folder
        self.name = name
        found = try folder.status(of: name, followsLink: false)
        leadsTo = found?.kind == .symbolicLink ? try folder.status(of: name, followsLink: true) : found
    }

    /// Whether a file is there that is worth a comparison.
    package func canMatch(_ claim: ContentClaim) -> Bool {
        leadsTo?.kind == .regular && (claim.byteCount == nil || claim.byteCount == leadsTo?.byteCount)
    }

    /// Compares the file that is there with what is said of the one to be downloaded.
    ///
    /// One that may not be read is as good as another content.
    package func compare(with claim: ContentClaim) async throws -> ContentClaim.Outcome {
        try await comparison(with: claim).outcome
    }

    /// The same, with the chunks of the file that is there if they had to be found.
    func comparison(with claim: ContentClaim) async throws -> (outcome: ContentClaim.Outcome, chunks: LocalChunks?) {
        guard canMatch(claim) else { return (.mismatch, nil) }
        guard let file = try? OpenFile(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY, operation: .open),
            try file.status().kind == .regular
        else { return (.mismatch, nil) }
        return try await claim.comparison(with: file)
    }

    /// Whether the name still stands for the same, with the same content.
    package func isUnchanged() throws(LocalFileError) -> Bool {
        let now = try OutputPlace(path: path, folder: folder, name: name)
        return now.found == found && now.leadsTo == leadsTo
    }

    /// The file that the name stands for right now, perhaps through a link; `nil` if it stands for nothing.
    ///
    /// Throws if it stands for something that is no file.
    func replaceable() throws(LocalFileError) -> FileStatus? {
        let now = try OutputPlace(path: path, folder: folder, name: name).leadsTo
        switch now?.kind {
        case nil, .regular?: return now
        case .folder?: throw .folder(path)
        case .some(let kind): throw .unwritable(path, kind)
        }
    }
}
