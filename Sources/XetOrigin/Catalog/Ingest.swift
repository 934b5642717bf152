import NIOCore
import XetAccess
import XetCore
import XetStore
import XetUpload
import _NIOFileSystem

/// Reads the files that are new or have changed: large ones into XET, small ones for their hashes.
struct Ingest: Sendable {
    /// Large files are committed whenever so much was read.
    private static let batchByteCount: UInt64 = 512 * 1024 * 1024

    let xorbs: any XorbStore
    let shards: any ShardStore
    /// Files of at least so many bytes are large.
    let threshold: UInt64

    /// The entry of a file, if everything for it is there.
    func entry(_ file: RepositoryFile, _ catalog: CatalogFile) async throws -> CatalogEntry? {
        guard let record = catalog.record(of: file) else { return nil }
        let stamp = file.file.stamp
        guard isLarge(file) else {
            guard let object = record.git.flatMap({ GitObjectID($0) }), let texts = record.pieces else { return nil }
            let pieces = texts.compactMap { ChunkHash($0) }
            guard pieces.count == texts.count else { return nil }
            let content = RegularContent(location: file.file.location, object: object, pieces: pieces)
            return CatalogEntry(path: file.file.path, stamp: stamp, storage: .regular(content))
        }
        guard let hash = record.xet.flatMap({ FileHash($0) }),
            let sha256 = record.sha256.flatMap({ SHA256Digest($0) }),
            try await shards.file(hash) != nil
        else { return nil }
        let pointer = LFSPointer(sha256: sha256, byteCount: UInt64(clamping: stamp.byteCount))
        return CatalogEntry(path: file.file.path, stamp: stamp, storage: .xet(hash, sha256: sha256, pointer: pointer))
    }

    /// Whether a file was stored and is so no more.
    func isLost(_ file: RepositoryFile, _ catalog: CatalogFile) -> Bool {
        isLarge(file) && catalog.record(of: file)?.xet != nil
    }

    /// Reads files and remembers them in `catalog`; returns those that could not be read, and why.
    ///
    /// Throws what has nothing to do with the files, such as a full disk.
    func read(
        _ files: [RepositoryFile],
        _ catalog: inout CatalogFile,
        report: @escaping @Sendable (IngestProgress) -> Void
    ) async throws -> [IngestFailure] {
        guard !files.isEmpty else { return [] }
        let byteCount = files.reduce(0) { $0 + $1.byteCount }
        let meter = IngestMeter(fileCount: files.count, byteCount: byteCount, report: report)
        var failures: [IngestFailure] = []
        for file in files where !isLarge(file) {
            meter.beginFile(file.description)
            do {
                catalog.insert(file, try await content(of: file, meter))
            } catch let error where IngestFailure.isOfOneFile(error) {
                failures.append(IngestFailure(file: file, error))
            }
            meter.endFile()
        }
        try await catalog.save()
        var large = files.filter(isLarge)[...]
        while !large.isEmpty {
            try await readBatch(&large, &catalog, &failures, meter)
            try await catalog.save()
        }
        return failures
    }

    private func isLarge(_ file: RepositoryFile) -> Bool { file.byteCount >= threshold }

    /// Reads large files until a batch is full and commits them; then they are remembered, should a later one fail.
    private func readBatch(
        _ files: inout ArraySlice<RepositoryFile>,
        _ catalog: inout CatalogFile,
        _ failures: inout [IngestFailure],
        _ meter: IngestMeter
    ) async throws {
        let start = meter.doneByteCount
        let stored = try await UploadSession.run(
            xorbs: xorbs,
            shards: shards,
            chunks: LocatedChunks(xorbs),
            report: { meter.read(upTo: start + $0.readByteCount) }
        ) { session in
            // Every file that the session has; `nil` for one that is not to be remembered.
            var batch: [RepositoryFile?] = []
            while meter.doneByteCount - start < Self.batchByteCount, let file = files.popFirst() {
                meter.beginFile(file.description)
                var isRead = false
                do {
                    try await upload(file, in: &session, &isRead)
                    batch.append(file)
                } catch let error where IngestFailure.isOfOneFile(error) {
                    failures.append(IngestFailure(file: file, error))
                    guard !isRead || error is IngestError else {
                        // The session stopped amid a file and is of no use; the others are read again without it.
                        files = batch.compactMap(\.self) + files
                        return [] as [(RepositoryFile, UploadedFile)]
                    }
                    if isRead { batch.append(nil) }
                }
                meter.endFile()
            }
            return zip(batch, try await session.commit()).compactMap { file, uploaded in file.map { ($0, uploaded) } }
        }
        for (file, uploaded) in stored {
            guard let sha256 = uploaded.sha256 else { continue }
            catalog.insert(file, xet: uploaded.hash, sha256: sha256)
        }
    }

    /// `isRead` says whether the session has seen something of the file.
    ///
    /// One that turns out to have changed when all of it was read does no harm there: nobody will ask for it.
    private func upload(
        _ file: RepositoryFile,
        in session: inout UploadSession,
        _ isRead: inout Bool
    ) async throws {
        try await FileSystem.shared.withPieces(of: file.file.location) { pieces in
            try check(file, FileStamp(pieces.info))
            isRead = true
            let byteCount = try await session.add(pieces)
            try check(file, FileStamp(try await pieces.currentInfo()), byteCount: byteCount)
        }
    }

    private func content(of file: RepositoryFile, _ meter: IngestMeter) async throws -> RegularContent {
        let start = meter.doneByteCount
        return try await FileSystem.shared.withPieces(of: file.file.location) { pieces in
            try check(file, FileStamp(pieces.info))
            let content = try await RegularContent(
                of: pieces,
                at: file.file.location,
                byteCount: file.file.stamp.byteCount
            ) { meter.read(upTo: start + UInt64(clamping: $0)) }
            try check(file, FileStamp(try await pieces.currentInfo()))
            return content
        }
    }

    private func check(_ file: RepositoryFile, _ stamp: FileStamp, byteCount: UInt64? = nil) throws {
        guard stamp == file.file.stamp, byteCount ?? file.byteCount == file.byteCount else {
            throw IngestError.changedWhileRead
        }
    }
}

/// A scanned file and its repository.
struct RepositoryFile: Hashable, Sendable, CustomStringConvertible {
    let repository: Repository
    let file: ScannedFile

    var byteCount: UInt64 { UInt64(clamping: file.stamp.byteCount) }

    /// Kind, owner, name and path.
    var description: String { "\(repository.kind.plural)/\(repository.name)/\(file.path)" }
}

/// A file that could not be read.
struct IngestFailure: Hashable, Sendable {
    let file: RepositoryFile
    let reason: String
    /// Whether it is being written to, so that it can soon be read.
    let isForNow: Bool

    init(file: RepositoryFile, _ error: any Error) {
        self.file = file
        isForNow = error is IngestError
        reason = (error as? FileSystemError)?.message ?? "it changed while it was read"
    }

    static func isOfOneFile(_ error: any Error) -> Bool {
        error is IngestError || (error as? FileSystemError)?.isOfOneFile == true
    }
}

/// Why a file cannot be served yet.
enum IngestError: Error, Hashable, Sendable {
    /// The file was written to while it was read.
    case changedWhileRead
}
