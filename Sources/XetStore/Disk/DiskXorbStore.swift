public import NIOCore
import Synchronization
public import XetAccess
public import XetCore
import _NIOFileSystem

/// Xorbs as files.
///
/// A chunk is found through a table of all chunks in memory, 24 bytes or so per chunk (0.4 MiB per GiB stored).
public final class DiskXorbStore: XorbStore {
    private struct State {
        var chunks = ChunkTable()
        var indexes: IndexCache
        var discardCount = 0

        mutating func insert(_ index: XorbIndex) {
            chunks.insert(index)
            indexes.insert(index)
        }

        mutating func remove(_ xorb: XorbHash) {
            chunks.remove(xorb)
            indexes.remove(xorb)
            discardCount += 1
        }
    }

    /// Most chunks of a xorb that is received: writers make 8,192, and an index takes 40 bytes for each.
    public static let maximumReceivedChunkCount = 64 * 1024

    /// Longest footer that is read; that of a million chunks is shorter.
    private static let maximumFooterByteCount = 64 * 1024 * 1024

    private let files: StoreFiles
    private let state: Mutex<State>
    /// Names are given one at a time, so that what is known of a xorb is what is in the file of its name.
    private let naming = TaskGate()
    private let examining = TaskGate()

    /// What was found that cannot be used when the store was opened.
    public let damages: [StoreDamage]
    private let onDamage: @Sendable (StoreDamage) -> Void

    private init(
        files: StoreFiles,
        state: consuming State,
        damages: [StoreDamage],
        onDamage: @escaping @Sendable (StoreDamage) -> Void
    ) {
        self.files = files
        self.state = Mutex(state)
        self.damages = damages
        self.onDamage = onDamage
    }

    /// Opens the store, making its folders if needed, and reads the footers of all xorbs.
    ///
    /// Xorbs that cannot be used are left out, see ``damages``. `cachedByteCount` bounds the memory for footers that are
    /// kept for later; `onDamage` is called for what turns out to be damaged when it is read.
    public static func open(
        _ layout: StoreLayout,
        cachedByteCount: Int = 32 * 1024 * 1024,
        onDamage: @escaping @Sendable (StoreDamage) -> Void = { _ in }
    ) async throws -> DiskXorbStore {
        let files = StoreFiles(layout: layout)
        try await files.prepare()
        var state = State(indexes: IndexCache(maximumByteCount: cachedByteCount))
        var damages: [StoreDamage] = []
        let found: [StoreFiles.Found<XorbRole>] = try await files.found(
            in: layout.xorbFolder,
            extension: StoreLayout.xorbExtension
        )
        for file in found {
            try Task.checkCancellation()
            let index = try await files.read(file, &damages) { file in
                try await Self.readIndex(of: file.hash, at: file.path, files)
            }
            if let index { state.insert(index) }
        }
        return DiskXorbStore(files: files, state: state, damages: damages, onDamage: onDamage)
    }

    /// Whether a xorb is kept.
    public func contains(_ xorb: XorbHash) -> Bool { state.withLock { $0.chunks.contains(xorb) } }

    /// How many xorbs turned out to be damaged since the store was opened.
    public var discardCount: Int { state.withLock { $0.discardCount } }

    @discardableResult
    public func put(_ xorb: SerializedXorb) async throws -> Bool {
        guard !contains(xorb.index.hash) else { return false }
        let staged = try await files.stage { file in
            var end: Int64 = 0
            for part in xorb.parts { end += try await file.write(contentsOf: part, toAbsoluteOffset: end) }
            _ = try await file.write(contentsOf: xorb.index.storedFooter, toAbsoluteOffset: end)
        }
        return try await commit(staged, xorb.index)
    }

    /// Keeps a xorb whose bytes come piece by piece, of whatever origin; returns whether it was new.
    ///
    /// Every chunk is checked as it comes. One chunk is in memory, and what has come is in a file: a xorb that comes
    /// slowly costs little. Throws ``XorbError`` when it is none or has another name, ``StoreError/tooLong(maximum:)``,
    /// and what `pieces` throws.
    public func receive<Pieces: AsyncSequence>(
        _ hash: XorbHash,
        from pieces: Pieces,
        maximumByteCount: Int
    ) async throws -> Bool where Pieces.Element == ByteBuffer {
        var received: XorbIndex?
        let staged = try await files.stage { file in
            var verifier = XorbVerifier(maximumChunkCount: Self.maximumReceivedChunkCount)
            var offset: Int64 = 0
            for try await piece in pieces {
                guard Int(offset) + piece.readableBytes <= maximumByteCount else {
                    throw StoreError.tooLong(maximum: maximumByteCount)
                }
                try verifier.append(piece.readableBytesSpan)
                offset += try await file.write(contentsOf: piece, toAbsoluteOffset: offset)
            }
            // A footer that came along is not believed, and overwritten.
            let end = Int64(verifier.serializedByteCount)
            let index = try verifier.finish(expected: hash)
            try await file.resize(to: .bytes(end))
            _ = try await file.write(contentsOf: index.storedFooter, toAbsoluteOffset: end)
            received = index
        }
        guard let received else { preconditionFailure("a staged xorb has an index") }
        return try await commit(staged, received)
    }

    /// Gives a staged xorb its name, unless another one got it in the meantime.
    private func commit(_ staged: FilePath, _ index: XorbIndex) async throws -> Bool {
        do {
            let written = try await Self.readIndex(of: index.hash, at: staged, files)
            guard written == index else { throw StoreError.misnamedXorb(index.hash, found: written.hash) }
            return try await naming.withTurn {
                guard !contains(index.hash) else {
                    files.drop(staged)
                    return false
                }
                try await files.commit(staged, as: files.layout.xorb(index.hash))
                state.withLock { $0.insert(index) }
                return true
            }
        } catch {
            files.drop(staged)
            throw error
        }
    }

