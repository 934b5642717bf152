#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What tells one content of a small file from another, without keeping it.
///
/// Links are followed, so a link that is set to another file shows.
struct FileStamp: Hashable, Sendable {
    private let hash: Int?

    /// The same for all files that are not there or cannot be read.
    init(_ path: String) {
        hash = FileManager.default.contents(atPath: path).map { Array($0).hashValue }
    }
}
