import Testing

@testable import XetOrigin

@Suite struct RepositoryPathTests {
    @Test func `tells names apart that look alike`() {
        let composed = RepositoryPath("\u{E9}.txt")
        let decomposed = RepositoryPath("e\u{301}.txt")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
        #expect(!(composed < decomposed))
    }

    @Test func `knows its parts`() {
        let path = RepositoryPath("a/b c/ü.txt")
        #expect(path.parent == RepositoryPath("a/b c"))
        #expect(path.name == "ü.txt")
        #expect(path.parent.parent.parent == .root)
        #expect(RepositoryPath.root.parent == .root)
        #expect(RepositoryPath.root.appending("a").appending("b") == RepositoryPath("a/b"))
    }
}
