import NIOCore
import XetAccess
import XetCore
import XetStore
import XetUpload
import _NIOFileSystem

/// Reads the files that are new or have changed: large ones into XET, small ones for their Git name.
struct Ingest: Sendable {
    /// Large files are committed whenever so much was read.
    private static let batchByteCount: UInt64 = 512 * 1024 * 1024

    let xorbs: any XorbStore
    let shards: any ShardStore
    /// Files of at least so many bytes are large.
    let threshold: UInt64
    let report: @Sendable (IngestProgress) -> Void

    /// Makes the snapshots of what a scan found, reading what `catalog` does not know yet.
    func snapshots(of found: [ScannedRepository], _ catalog: inout CatalogFile) async throws -> [RepositorySnapshot] {
        let files = found.flatMap { scan in scan.files.map { RepositoryFile(repository: scan.repository, file: $0) } }
        catalog.keep(files)
        var missing: [RepositoryFile] = []
        for file in files where try await entry(file, catalog) == nil {
            missing.append(file)
        }
        try await read(missing, &catalog)
        var snapshots: [RepositorySnapshot] = []
        for scan in found {
            var entries: [CatalogEntry] = []
            for file in scan.files {
                let file = RepositoryFile(repository: scan.repository, file: file)
                guard let entry = try await entry(file, catalog) else {
                    throw IngestError.changedWhileRead(path: file.description)
                }
                entries.append(entry)
            }
            snapshots.append(RepositorySnapshot(repository: scan.repository, files: entries))
        }
        return snapshots
    }

    /// The entry of a file, if everything for it is there.
    private func entry(_ file: RepositoryFile, _ catalog: CatalogFile) async throws -> CatalogEntry? {
        guard let record = catalog.record(of: file) else { return nil }
        let stamp = file.file.stamp
        guard isLarge(file) else {
            return record.git.flatMap { GitObjectID($0) }.map { object in
                CatalogEntry(path: file.file.path, stamp: stamp, storage: .regular(file.file.location, object))
            }
        }
        guard let hash = record.xet.flatMap({ FileHash($0) }),
            let sha256 = record.sha256.flatMap({ SHA256Digest($0) }),
            try await shards.file(hash) != nil
        else { return nil }
        let pointer = LFSPointer(sha256: sha256, byteCount: UInt64(clamping: stamp.byteCount))
        return CatalogEntry(path: file.file.path, stamp: stamp, storage: .xet(hash, sha256: sha256, pointer: pointer))
    }

    private func isLarge(_ file: RepositoryFile) -> Bool { file.byteCount >= threshold }

    private func read(_ files: [RepositoryFile], _ catalog: inout CatalogFile) async throws {
        guard !files.isEmpty else { return }
        let byteCount = files.reduce(0) { $0 + $1.byteCount }
        let meter = IngestMeter(fileCount: files.count, byteCount: byteCount, report: report)
        for file in files where !isLarge(file) {
            meter.beginFile(file.description)
            catalog.insert(file, git: try await gitObject(of: file))
            meter.read(upTo: meter.doneByteCount + file.byteCount)
            meter.endFile()
        }
        try catalog.save()
        var large = files.filter(isLarge)[...]
        while !large.isEmpty {
            try await readBatch(&large, &catalog, meter)
            try catalog.save()
        }
    }

    /// Reads large files until a batch is full and commits them; then they are remembered, should a later one fail.
    private func readBatch(
        _ files: inout ArraySlice<RepositoryFile>,
        _ catalog: inout CatalogFile,
        _ meter: IngestMeter
    ) async throws {
        let start = meter.doneByteCount
        var session = UploadSession(xorbs: xorbs, shards: shards, locator: xorbs) { progress in
            meter.read(upTo: start + progress.readByteCount)
        }
        var batch: [(RepositoryFile, UploadedFile)] = []
        while meter.doneByteCount - start < Self.batchByteCount, let file = files.popFirst() {
            meter.beginFile(file.description)
            batch.append((file, try await upload(file, in: &session)))
            meter.endFile()
        }
        try await session.commit()
        for (file, uploaded) in batch {
            catalog.insert(file, xet: uploaded.hash, sha256: uploaded.sha256)
        }
    }

    private func upload(_ file: RepositoryFile, in session: inout UploadSession) async throws -> UploadedFile {
        try await FileSystem.shared.withPieces(of: file.file.location) { pieces in
            try check(file, pieces.info.size, pieces)
            let uploaded = try await session.add(pieces)
            try check(file, Int64(clamping: uploaded.byteCount), pieces)
            return uploaded
        }
    }

    private func gitObject(of file: RepositoryFile) async throws -> GitObjectID {
        try await FileSystem.shared.withPieces(of: file.file.location) { pieces in
            var hasher = GitObjectID.BlobHasher(byteCount: file.byteCount)
            var byteCount: Int64 = 0
            for try await piece in pieces {
                byteCount += Int64(piece.readableBytes)
                hasher.append(piece)
            }
            try check(file, byteCount, pieces)
            return hasher.finish()
        }
    }

    private func check(_ file: RepositoryFile, _ byteCount: Int64, _ pieces: FilePieces) throws {
        guard FileStamp(pieces.info) == file.file.stamp, byteCount == file.file.stamp.byteCount else {
            throw IngestError.changedWhileRead(path: file.description)
        }
    }
}

/// A scanned file and its repository.
struct RepositoryFile: Sendable, CustomStringConvertible {
    let repository: Repository
    let file: ScannedFile

    var byteCount: UInt64 { UInt64(clamping: file.stamp.byteCount) }

    /// Kind, owner, name and path.
    var description: String { "\(repository.kind.plural)/\(repository.name)/\(file.path)" }
}
