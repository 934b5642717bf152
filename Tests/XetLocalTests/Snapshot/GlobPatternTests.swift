import Testing

@testable import XetLocal

@Suite struct GlobPatternTests {
    @Test(arguments: [
        ("*", "", true), ("*", "a/b", true), ("*.bin", "a/b.bin", true), ("*.bin", "b.bin2", false),
        ("a*b*c", "axxbyyc", true), ("a*b*c", "axxbyy", false), ("**", "x", true), ("a**b", "ab", true),
        ("?", "é", true), ("?", "", false), ("?", "ab", false), ("a?c", "a/c", true),
        ("[ab]", "a", true), ("[ab]", "c", false), ("[!ab]", "c", true), ("[!ab]", "a", false), ("[a-c]x", "bx", true),
        ("[a-c]x", "dx", false), ("[]]", "]", true), ("[!]]", "]", false), ("[!]]", "x", true), ("[a", "[a", true),
        ("[a", "a", false), ("[-a]", "-", true), ("[a-]", "-", true), ("[z-a]", "m", false), ("[!z-a]", "m", true),
        ("[[]x", "[x", true), ("a]", "a]", true), ("", "", true), ("", "a", false), ("folder/", "folder/a/b", true),
        ("folder/", "folder", false), ("A", "a", false), ("\\*", "\\x", true),
    ])
    func `a pattern means what it does in Python`(pattern: String, path: String, isMatch: Bool) {
        #expect(GlobPattern(pattern).matches(path) == isMatch)
    }

    @Test func `many stars take no time`() {
        let pattern = GlobPattern(String(repeating: "a*", count: 200) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 4000)))
        #expect(pattern.matches(String(repeating: "a", count: 4000) + "b"))
    }

    @Test(arguments: [
        ("a/b.bin", true), ("a]", true), ("[a", true), ("*", false), ("a?", false), ("[a]", false), ("a/", false),
    ])
    func `a literal stands for itself alone`(text: String, isLiteral: Bool) {
        #expect(GlobPattern(text).isLiteral == isLiteral)
    }

    @Test func `a filter takes what is named and included and not excluded`() {
        var filter = PathFilter()
        #expect(filter.matches("a.bin"))
        filter.named = [GlobPattern("sub/"), GlobPattern("a.bin")]
        #expect(filter.matches("sub/x.txt") && filter.matches("a.bin") && !filter.matches("b.bin"))
        filter.named.append(GlobPattern("[x].c"))
        #expect(filter.matches("[x].c") && filter.matches("x.c") && !filter.matches("y.c"))
        filter.included = [GlobPattern("*.bin"), GlobPattern("*.json")]
        #expect(filter.matches("sub/x.json") && !filter.matches("sub/x.txt") && !filter.matches("c.json"))
        filter.excluded = [GlobPattern("sub/x*")]
        #expect(filter.matches("sub/y.json") && !filter.matches("sub/x.json"))
    }
}
