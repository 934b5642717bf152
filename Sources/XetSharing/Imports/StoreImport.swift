import BLAKE3
import NIOCore
import Synchronization
package import XetAccess
package import XetBundle
package import XetCore

/// Puts what a bundle has brought into a store that replicas share: chunks, then what files are made of, and last what the
/// Hub said of them, without which nobody finds the rest.
///
/// What is there already is read, and written again only if it is not right: so whoever was interrupted goes on. Methods throw
/// ``XetAccess/ObjectStoreError``, ``StoreImportError``, `CancellationError`, and what the cache throws that it is read from.
package final class StoreImport: Sendable {
    /// What came of it.
    package struct Tally: Sendable {
        /// Bytes of objects that were written.
        package fileprivate(set) var writtenByteCount = 0
        /// Bytes of chunks that were there.
        package fileprivate(set) var keptByteCount = 0
    }

    /// Blocks that are put together at once, of at most 16 MiB each.
    private static let width = 4

    private let store: any ObjectStore
    private let area: SharedArea
    private let kept: any ChunkStore
    private let state = Mutex(Tally())

    /// An import into the area of a store, of chunks that are `kept` here.
    package init(_ store: any ObjectStore, area: SharedArea, kept: any ChunkStore) {
        self.store = store
        self.area = area
        self.kept = kept
    }

    package var tally: Tally { state.withLock { $0 } }
}

/// Why something cannot be imported into a store.
package enum StoreImportError: Error, Hashable, CustomStringConvertible {
    /// A chunk is neither kept here nor in the store.
    case missingChunks(xorb: XorbHash, chunks: ChunkRange)
    /// Somebody removes what is written, or writes something else.
    case unsteady(name: String)
    /// A file of more terms than there is room for.
    case tooManyTerms(FileHash)

    package var description: String {
        switch self {
        case .missingChunks(let xorb, let chunks):
            "\(chunks) of xorb \(xorb) are neither in the bundle nor in the store"
        case .unsteady(let name): "the store does not keep what is put as \(name)"
        case .tooManyTerms(let file): "file \(file) has too many terms"
        }
    }
}

extension StoreImport {
    /// Asks the store for something, which need not be there.
    package func check() async throws { _ = try await store.get(area.trialName, range: nil) { _ in } }
}

// MARK: Chunks

extension StoreImport {
    /// Puts chunks; those that are not kept here have to be in the store.
    package func put(_ chunks: ChunkSet, progress: @escaping @Sendable (_ byteCount: Int) -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for (xorb, range) in chunks.all {
                for piece in SharedRange(xorb: xorb, chunks: range).pieces {
                    if running == Self.width {
                        try await group.next()
                        running -= 1
                    }
                    group.addTask { try await self.put(piece, progress) }
                    running += 1
                }
            }
            try await group.waitForAll()
        }
    }

    private func put(_ piece: BlockPiece, _ progress: @Sendable (Int) -> Void) async throws {
        var missing = [piece.chunks]
        for object in piece.block.imports {
            guard let next = missing.first else { return }
            var found = try await intact(object)
            if found == nil {
                let blocks = try await KeptBlocks(kept, of: piece.block.xorb, in: next)
                guard let contents = try await blocks.contents(of: next) else {
                    throw StoreImportError.missingChunks(xorb: piece.block.xorb, chunks: next)
                }
                let header = BlockHeader(contents, of: piece.block.xorb, key: area.key)
                let isNew = try await store.put(header.object(contents, key: area.key), as: area.name(of: object))
                // Somebody else may be importing as well.
                found = isNew ? header : try await intact(object)
                if isNew { state.withLock { $0.writtenByteCount += header.objectByteCount } }
                progress(contents.bytes.readableBytes)
            } else if let found {
                let count = missing.compactMap { $0.intersection(found.chunks) }
                    .reduce(0) { $0 + found.bytes(of: $1).count }
                state.withLock { $0.keptByteCount += count }
                progress(count)
            }
            guard let found else { throw StoreImportError.unsteady(name: area.name(of: object)) }
            missing = missing.flatMap { $0.subtracting(found.chunks) }
        }
        guard missing.isEmpty else { throw StoreImportError.unsteady(name: area.name(of: piece.block.whole)) }
    }

    /// The header of an object all of which is as it should be; `nil` if there is none, also if it was not and is removed.
    private func intact(_ object: BlockObject) async throws -> BlockHeader? {
        let found = try await store.get(area.name(of: object), range: nil) { found in
            guard found.byteCount <= BlockHeader.mostObjectByteCount else { return ByteBuffer() }
            var bytes = ByteBuffer()
            for try await piece in found.bytes {
                guard bytes.readableBytes < found.byteCount else { break }
                bytes.writeImmutableBuffer(piece)
            }
            return bytes
        }
        guard let found else { return nil }
        if let header = Self.header(of: found, object, area.key) { return header }
        try await store.remove(area.name(of: object))
        return nil
    }

    /// The header of an object with these bytes; `nil` if they are not as it says.
    private static func header(of bytes: ByteBuffer, _ object: BlockObject, _ key: BLAKE3Key) -> BlockHeader? {
        var chunks = bytes
        guard let start = chunks.readSlice(length: BlockHeader.byteCount),
            let header = BlockHeader(start.readableBytesSpan, of: object, key: key),
            header.objectByteCount == bytes.readableBytes
        else { return nil }
        var verifier = BlockVerifier(header.records[...], key: key)
        do throws(WrongObject) {
            _ = try verifier.take(chunks)
        } catch {
            return nil
        }
        return verifier.isComplete ? header : nil
    }

    /// The header of an object; `nil` if there is none.
    private func header(of object: BlockObject) async throws -> BlockHeader? {
        let found = try await store.get(area.name(of: object), range: 0..<BlockHeader.byteCount) { found in
            var bytes = ByteBuffer()
            for try await piece in found.bytes {
                guard bytes.readableBytes < BlockHeader.byteCount else { break }
                bytes.writeImmutableBuffer(piece)
            }
            return bytes
        }
        return found.flatMap { BlockHeader($0.readableBytesSpan, of: object, key: area.key) }
    }

    /// The chunks of a range from its first on, as far as they were imported.
    package func entries(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkLedger.Entry] {
        var entries: [ChunkLedger.Entry] = []
        for piece in SharedRange(xorb: xorb, chunks: chunks).pieces {
            var next = piece.chunks.start
            var headers: [BlockHeader] = []
            for object in piece.block.imports {
                if headers.contains(where: { $0.chunks.contains(piece.chunks) }) { break }
                guard let header = try await header(of: object) else { break }
                headers.append(header)
            }
            while let header = headers.first(where: { $0.chunks.start <= next && next < $0.chunks.end }),
                let part = ChunkRange(start: next, end: min(header.chunks.end, piece.chunks.end))
            {
                for record in header.records(of: part) {
                    guard let hash = record.hash else { return entries }
                    entries.append(ChunkLedger.Entry(hash: hash, unpackedByteCount: record.unpackedByteCount))
                }
                next = part.end
            }
            guard next == piece.chunks.end else { return entries }
        }
        return entries
    }
}

