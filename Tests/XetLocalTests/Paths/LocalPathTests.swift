import Testing
import XetLocal

@Suite struct LocalPathTests {
    @Test(arguments: [
        ("a", ".", "a"),
        ("a/b", "a", "b"),
        ("a//b", "a", "b"),
        ("a/b/", "a/b", ""),
        ("/a", "/", "a"),
        ("//a", "/", "a"),
        ("/", "/", ""),
        ("", ".", ""),
        ("a/..", "a", ".."),
        ("./-", ".", "-"),
    ])
    func `splits at the last slash`(path: String, folder: String, name: String) {
        #expect(LocalPath(path).folder == LocalPath(folder))
        #expect(LocalPath(path).name == Array(name.utf8))
    }

    @Test func `ends at a NUL, as for the system`() {
        #expect(LocalPath(bytes: [97, 0, 98]) == LocalPath("a"))
    }

    @Test(arguments: [("a/b", "a/c"), ("b", "c"), ("/b", "/c"), ("a/", "a/c")])
    func `names what stands beside it`(path: String, other: String) {
        #expect(LocalPath(path).beside([99]) == LocalPath(other))
    }

    @Test func `is printed safely`() {
        #expect("\(LocalPath(bytes: [0x63, 0xE9, 0x0A]))" == "'c\\xe9\\n'")
    }
}
