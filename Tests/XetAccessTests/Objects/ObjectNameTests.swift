import Testing
import XetAccess

@Suite struct ObjectNameTests {
    @Test(arguments: ["a", "0/b", "xorbs/ab/cd-1.bin", "...", "a.b", String(repeating: "a", count: 512)])
    func `takes parts of small letters, digits, dots and hyphens`(name: String) {
        #expect(ObjectName.isValid(name))
        #expect(ObjectName.isPrefix(name))
    }

    @Test(arguments: [
        "/a", "a//b", ".", "..", "a/../b", "./a", "A", "a b", "a_b", "a%2fb", "ä", "a\n",
        String(repeating: "a", count: 513),
    ])
    func `takes nothing else`(name: String) {
        #expect(!ObjectName.isValid(name))
        #expect(!ObjectName.isPrefix(name))
    }

    @Test func `what names begin with may be nothing, or end in a slash`() {
        #expect(!ObjectName.isValid(""))
        #expect(!ObjectName.isValid("a/"))
        #expect(ObjectName.isPrefix(""))
        #expect(ObjectName.isPrefix("a/"))
        #expect(!ObjectName.isPrefix("/"))
        #expect(!ObjectName.isPrefix("a//"))
    }
}
