import Testing

@testable import XetOrigin

@Suite struct RequestTargetTests {
    @Test func `decodes segments once, after cutting`() throws {
        let target = try #require(RequestTarget("/a%2Fb/c%2520d/%C3%BC%20%23%3F%25?x=1"))
        #expect(target.segments == ["a/b", "c%20d", "ü #?%"])
        #expect(target.path == "/a%2Fb/c%2520d/%C3%BC%20%23%3F%25")
    }

    @Test func `drops empty segments at the end only`() throws {
        #expect(try #require(RequestTarget("/a//b//")).segments == ["a", "", "b"])
        #expect(try #require(RequestTarget("/")).segments == [])
    }

    @Test(arguments: ["", "a/b", "http://host/a", "/%", "/%4", "/%zz", "/%ff", "/a%00b", "/a%0Ab", "/?a=%"])
    func `refuses what is malformed`(text: String) {
        #expect(RequestTarget(text) == nil)
    }

    @Test func `refuses what is too long`() {
        #expect(RequestTarget("/" + String(repeating: "a", count: RequestTarget.maximumByteCount)) == nil)
    }

    @Test func `reads queries`() throws {
        let query = try #require(RequestTarget("/a?x=1&y=a+b%2Bc&x=2&z&w=")).query
        #expect(query.first("x") == "1")
        #expect(query.all("x") == ["1", "2"])
        #expect(query.first("y") == "a b+c")
        #expect(query.first("z") == "")
        #expect(query.first("w") == "")
        #expect(query.first("v") == nil)
    }

    @Test(arguments: [("true", true), ("True", true), ("1", true), ("false", false), ("False", false), ("", false)])
    func `reads flags of any client`(text: String, expected: Bool) throws {
        #expect(try #require(FormItems("f=\(text)")).flag("f") == expected)
    }

    @Test func `refuses too many items`() {
        #expect(FormItems(String(repeating: "a=1&", count: FormItems.maximumCount)) != nil)
        #expect(FormItems(String(repeating: "a=1&", count: FormItems.maximumCount + 1)) == nil)
    }
}
