import ArgumentParser
import FoundationEssentials
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetWire
import _NIOFileSystem

/// Downloads one file to disk or to standard output.
struct LocalDownload {
    let parts: Assembly
    let scope: TokenScope
    /// `nil` when only the hash is known.
    let request: FileRequest?
    let file: ResolvedFile
    let isQuiet: Bool

    /// Writes the file to standard output.
    ///
    /// A failure after the first byte shows in the exit code only.
    func toStandardOutput() async throws {
        var sink = StandardOutput()
        try await deliver(from: 0, into: &sink)
    }

    /// Writes the file to `path`: first beside it, under a name that holds its hash, then renamed.
    ///
    /// A part that an earlier download left is kept and completed; the whole is then checked on disk, and downloaded
    /// from the start if it is not right.
    func toFile(_ path: FilePath) async throws {
        if let info = try await FileSystem.shared.info(forFileAt: path), info.type != .regular {
            throw XetError(.invalidRequest, "\(path) exists and is no file")
        }
        let partial = FilePath(path.string + ".\(identity).partial")
        let start = try await resumeOffset(partial)
        try await write(partial, from: start)
        if start > 0, try await LocalFileCheck.check(partial, against: file) != .match {
            Descriptor.standardError.print("the part left by an earlier download does not fit: starting anew")
            try await write(partial, from: 0)
            try await checkFresh(partial)
        } else if start == 0 {
            try await checkFresh(partial)
        }
        try await FileSystem.shared.replaceItem(at: path, withItemAt: partial)
    }

    /// Checks a file that was downloaded from its start; one in XET was verified while it streamed.
    private func checkFresh(_ partial: FilePath) async throws {
        guard case .regular = file.storage else { return }
        if try await LocalFileCheck.check(partial, against: file) == .mismatch {
            try await FileSystem.shared.removeItem(at: partial)
            throw XetError(.corrupt, "the downloaded bytes do not have the hash that the Hub states")
        }
    }

    /// Tells parts of different contents apart.
    private var identity: String {
        switch file.storage {
        case .xet(let hash): String(hash.text.prefix(16))
        case .regular: String((file.etag ?? "").filter { $0.isLetter || $0.isNumber }.prefix(16))
        }
    }

    private func resumeOffset(_ partial: FilePath) async throws -> UInt64 {
        guard let info = try await FileSystem.shared.info(forFileAt: partial), info.type == .regular,
            let byteCount = file.byteCount
        else { return 0 }
        let size = UInt64(max(0, info.size))
        // Without a tag a part of another content could not be told from one of this.
        return size <= byteCount && !identity.isEmpty ? size : 0
    }

    private func write(_ partial: FilePath, from start: UInt64) async throws {
        let name = request?.path.split(separator: "/").last.map(String.init) ?? String(identity)
        let progress = ProgressBar(name, total: file.byteCount, start: start, isQuiet: isQuiet)
        try await PartialFile.with(partial, from: start, progress: progress) { sink in
            try await deliver(from: start, into: &sink)
        }
    }

    private func deliver(from start: UInt64, into sink: inout some DeliverySink) async throws {
        switch file.storage {
        case .xet(let hash):
            guard let byteCount = file.byteCount, let range = FileByteRange(start: start, end: byteCount) else {
                throw XetError(.invalidResponse, "the file has no size")
            }
            let download = try await parts.downloader.prepare(
                hash,
                byteCount: byteCount,
                range: range,
                from: parts.cas.reconstructions(for: scope)
            )
            try await download.stream(into: &sink)
        case .regular:
            guard let request else { throw XetError(.invalidRequest, "only XET files can be had by hash") }
            let range = file.byteCount.flatMap { FileByteRange(start: start, end: $0) }
            if let range, range.isEmpty, start > 0 { return }
            let content = try await parts.hub.content(of: request, file, range: range)
            guard content.range == range else {
                throw XetError(.invalidResponse, "the Hub does not resume \(request.path) at byte \(start)")
            }
            try await content.stream(into: &sink)
        }
    }
}
