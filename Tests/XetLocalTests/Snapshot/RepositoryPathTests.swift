import Testing

@testable import XetLocal

@Suite struct RepositoryPathTests {
    @Test(arguments: ["a", "a/b.bin", "...", "a/..b", ".cache/xets/a", ".cache/x", "ü/文件", " ", "a\\b", "-"])
    func `a path below a folder is one`(text: String) throws {
        let path = try #require(RepositoryPath(text))
        #expect(path.text == text)
        #expect(path.path(in: LocalPath("/here")).bytes == Array("/here/\(text)".utf8))
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.", "a/./b", "a\0b", ".cache/xet", ".cache/xet/a",
        ".Cache/XET/a", String(repeating: "n", count: 256), String(repeating: "n/", count: 2048) + "n",
    ])
    func `a path that leads elsewhere is none`(text: String) {
        #expect(RepositoryPath(text) == nil)
    }
}
