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
    }

    private let files: StoreFiles
    private let state: Mutex<State>

    private init(files: StoreFiles, state: consuming State) {
        self.files = files
        self.state = Mutex(state)
    }

    /// Opens the store, making its folders if needed, and reads the footers of all xorbs.
    ///
    /// `cachedByteCount` bounds the memory for footers that are kept for later.
    public static func open(_ layout: StoreLayout, cachedByteCount: Int = 32 * 1024 * 1024) async throws
        -> DiskXorbStore
    {
        let files = StoreFiles(layout: layout)
        try await files.prepare()
        var state = State(indexes: IndexCache(maximumByteCount: cachedByteCount))
        let hashes: [XorbHash] = try await files.hashes(in: layout.xorbFolder, extension: StoreLayout.xorbExtension)
        for hash in hashes {
            try Task.checkCancellation()
            let index = try await Self.readIndex(of: hash, at: layout.xorb(hash), files)
            state.chunks.insert(index)
            state.indexes.insert(index)
        }
        return DiskXorbStore(files: files, state: state)
    }

    @discardableResult
    public func put(_ xorb: SerializedXorb) async throws -> Bool {
        let index = xorb.index
        guard !state.withLock({ $0.chunks.contains(index.hash) }) else { return false }
        var footer: [UInt8] = []
        index.footer.append(to: &footer, unpackedEnds: index.unpackedEnds)
        let isNew = try await files.write([xorb.chunks, footer], to: files.layout.xorb(index.hash)) { path in
            let written = try await Self.readIndex(of: index.hash, at: path, files)
            guard written == index else { throw StoreError.misnamedXorb(index.hash, found: written.hash) }
        }
        state.withLock { state in
            state.chunks.insert(index)
            state.indexes.insert(index)
        }
        return isNew
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
        let index = try await Self.readIndex(of: xorb, at: files.layout.xorb(xorb), files)
        state.withLock { $0.indexes.insert(index) }
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
        try await files.withPieces(of: files.layout.xorb(xorb)) { file in
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

    private static func readIndex(of xorb: XorbHash, at path: FilePath, _ files: StoreFiles) async throws -> XorbIndex {
        let (footerBytes, start) = try await files.withPieces(of: path) { file in
            let byteCount = file.info.size
            let trailerStart = max(0, byteCount - Int64(XorbFooter.trailerByteCount))
            let trailer = try await file.bytes(in: trailerStart..<byteCount)
            let length = try corrupt(xorb) { () throws(XorbError) in
                try XorbFooter.byteCount(trailer: trailer.readableBytesSpan, xorbByteCount: UInt64(byteCount))
            }
            let start = trailerStart - Int64(length)
            return (try await file.bytes(in: start..<trailerStart), UInt64(start))
        }
        let footer = try corrupt(xorb) { () throws(XorbError) in
            try XorbFooter(parsing: footerBytes.readableBytesSpan, start: start)
        }
        guard footer.hash == xorb else { throw StoreError.misnamedXorb(xorb, found: footer.hash) }
        guard let index = XorbIndex(footer) else { throw StoreError.outdatedFooter(xorb) }
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
