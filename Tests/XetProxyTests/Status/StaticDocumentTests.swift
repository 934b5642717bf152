import HTTPTypes
import Hummingbird
import Testing
import XetServerTestSupport

@testable import XetProxy

@Suite struct StaticDocumentTests {
    private let document = StaticDocument("body { }", contentType: "text/css")

    @Test func `the text`() async throws {
        let response = document.respond(Request.plain("/ui.css"))
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "text/css")
        #expect(response.headers[.cacheControl] == "no-cache")
        #expect(try await response.text() == "body { }")
    }

    @Test func `who has it does not get it again`() async throws {
        let etag = try #require(document.respond(Request.plain("/ui.css")).headers[.eTag])
        let again = document.respond(Request.plain("/ui.css", headers: [.ifNoneMatch: "\"other\", W/\(etag)"]))
        #expect(again.status == .notModified)
        #expect(again.headers[.eTag] == etag)
        #expect(try await again.text() == "")
        let other = document.respond(Request.plain("/ui.css", headers: [.ifNoneMatch: "\"other\""]))
        #expect(other.status == .ok)
    }

    @Test func `another text has another tag`() {
        let other = StaticDocument("body {}", contentType: "text/css").respond(Request.plain("/ui.css"))
        #expect(other.headers[.eTag] != document.respond(Request.plain("/ui.css")).headers[.eTag])
    }
}
