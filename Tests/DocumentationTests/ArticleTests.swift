import NIOCore
import Testing
import _NIOFileSystem

@Suite struct ArticleTests {
    @Test func `the code of the article is the code that compiles`() async throws {
        let article = try await Self.text("Sources/XetDownload/XetDownload.docc/DownloadAFile.md")
        let source = try await Self.text("Tests/DocumentationTests/DownloadAFile.swift")
        let parts = article.split(separator: "```swift\n").dropFirst()
        let blocks = parts.compactMap { $0.split(separator: "```\n").first }
        #expect(blocks.count == 2)
        for block in blocks {
            #expect(source.contains(block), "the article has other code than DownloadAFile.swift")
        }
    }

    /// A file of this package.
    private static func text(_ path: String, here: String = #filePath) async throws -> String {
        let root = FilePath(here).removingLastComponent().removingLastComponent().removingLastComponent()
        let bytes = try await FileSystem.shared.withFileHandle(forReadingAt: root.appending(path)) {
            try await $0.readToEnd(maximumSizeAllowed: .mebibytes(1))
        }
        return String(buffer: bytes)
    }
}
