import Synchronization
public import XetAccess
public import XetCore

/// Remembers in memory how files are made of chunks, of as many files as fit.
public final class MemoryTermStore: TermStore {
    private struct State {
        var files: [FileHash: [FilePart]] = [:]
        /// The files, the one of which something was kept longest ago first.
        var order: [FileHash] = []
        var termCount = 0

        mutating func remove(_ file: FileHash) {
            order.removeAll { $0 == file }
            termCount -= (files.removeValue(forKey: file) ?? []).reduce(0) { $0 + $1.terms.count }
        }
    }

    private let mostTermCount: Int
    private let state = Mutex(State())

    /// An empty store for at most `mostTermCount` terms, of 64 bytes each.
    public init(mostTermCount: Int = 1 << 18) {
        self.mostTermCount = mostTermCount
    }

    public func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        state.withLock { state in
            state.files[file]?.filter { $0.start <= range.start && $0.end >= range.end }.max {
                $0.start < $1.start
            }
        }
    }

    public func keep(_ part: FilePart, of file: FileHash) async throws {
        state.withLock { state in
            guard part.terms.count <= mostTermCount, state.files[file]?.contains(part) != true else { return }
            while state.termCount + part.terms.count > mostTermCount, let oldest = state.order.first {
                state.remove(oldest)
            }
            if state.files[file] == nil { state.order.append(file) }
            state.files[file, default: []].append(part)
            state.termCount += part.terms.count
        }
    }

    public func parts(of file: FileHash) async throws -> [FilePart] {
        state.withLock { ($0.files[file] ?? []).sorted { ($0.start, $0.end) < ($1.start, $1.end) } }
    }

    public func forget(_ file: FileHash) async throws {
        state.withLock { $0.remove(file) }
    }
}
