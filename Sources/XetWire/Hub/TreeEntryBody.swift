import XetCore

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

    /// Reads an entry; what stands in the place of a file hash and is none counts as none.
    ///
    /// A Hub that keeps a hash to itself may write asterisks there.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(String.self, forKey: .type)
        path = try container.decode(String.self, forKey: .path)
        size = try container.decode(UInt64.self, forKey: .size)
        oid = try container.decodeIfPresent(String.self, forKey: .oid)
        lfs = try container.decodeIfPresent(LFS.self, forKey: .lfs)
        xetHash = (try? container.decodeIfPresent(String.self, forKey: .xetHash)).flatMap { $0 }
            .flatMap { FileHash($0)?.text }
    }

    /// Whether this is a file.
    public var isFile: Bool { type == "file" }
}
