import Crypto
import NIOCore
package import XetAccess
package import XetCore
import XetWire

/// What is said of the content of a file, so that one here can be compared with it.
package struct ContentClaim: Hashable, Sendable {
    /// Outcome of a comparison.
    package enum Outcome: Hashable, Sendable {
        case match
        case mismatch
        /// Nothing was said that can be compared.
        case unknown
    }

    /// Length in bytes, if it is known.
    package let byteCount: UInt64?
    /// XET hash of a file in XET.
    package let xetHash: FileHash?
    /// SHA-256, in hex, of a file in XET or Git LFS.
    package let sha256: String?
    /// Name of the blob in Git, in hex, of any other file.
    package let gitBlob: String?

    /// Takes the entity tag for what the Hub uses as one: the SHA-256 or the name in Git.
    package init(_ file: ResolvedFile) {
        byteCount = file.byteCount
        xetHash = if case .xet(let hash) = file.storage { hash } else { nil }
        let tag = file.etag.flatMap { EntityTag($0) }
        let text = tag.flatMap { $0.isWeak ? nil : $0.opaque.lowercased() } ?? ""
        let isHex = text.utf8.allSatisfy { $0.hexValue != nil }
        sha256 = isHex && text.utf8.count == 64 ? text : nil
        gitBlob = isHex && text.utf8.count == 40 ? text : nil
    }

    /// What the content is, in a text of its own for each content; `nil` if that cannot be told.
    package var identity: String? {
        guard let byteCount else { return nil }
        if let xetHash { return "xet \(xetHash) \(byteCount)" }
        if let sha256 { return "sha256 \(sha256) \(byteCount)" }
        return gitBlob.map { "git \($0) \(byteCount)" }
    }

    /// The XET hash in an ``identity``, if there is one.
    static func xetHash(ofIdentity identity: String) -> FileHash? {
        let words = identity.split(separator: " ")
        return words.count == 3 && words[0] == "xet" ? FileHash(String(words[1])) : nil
    }

    /// Compares the length, then the hash.
    func compare(with file: OpenFile) async throws -> Outcome {
        try await comparison(with: file).outcome
    }

    /// Compares the length, then the hash; gives the chunks of the file too if those had to be found.
    ///
    /// A file in XET may have been cut into chunks by other rules than ours, so if its XET hash differs its SHA-256 is
    /// compared, if that is known; if not, the outcome is a mismatch although the content may be the same.
    func comparison(with file: OpenFile) async throws -> (outcome: Outcome, chunks: LocalChunks?) {
        let found = try file.status().byteCount
        if let byteCount, byteCount != found { return (.mismatch, nil) }
        guard let xetHash else { return (try compareDigest(file, found), nil) }
        if found == 0 { return (.match, nil) }
        let chunks: LocalChunks?
        do {
            chunks = try await LocalChunks(file)
        } catch is FileHashError {
            // It became shorter meanwhile.
            return (.mismatch, nil)
        }
        if chunks?.hash == xetHash { return (.match, nil) }
        let isEqual = try sha256.map { try Self.hex(file, SHA256()) == $0 } ?? false
        return isEqual ? (.match, nil) : (.mismatch, chunks)
    }

    /// Compares content of a file that is not in XET.
    func compare(with bytes: [UInt8]) -> Outcome {
        if let byteCount, byteCount != UInt64(bytes.count) { return .mismatch }
        if let sha256 { return Array(SHA256.hash(data: bytes)).hexText == sha256 ? .match : .mismatch }
        guard let gitBlob else { return .unknown }
        var hasher = Insecure.SHA1()
        hasher.update(data: Array("blob \(bytes.count)\0".utf8))
        hasher.update(data: bytes)
        return Array(hasher.finalize()).hexText == gitBlob ? .match : .mismatch
    }

    /// Compares what is said of a file of `found` bytes that is not in XET.
    private func compareDigest(_ file: OpenFile, _ found: UInt64) throws -> Outcome {
        if let sha256 { return try Self.hex(file, SHA256()) == sha256 ? .match : .mismatch }
        guard let gitBlob else { return .unknown }
        var hasher = Insecure.SHA1()
        hasher.update(data: Array("blob \(found)\0".utf8))
        return try Self.hex(file, hasher) == gitBlob ? .match : .mismatch
    }

    /// The digest of a file's content, in hex.
    private static func hex(_ file: OpenFile, _ hasher: some HashFunction) throws -> String {
        let file = try ReadableFile(file)
        var hasher = hasher
        var block: [UInt8] = []
        var offset: UInt64 = 0
        repeat {
            try Task.checkCancellation()
            try block.replace(capacity: 1 << 20) { try file.read(at: offset, into: &$0) }
            hasher.update(data: block)
            offset += UInt64(block.count)
        } while !block.isEmpty
        return Array(hasher.finalize()).hexText
    }
}
