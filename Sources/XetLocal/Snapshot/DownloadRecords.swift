import Synchronization
package import XetCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What was downloaded into a folder, so that it need not be read again to know that it is there.
///
/// A file of lines, `identity TAB length TAB time TAB path`, to which each download adds; the last about a path counts. It is
/// believed only of a file that still has the length and the time of its last change: otherwise that is hashed. A
/// line that is damaged is none, and where nothing can be written nothing is remembered. Its calls block the thread.
package final class DownloadRecords: Sendable {
    private struct Entry: Equatable {
        let identity: String
        let byteCount: UInt64
        let modification: Int64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var file: OpenFile?
    }

    /// Longest file of lines that is read; beyond that it is begun anew.
    private static let mostByteCount: UInt64 = 256 << 20

    private let root: LocalPath
    private let state: Mutex<State>

    /// Reads the records of a folder, which need not be there.
    package init(of root: LocalPath) {
        self.root = root
        state = Mutex(State(entries: Self.read(Self.path(in: root))))
    }

    /// Whether a file is what it was when it was downloaded with this content.
    package func isCurrent(_ path: RepositoryPath, _ claim: ContentClaim) -> Bool {
        guard let identity = claim.identity, let entry = state.withLock({ $0.entries[path.text] }),
            entry.identity == identity
        else { return false }
        return Self.entry(path.path(in: root), identity) == entry
    }

    /// The XET hash of a file that is what it was when it was downloaded; `nil` if it has none, or that is not on record.
    package func xetHash(of path: RepositoryPath) -> FileHash? {
        guard let entry = state.withLock({ $0.entries[path.text] }),
            Self.entry(path.path(in: root), entry.identity) == entry
        else { return nil }
        return ContentClaim.xetHash(ofIdentity: entry.identity)
    }

    /// Remembers that a file has its content now.
    package func note(_ path: RepositoryPath, _ claim: ContentClaim) {
        guard let identity = claim.identity, let entry = Self.entry(path.path(in: root), identity),
            !path.text.utf8.contains(UInt8(ascii: "\n"))
        else { return }
        state.withLock { state in
            guard state.entries.updateValue(entry, forKey: path.text) != entry else { return }
            if state.file == nil { state.file = open() }
            let line = "\(entry.identity)\t\(entry.byteCount)\t\(entry.modification)\t\(path.text)\n"
            // What is not remembered is hashed the next time.
            try? state.file?.append(Array(line.utf8))
        }
    }

    private func open() -> OpenFile? {
        let path = Self.path(in: root)
        do {
            try Folder.make(path.folder)
            let ignored = path.beside(Array(".gitignore".utf8))
            if let file = try? OpenFile(ignored, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, operation: .create) {
                try? file.append(Array("*\n".utf8))
            }
            let isLong =
                (try? OpenFile(path, flags: O_RDONLY, operation: .open).status().byteCount) ?? 0 > Self.mostByteCount
            let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | (isLong ? O_TRUNC : 0)
            return try OpenFile(path, flags: flags, operation: .open)
        } catch {
            return nil
        }
    }

    private static func path(in root: LocalPath) -> LocalPath {
        LocalPath(bytes: root.bytes + Array("/\(RepositoryPath.recordFolder)/files".utf8))
    }

    private static func entry(_ path: LocalPath, _ identity: String) -> Entry? {
        guard let file = try? OpenFile(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY, operation: .open),
            let status = try? file.status(), status.kind == .regular
        else { return nil }
        return Entry(identity: identity, byteCount: status.byteCount, modification: status.modification)
    }

    private static func read(_ path: LocalPath) -> [String: Entry] {
        guard let file = try? ReadableFile(OpenFile(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK, operation: .open)),
            let byteCount = file.byteCount, byteCount <= mostByteCount
        else { return [:] }
        var entries: [String: Entry] = [:]
        var lines: [UInt8] = []
        var block: [UInt8] = []
        var offset: UInt64 = 0
        repeat {
            guard (try? block.replace(capacity: 1 << 20) { try file.read(at: offset, into: &$0) }) != nil else { break }
            offset += UInt64(block.count)
            lines += block
            let end = lines.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            for line in lines[..<end].split(separator: UInt8(ascii: "\n")) {
                if let (path, entry) = parse(line) { entries[path] = entry }
            }
            lines.removeFirst(end)
        } while !block.isEmpty && lines.count <= 1 << 20
        return entries
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> (path: String, entry: Entry)? {
        let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let byteCount = UInt64(String(decoding: fields[1], as: UTF8.self)),
            let modification = Int64(String(decoding: fields[2], as: UTF8.self)),
            let path = String(validating: fields[3], as: UTF8.self)
        else { return nil }
        let identity = String(decoding: fields[0], as: UTF8.self)
        return (path, Entry(identity: identity, byteCount: byteCount, modification: modification))
    }
}
