import Testing

@testable import XetProxy

@Suite struct HTMLTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("<script>", "&lt;script&gt;"), ("a&b", "a&amp;b"), ("\"'", "&quot;&#39;"),
        ("&lt;", "&amp;lt;"), ("", ""),
        ("<\u{301}b>\u{301}", "&lt;\u{301}b&gt;\u{301}"), ("\"\u{301}&\u{301}", "&quot;\u{301}&amp;\u{301}"),
    ])
    func `escaping`(text: String, escaped: String) {
        #expect(Array(HTMLText.escape(text).utf8) == Array(escaped.utf8))
    }
}
