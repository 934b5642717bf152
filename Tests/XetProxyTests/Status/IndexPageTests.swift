import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import XetProxy

@Suite struct IndexPageTests {
    @Test(arguments: [
        ("plain", "plain"), ("<script>", "&lt;script&gt;"), ("a&b", "a&amp;b"), ("\"'", "&quot;&#39;"),
        ("&lt;", "&amp;lt;"), ("", ""),
        ("<\u{301}b>\u{301}", "&lt;\u{301}b&gt;\u{301}"), ("\"\u{301}&\u{301}", "&quot;\u{301}&amp;\u{301}"),
    ])
    func `escaping`(text: String, escaped: String) {
        #expect(Array(IndexPage.escape(text).utf8) == Array(escaped.utf8))
    }

    @Test func `no host gets markup into the page`() async throws {
        let page = IndexPage(version: "1<2", hub: "https://hub\"><b>")
        let host = "evil.example/<script>alert('1')</script>"
        let head = HTTPRequest(method: .get, scheme: "http", authority: host, path: "/")
        let response = page.respond(Request(head: head, body: RequestBody(buffer: ByteBuffer())))
        let writer = Collector()
        try await response.body.write(writer)
        let html = await writer.text
        #expect(response.status == .ok)
        #expect(html.contains("evil.example"))
        #expect(!html.contains("<script>"))
        #expect(!html.contains("<b>"))
        #expect(!html.contains("1<2"))
    }

    private actor Contents {
        var text = ""

        func append(_ text: String) { self.text += text }
    }

    private struct Collector: ResponseBodyWriter {
        private let contents = Contents()

        var text: String { get async { await contents.text } }

        func write(_ buffer: ByteBuffer) async throws { await contents.append(String(buffer: buffer)) }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