    public func locate(_ chunk: ChunkHash) async throws -> ChunkLocation? {
        guard let place = state.withLock({ $0.chunks.place(of: chunk) }),
            let index = try await index(of: place.xorb),
            let location = ChunkLocation(xorb: index, chunk: place.chunk),
            location.hash == chunk
        else { return nil }
        return location
    }

    public func index(of xorb: XorbHash) async throws -> XorbIndex? {
        let (isKept, cached) = state.withLock { ($0.chunks.contains(xorb), $0.indexes.index(of: xorb)) }
        guard isKept else { return nil }
        if let cached { return cached }
        let index = try await readable(xorb) { path in try await Self.readIndex(of: xorb, at: path, files) }
        state.withLock { state in
            // It may have been discarded while it was read.
            if state.chunks.contains(xorb) { state.indexes.insert(index) }
        }
        return index
    }

    public func read(
        _ range: HTTPByteRange,
        of xorb: XorbHash,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        guard let index = try await index(of: xorb) else { throw StoreError.unknownXorb(xorb) }
        guard range.last < UInt64(index.serializedByteCount) else {
            throw StoreError.rangeOutOfBounds(xorb: xorb, last: range.last, byteCount: index.serializedByteCount)
        }
        try await readable(xorb) { path in
            try await files.withPieces(of: path) { file in
                let end = Int64(range.last) + 1
                var offset = Int64(range.first)
                for try await piece in file.limited(to: offset..<end) {
                    offset += Int64(piece.readableBytes)
                    try await body(piece)
                }
                guard offset == end else {
                    throw StoreError.truncatedXorb(xorb, expected: Int(end), found: Int(offset))
                }
            }
        }
    }

    /// Lends the file of a kept xorb; that it cannot be read is a fault of the xorb.
    private func readable<Value>(_ xorb: XorbHash, _ body: (FilePath) async throws -> Value) async throws -> Value {
        do {
            return try await body(files.layout.xorb(xorb))
        } catch let error as FileSystemError where error.isOfOneFile {
            throw StoreError.unreadableXorb(xorb, reason: error.message)
        }
    }

    @discardableResult
    public func examine(_ xorb: XorbHash) async throws -> (any Error)? {
        try await examining.withTurn { () -> (any Error)? in
            guard contains(xorb) else { return nil }
            let path = files.layout.xorb(xorb)
            let damage: any Error
            do {
                let index = try await Self.readIndex(of: xorb, at: path, files)
                try await files.withPieces(of: path) { file in
                    var verifier = XorbVerifier()
                    for try await piece in file.limited(to: 0..<Int64(index.serializedByteCount)) {
                        try verifier.append(piece.readableBytesSpan)
                    }
                    let found = try verifier.finish(expected: xorb)
                    guard found == index else { throw StoreError.misnamedXorb(xorb, found: found.hash) }
                }
                return nil
            } catch let error as StoreError {
                damage = error
            } catch let error as XorbError {
                damage = error
            } catch let error as FileSystemError where error.isOfOneFile {
                damage = error
            }
            try await naming.withTurn {
                state.withLock { $0.remove(xorb) }
                if try await FileSystem.shared.info(forFileAt: path, infoAboutSymbolicLink: true) != nil {
                    try await files.setAside(path)
                }
            }
            onDamage(StoreDamage(path: path.string, reason: "\(damage)"))
            return damage
        }
    }

    private static func readIndex(of xorb: XorbHash, at path: FilePath, _ files: StoreFiles) async throws -> XorbIndex {
        let (footerBytes, start) = try await files.withPieces(of: path) { file in
            let byteCount = file.info.size
            let trailerStart = max(0, byteCount - Int64(XorbFooter.trailerByteCount))
            let trailer = try await file.bytes(in: trailerStart..<byteCount)
            let length = try corrupt(xorb) { () throws(XorbError) in
                try XorbFooter.byteCount(trailer: trailer.readableBytesSpan, xorbByteCount: UInt64(byteCount))
            }
            guard length <= Self.maximumFooterByteCount else {
                throw StoreError.corruptXorb(xorb, .footerOutOfBounds(length: length, available: Int(byteCount)))
            }
            let start = trailerStart - Int64(length)
            return (try await file.bytes(in: start..<trailerStart), UInt64(start))
        }
        let footer = try corrupt(xorb) { () throws(XorbError) in
            try XorbFooter(parsing: footerBytes.readableBytesSpan, start: start)
        }
        guard footer.hash == xorb else { throw StoreError.misnamedXorb(xorb, found: footer.hash) }
        guard let index = XorbIndex(footer) else { throw StoreError.outdatedFooter(xorb) }
        // The name covers the hashes and lengths of the chunks; where they lie shows when they are read.
        var tree = MerkleTree()
        for (chunk, hash) in index.chunkHashes.enumerated() {
            tree.append(hash, byteCount: index.unpackedByteCount(of: chunk))
        }
        guard tree.xorbHash == xorb else {
            throw StoreError.corruptXorb(xorb, .hashMismatch(expected: xorb, found: tree.xorbHash))
        }
        return index
    }

    private static func corrupt<Result>(
        _ xorb: XorbHash,
        _ body: () throws(XorbError) -> Result
    ) throws(StoreError) -> Result {
        do throws(XorbError) {
            return try body()
        } catch {
            throw .corruptXorb(xorb, error)
        }
    }
}

extension XorbIndex {
    /// What follows the chunks in the file of a xorb.
    fileprivate var storedFooter: [UInt8] {
        var bytes: [UInt8] = []
        footer.append(to: &bytes, unpackedEnds: unpackedEnds)
        return bytes
    }
}
