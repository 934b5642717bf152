import Testing
import XetWire

@Suite struct EntityTagTests {
    @Test(arguments: [
        ("\"abc\"", false, "abc"), ("W/\"abc\"", true, "abc"), ("abc", false, "abc"), ("W/abc", true, "abc"),
        ("\"a,b\"", false, "a,b"), ("\"W/\"", false, "W/"),
        ("*", false, "*"), ("\"a\\b\"", false, "a\\b"),
    ])
    func `tags`(value: String, isWeak: Bool, opaque: String) throws {
        let tag = try #require(EntityTag(value))
        #expect(tag.isWeak == isWeak)
        #expect(tag.opaque == opaque)
        #expect(EntityTag(tag.value) == tag)
    }

    @Test(arguments: [
        "", "\"\"", "W/", "W/\"\"", "\"", "\"a", "a\"", "\"a\"b\"", "\"a b\"", "a b", "\"a\r\nX: y\"", "\"\u{0}\"",
        "\"\u{7F}\"", "W/W/\"a\" ", "\"ü\"", "\"a\u{301}\"", "\"\u{301}a\"",
    ])
    func `what is no tag`(value: String) {
        #expect(EntityTag(value) == nil)
    }

    @Test(arguments: [
        ("\"a\"", ["\"a\""]), ("\"a\", W/\"b\" ,\t\"c\"", ["\"a\"", "W/\"b\"", "\"c\""]),
        ("\"a,b\",\"c\"", ["\"a,b\"", "\"c\""]), ("", []), (",, ,", []),
        ("\"a b\", \"c\"", ["\"c\""]), ("\"a", []), ("\"\", \"c\"", ["\"c\""]),
    ])
    func `lists`(value: String, tags: [String]) {
        #expect(EntityTag.list(value).map(\.value) == tags)
    }

    @Test func `strong comparison`() throws {
        let (strong, weak) = (EntityTag(strong: "a"), try #require(EntityTag("W/\"a\"")))
        #expect(strong.matchesStrongly(strong))
        #expect(!strong.matchesStrongly(EntityTag(strong: "b")))
        #expect(!strong.matchesStrongly(weak))
        #expect(!weak.matchesStrongly(strong))
        #expect(!weak.matchesStrongly(weak))
    }

    @Test func `how they print`() throws {
        #expect(EntityTag(strong: "a").value == "\"a\"")
        #expect(EntityTag("W/a")?.value == "W/\"a\"")
    }
}
