import NIOCore
import Synchronization
package import XetAccess
package import XetBundle
package import XetCore
import XetStore
import _NIOFileSystem

/// Puts a bundle into a cache.
///
/// It is staged in the cache's folder, where nobody looks, until its last byte was right and its signature that of
/// whom is trusted; then its chunks become part of the cache as one change, and after them what the Hub said, by
/// which they are found. A process that is killed before has changed nothing that anybody sees, and the next one goes
/// on with what was staged.
package struct BundleImport: Sendable {
    /// What came of it.
    package struct Summary: Sendable {
        package let contents: BundleContents
        package let outcome: BundleStream.Outcome
        /// Bytes of chunks that were written.
        package let writtenByteCount: Int
        /// Those that an earlier import had written.
        package let resumedByteCount: Int
        /// Those that the cache had.
        package let keptByteCount: Int
        /// Repositories that nobody was permitted to see: not everybody may, and that was not overruled.
        package let hiddenRepositories: [String]
    }

    /// What a bundle has brought, for whoever takes it further.
    package struct Imported: Sendable {
        package let contents: BundleContents
        /// The chunks of its files: those that it has, and those that it builds on.
        package let chunks: ChunkSet
        /// Its files, and their lengths.
        package let files: [(hash: FileHash, byteCount: UInt64)]
        fileprivate let staging: BundleStaging

        /// What a file is made of: parts that follow one another.
        package func parts(of file: FileHash) async throws -> [FilePart] { try await staging.parts(of: file) }

        /// Gives what the Hub said, some answers at a time.
        package func answers(_ each: ([ArchivedAnswer]) async throws -> Void) async throws {
            try await staging.answers.forEach(each)
        }
    }

    /// The chunks of a range from its first on, as far as they are known and proven.
    package typealias Base = @Sendable (XorbHash, ChunkRange) async throws -> [ChunkLedger.Entry]

    private let store: DiskChunkStore
    private let archive: (any HubArchive)?
    private let isForAll: Bool
    private let base: Base

    /// An import into a cache that this process has, and its archive if it has one.
    ///
    /// If it `isForAll`, repositories that not everybody may see are shown to everybody all the same. `base` knows of chunks that are
    /// somewhere else.
    package init(
        into store: DiskChunkStore,
        archive: (any HubArchive)?,
        isForAll: Bool,
        base: @escaping Base = { _, _ in [] }
    ) {
        self.store = store
        self.archive = archive
        self.isForAll = isForAll
        self.base = base
    }

    /// Reads a bundle, of `byteCount` bytes if that is known, and makes it visible; `progress` gets the bytes so far.
    ///
    /// `onImported` gets what was right, and is in the cache. Throws ``XetBundle/BundleError``, ``DiskFull``, what reading and
    /// writing throw, and what `onImported` throws: then the next import goes on from there.
    package func run(
        _ stream: BundleStream,
        byteCount: UInt64? = nil,
        progress: (UInt64) -> Void = { _ in },
        onImported: (Imported) async throws -> Void = { _ in }
    ) async throws -> Summary {
        let staging = Opened()
        do {
            let summary = try await run(stream, byteCount, staging, progress, onImported)
            await staging.close()
            try await staging.folder?.remove()
            return summary
        } catch {
            await staging.close()
            // What comes of a bundle that is wrong is worth nothing; of one that broke off, or lacks its base, it is.
            switch error as? BundleError {
            case nil, .truncated, .missingChunk: break
            default: try? await staging.folder?.remove()
            }
            throw error
        }
    }

    private func run(
        _ stream: BundleStream,
        _ byteCount: UInt64?,
        _ staging: Opened,
        _ progress: (UInt64) -> Void,
        _ onImported: (Imported) async throws -> Void
    ) async throws -> Summary {
        var contents = BundleContents(sources: [])
        let outcome = try await stream.run { run in
            try await staging.get().take(run)
        } record: { record, offset in
            progress(offset)
            switch record {
            case .contents(let found):
                contents = found
                staging.set(try await BundleStaging(try found.identifier, of: byteCount, beside: store, base: base))
            case .answer(let answer):
                try await staging.get().answers.append(answer)
            case .file(let file):
                try await staging.get().take(file)
            case .chunks, .end:
                break
            }
        }
        let opened = try staging.get()
        try await opened.publish()
        if let archive { try await opened.answers.forEach { try await archive.keep($0) } }
        let hidden = try await permit(contents)
        let (chunks, files) = opened.taken
        try await onImported(Imported(contents: contents, chunks: chunks, files: files, staging: opened))
        let tally = opened.tally
        return Summary(
            contents: contents,
            outcome: outcome,
            writtenByteCount: tally.writtenByteCount,
            resumedByteCount: tally.resumedByteCount,
            keptByteCount: tally.keptByteCount,
            hiddenRepositories: hidden
        )
    }

    /// Shows repositories to everybody who may see them; returns those that nobody sees.
    private func permit(_ contents: BundleContents) async throws -> [String] {
        var hidden: [String] = []
        for repository in Set(contents.sources.map(\.repository)).sorted() {
            let isPublic = contents.sources.allSatisfy { $0.repository != repository || $0.isPublic }
            if isPublic || isForAll {
                try await archive?.permit(nil, repository, files: true)
            } else {
                hidden.append(repository)
            }
        }
        return hidden
    }

    /// Removes what imports left that did not come to their end; returns how many there were.
    package static func discardStaged(in store: DiskChunkStore) async throws -> Int {
        let folder = store.files.folder.imports
        guard try await FileSystem.shared.info(forFileAt: folder) != nil else { return 0 }
        let count = try await FileSystem.shared.entries(of: folder).count
        try await FileSystem.shared.removeItem(at: folder, strategy: .platformDefault, recursively: true)
        return count
    }
}

/// The staging, once it is known of which bundle.
private final class Opened: Sendable {
    private let state = Mutex<BundleStaging?>(nil)

    var folder: BundleStaging? { state.withLock { $0 } }

    func set(_ staging: BundleStaging) { state.withLock { $0 = staging } }

    func get() throws -> BundleStaging {
        guard let staging = folder else { throw BundleError.noBundle }
        return staging
    }

    func close() async { await folder?.close() }
}
