/// The path of a file in a repository, if it can be one below a folder here.
package struct RepositoryPath: Hashable, Sendable {
    /// Where this program keeps its own records, in the folder.
    package static let recordFolder = ".cache/xet"

    /// From the root of the repository.
    package let text: String

    /// `nil` if it leads elsewhere, names no file, is longer than any, or lies where the records are.
    ///
    /// Whoever writes a repository chooses its paths.
    package init?(_ text: String) {
        let segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        let isPlain = segments.allSatisfy { segment in
            !segment.isEmpty && segment != Array(".".utf8) && segment != Array("..".utf8) && !segment.contains(0)
                && segment.count <= 255
        }
        // Some file systems do not tell capitals apart.
        let lowercased = text.lowercased()
        guard isPlain, text.utf8.count <= 4096, lowercased != Self.recordFolder,
            !lowercased.hasPrefix(Self.recordFolder + "/")
        else { return nil }
        self.text = text
    }

    private init(valid text: String) {
        self.text = text
    }

    /// Its last part.
    package var name: RepositoryPath {
        RepositoryPath(valid: text.split(separator: "/").last.map { String($0) } ?? text)
    }

    /// Where it is in a folder.
    package func path(in folder: LocalPath) -> LocalPath { folder.appending(text) }
}
