import XetAccess

/// Is told how far the download of a file has come.
package protocol DownloadObserver: Sendable {
    /// Bytes that are there, as far as was told.
    var byteCount: UInt64 { get }

    /// A download begins, of which `start` bytes were there before; `isKept` says whether what comes stays if it breaks off.
    func begin(_ label: String, total: UInt64?, start: UInt64, isKept: Bool)

    /// `count` bytes are there; `received` of those that are new came over the line.
    func advance(to count: UInt64, received: UInt64)

    /// The download is over.
    func end()

    /// Does work that may take long, such as reading what is there.
    func during<Value: Sendable>(_ work: String, _ body: () async throws -> Value) async throws -> Value

    /// Something that a person may want to know.
    func tell(_ text: String)

    /// A file that was downloaded is whole and right.
    func noteVerified(_ path: LocalPath, byteCount: UInt64)
}

/// Is told how far the download of a repository has come.
package protocol RepositoryObserver: Sendable {
    /// Bytes that came over the line.
    var receivedByteCount: UInt64 { get }

    /// `fileCount` files of `byteCount` bytes together are meant.
    func begin(fileCount: Int, byteCount: UInt64)

    /// One of them begins.
    func file() -> any DownloadObserver

    /// A file is there, of which `byteCount` bytes had not been counted.
    func noteDone(uncounted byteCount: UInt64)

    /// The download is over.
    func end()
}