// MARK: Files and answers

extension StoreImport {
    /// Puts what a file of `byteCount` bytes is made of; `parts` follow one another, and their chunks are in the store.
    package func put(_ file: FileHash, byteCount: UInt64, _ parts: [FilePart]) async throws {
        let parts = parts.isEmpty ? [FilePart(start: 0, terms: [])] : parts
        guard parts.count <= ImportedTerms.mostObjectCount,
            parts.allSatisfy({ $0.terms.count <= ImportedTerms.mostTermCount })
        else { throw StoreImportError.tooManyTerms(file) }
        let starts = parts.map(\.start)
        // The first says that the file is there.
        for (number, part) in parts.enumerated().reversed() {
            let terms = ImportedTerms(part, byteCount: byteCount, starts: starts)
            try await put(terms.content, as: area.termsName(of: file, number))
        }
    }

    /// Puts what the Hub said, and then that it is whole; `each` gives all answers, some at a time, whenever it is called.
    ///
    /// Returns what the bundle is called.
    @discardableResult
    package func put(
        _ contents: BundleContents,
        forAll: Bool,
        _ each: (_ body: ([ArchivedAnswer]) async throws -> Void) async throws -> Void
    ) async throws -> String {
        let name = ImportedName()
        try await each { name.add(try ImportedAnswers(contents, $0).content) }
        let bundle = name.text
        let count = Mutex(0)
        try await each { answers in
            let number = count.withLock { count in
                defer { count += 1 }
                return count
            }
            try await put(ImportedAnswers(contents, answers).content, as: area.answersName(of: bundle, number))
        }
        let end = ImportedAnswers.end(count.withLock { $0 })
        try await put(end, as: area.endName(of: bundle, forAll: forAll))
        return bundle
    }

    private func put(_ content: ByteBuffer, as name: String) async throws {
        let bytes = SealedObject.bytes(content, as: name, key: area.key)
        for _ in 0..<2 {
            if try await store.put(bytes, as: name) {
                return state.withLock { $0.writtenByteCount += bytes.readableBytes }
            }
            let isThere = try await store.get(name, range: nil) { found in
                var there = ByteBuffer()
                guard found.byteCount == bytes.readableBytes else { return false }
                for try await piece in found.bytes { there.writeImmutableBuffer(piece) }
                return there == bytes
            }
            if isThere == true { return }
            try await store.remove(name)
        }
        throw StoreImportError.unsteady(name: name)
    }
}

/// What a bundle is called in a store: a hash of all that it says that the Hub said.
private final class ImportedName: Sendable {
    private let hasher = Mutex(BLAKE3Hasher())

    func add(_ content: ByteBuffer) { hasher.withLock { $0.update(content.readableBytesSpan) } }

    /// 32 hex digits.
    var text: String {
        let digest = hasher.withLock { $0.finalize() }
        var digits: [UInt8] = []
        for word in [digest.w0, digest.w1] { digits.appendHex(word) }
        return String(decoding: digits, as: UTF8.self)
    }
}
