package import NIOCore
import XetAccess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is being downloaded, beside its final name until it is whole, and held by one process at a time.
///
/// What was written stays when a download fails, so that the next one goes on from there. Its calls block the thread.
package final class PartialFile: Sendable {
    private static let ownerReadWrite: UInt32 = 0o600
    /// How often the name may mean something else between two calls.
    private static let maximumAttemptCount = 16

    /// Where it is.
    package var path: LocalPath { file.path }
    private let place: OutputPlace
    private let name: [UInt8]
    private let claim: ContentClaim
    private let file: OpenFile

    /// Opens the part that an earlier download of this content left, or makes a new one; `nil` if another process has it.
    ///
    /// Throws ``LocalFileError`` when something else has the name.
    package init?(for place: OutputPlace, of claim: ContentClaim) throws(LocalFileError) {
        self.place = place
        self.claim = claim
        name = PartialName.name(
            of: place.name,
            identity: claim.identity ?? "unknown",
            maximumByteCount: place.folder.maximumNameByteCount
        )
        guard let file = try Self.open(name, place) else { return nil }
        self.file = file
    }

    /// The file of that name, locked, once it is certain that the name still means it.
    private static func open(_ name: [UInt8], _ place: OutputPlace) throws(LocalFileError) -> OpenFile? {
        let folder = place.folder
        for _ in 0..<maximumAttemptCount {
            let earlier = try folder.status(of: name, followsLink: false)
            if let earlier { try check(earlier, folder.path(of: name), in: folder) }
            guard let file = try folder.open(name, isNew: earlier == nil) else { continue }
            let status = try file.status()
            try check(status, file.path, in: folder)
            guard try file.tryLock() else { return nil }
            guard try folder.status(of: name, followsLink: false)?.identity == status.identity else { continue }
            // Others see no more of it than of the file that it replaces; this user can go on with it later.
            if let replaced = place.leadsTo { file.set(permissions: replaced.permissions | ownerReadWrite) }
            return file
        }
        throw .movedPart(folder.path(of: name))
    }

    /// Throws unless it is what a download leaves: a file with one name, not put there by somebody else.
    private static func check(_ status: FileStatus, _ path: LocalPath, in folder: Folder) throws(LocalFileError) {
        guard status.kind == .regular else { throw .strangePart(path, status.kind) }
        guard status.linkCount <= 1 else { throw .sharedPart(path) }
        // Where files are kept from one another by their owner alone, anyone can lay one of that name.
        if status.owner == geteuid() { return }
        guard try !folder.status().isSticky else { throw .foreignPart(path) }
    }

    /// How much of the file can be kept: all that is there, unless it can be no part of it, or could not be told from one.
    package func usableByteCount() throws(LocalFileError) -> UInt64 {
        guard claim.identity != nil, let byteCount = claim.byteCount else { return 0 }
        let found = try file.status().byteCount
        return found <= byteCount ? found : 0
    }

    /// Keeps the first `byteCount` bytes and takes those that follow.
    package func writer(from byteCount: UInt64) throws(LocalFileError) -> PartialFileWriter {
        try file.resize(to: byteCount)
        return PartialFileWriter(file, offset: byteCount)
    }

    /// Compares what is there with what is said of the content.
    package func check() async throws -> ContentClaim.Outcome {
        try await claim.compare(with: file)
    }

    /// Gives the file its final name, in one step, and in place of what is there.
    ///
    /// It gets the permissions of the file that it replaces. Returns when that is on the disk. A folder or a device of that name stays, and ``LocalFileError`` is thrown.
    package func commit() throws(LocalFileError) {
        if let replaced = try place.replaceable() { file.set(permissions: replaced.permissions) }
        try file.synchronize()
        try checkName()
        _ = try place.replaceable()
        try place.folder.rename(name, to: place.name)
        try place.folder.synchronize()
    }

    /// Leaves it to the next download, which can go on after so many bytes; if there are none it is removed.
    @discardableResult
    package func leave() -> UInt64 {
        guard (try? checkName()) != nil else { return 0 }
        let byteCount = (try? usableByteCount()) ?? 0
        if byteCount == 0 { try? remove() }
        return byteCount
    }

    /// Removes it.
    package func remove() throws(LocalFileError) {
        try checkName()
        try place.folder.remove(name)
    }

    /// Throws unless the name still means this file.
    private func checkName() throws(LocalFileError) {
        let named = try place.folder.status(of: name, followsLink: false)
        guard try named?.identity == file.status().identity else { throw .movedPart(path) }
    }
}

/// Takes the bytes of a file in order and writes them in large blocks.
package struct PartialFileWriter: DeliverySink {
    /// Bytes collected before they are written.
    private static let blockByteCount = 1 << 20
    /// What comes in pieces of this size is written as it is: a call costs less than to copy it.
    private static let pieceByteCount = 128 << 10

    private let file: OpenFile
    private var block = ByteBuffer()
    private var offset: UInt64

    init(_ file: OpenFile, offset: UInt64) {
        self.file = file
        self.offset = offset
    }

    /// Bytes taken so far, those of earlier downloads included.
    package var byteCount: UInt64 { offset + UInt64(block.readableBytes) }

    package mutating func deliver(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes < Self.pieceByteCount else {
            try await writeBlock()
            try await write(bytes)
            offset += UInt64(bytes.readableBytes)
            return
        }
        block.writeImmutableBuffer(bytes)
        if block.readableBytes >= Self.blockByteCount { try await writeBlock() }
    }

    /// Writes what was collected.
    ///
    /// It does so too when the download was cancelled. Blocks the thread.
    package mutating func flush() throws(LocalFileError) {
        try file.write(block, at: offset)
        advance()
    }

    private mutating func writeBlock() async throws {
        if block.readableBytes == 0 { return }
        try await write(block)
        advance()
    }

    private func write(_ bytes: ByteBuffer) async throws {
        let (file, offset) = (file, offset)
        try await Blocking.run { try file.write(bytes, at: offset) }
    }

    private mutating func advance() {
        offset += UInt64(block.readableBytes)
        block.clear()
    }
}
