import Synchronization
public import XetAccess
public import XetCore

/// Remembers in memory how files are made of chunks.
public final class MemoryTermStore: TermStore {
    private let files = Mutex<[FileHash: [FilePart]]>([:])

    /// An empty store.
    public init() {}

    public func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        files.withLock { files in
            files[file]?.filter { $0.start <= range.start && $0.end >= range.end }.max {
                $0.start < $1.start
            }
        }
    }

    public func keep(_ part: FilePart, of file: FileHash) async throws {
        files.withLock { files in
            guard files[file]?.contains(part) != true else { return }
            files[file, default: []].append(part)
        }
    }

    public func parts(of file: FileHash) async throws -> [FilePart] {
        files.withLock { ($0[file] ?? []).sorted { ($0.start, $0.end) < ($1.start, $1.end) } }
    }

    public func forget(_ file: FileHash) async throws {
        files.withLock { $0[file] = nil }
    }
}
