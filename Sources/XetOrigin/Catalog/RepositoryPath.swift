/// The path of a file or folder in a repository, without leading slash; the root is empty.
///
/// Compared byte by byte: Swift's own comparison of strings would take differently composed letters for the same name.
struct RepositoryPath: Hashable, Comparable, Sendable, CustomStringConvertible {
    let text: String

    static let root = RepositoryPath("")

    init(_ text: String) {
        self.text = text
    }

    var description: String { text }

    /// The folder that the path is in; the root for the root.
    var parent: RepositoryPath {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return .root }
        return RepositoryPath(String(text[..<slash]))
    }

    /// What follows the last slash.
    var name: Substring {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return text[...] }
        return text[text.utf8.index(after: slash)...]
    }

    var isRoot: Bool { text.isEmpty }

    func appending(_ name: String) -> RepositoryPath {
        isRoot ? RepositoryPath(name) : RepositoryPath("\(text)/\(name)")
    }

    static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.text.utf8.elementsEqual(rhs.text.utf8)
    }

    static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.text.utf8.lexicographicallyPrecedes(rhs.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 {
            hasher.combine(byte)
        }
    }
}
