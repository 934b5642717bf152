public import XetCore

/// A file that was read and packed.
public struct UploadedFile: Hashable, Sendable {
    /// Name of the file.
    public let hash: FileHash
    /// Its length.
    public let byteCount: UInt64
    /// SHA-256 of its bytes, of no bytes for the empty file; `nil` if it was not wanted.
    public let sha256: SHA256Digest?
}
