/// One entry of a repository listing or of a `paths-info` answer.
public struct TreeEntryBody: Codable, Hashable, Sendable {
    /// What Git LFS knows of a large file.
    public struct LFS: Codable, Hashable, Sendable {
        /// SHA-256 of the content.
        public let oid: String
        /// Size of the content in bytes.
        public let size: UInt64
        /// Size of the pointer file that Git holds.
        public let pointerSize: Int?

        /// Makes an entry.
        public init(oid: String, size: UInt64, pointerSize: Int?) {
            self.oid = oid
            self.size = size
            self.pointerSize = pointerSize
        }
    }

    /// `file` or `directory`.
    public let type: String
    /// Path from the root of the repository.
    public let path: String
    /// Size in bytes; 0 for a folder.
    public let size: UInt64
    /// Git's SHA-1.
    public let oid: String?
    /// Present for large files.
    public let lfs: LFS?
    /// File hash, present for files in XET.
    public let xetHash: String?

    /// Makes an entry.
    public init(type: String, path: String, size: UInt64, oid: String?, lfs: LFS? = nil, xetHash: String? = nil) {
        self.type = type
        self.path = path
        self.size = size
        self.oid = oid
        self.lfs = lfs
        self.xetHash = xetHash
    }

    /// Whether this is a file.
    public var isFile: Bool { type == "file" }
}
