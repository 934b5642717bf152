/// How far an upload is.
public struct UploadProgress: Hashable, Sendable {
    /// Bytes of files read.
    public internal(set) var readByteCount: UInt64 = 0
    /// Bytes among them that no kept or packed chunk had.
    public internal(set) var newByteCount: UInt64 = 0
    /// Serialized bytes of the xorbs that were kept.
    public internal(set) var storedByteCount: UInt64 = 0

    /// The start.
    public init() {}
}
