import NIOCore
import Testing
import _NIOFileSystem

@Suite struct ArticleTests {
    @Test(arguments: [
        ("Sources/XetDownload/XetDownload.docc/DownloadAFile.md", "Tests/DocumentationTests/DownloadAFile.swift", 2),
        ("Sources/Xet/Xet.docc/Download.md", "Tests/HubExample/HubExample.swift", 3),
        ("Sources/Xet/Xet.docc/Upload.md", "Tests/HubExample/HubExample.swift", 1),
    ])
    func `the code of an article is code that compiles`(article: String, source: String, count: Int) async throws {
        let parts = try await Self.text(article).split(separator: "```swift\n").dropFirst()
        let blocks = parts.compactMap { $0.split(separator: "```\n").first }
        let compiled = try await Self.text(source)
        #expect(blocks.count == count)
        for block in blocks {
            #expect(compiled.contains(block), "\(article) has other code than \(source)")
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
