import HTTPTypes
import Testing
import XetWire

@testable import XetProxy

@Suite struct EndpointHeadersTests {
    private func fields(_ names: [String]) throws -> HTTPFields {
        HTTPFields(try names.map { HTTPField(name: try #require(HTTPField.Name($0)), value: "x") })
    }

    private func names(_ fields: HTTPFields) -> [String] { fields.map(\.name.canonicalName).sorted() }

    private static let request = [
        "Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length",
        "Content-Type", "Cookie",
        "Forwarded",
        "Host", "If-None-Match", "If-Range", "Proxy-Authorization", "Range", "TE", "Transfer-Encoding", "Upgrade",
        "User-Agent", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Host", "X-HF-Download-Counter", "X-Other",
        "X-Range-Dirty", "X-Request-Id", "X-Xet-Session-Id",
    ]

    @Test func `requests to the Hub`() throws {
        let passed = EndpointHeaders.hubRequest(try fields(Self.request))
        #expect(
            names(passed) == [
                "accept", "accept-encoding", "content-encoding", "content-type", "if-none-match", "if-range", "range",
                "user-agent",
                "x-amzn-trace-id", "x-hf-download-counter", "x-request-id", "x-xet-session-id",
            ]
        )
    }

    @Test func `requests for what a file is`() throws {
        let passed = EndpointHeaders.resolveRequest(try fields(Self.request))
        #expect(
            names(passed) == [
                "accept-encoding", "user-agent", "x-amzn-trace-id", "x-hf-download-counter", "x-request-id",
                "x-xet-session-id",
            ]
        )
    }

    @Test func `requests to the CAS`() throws {
        let passed = EndpointHeaders.casRequest(try fields(Self.request))
        #expect(
            names(passed) == [
                "accept", "content-encoding", "content-type", "if-none-match", "if-range", "range", "user-agent",
                "x-range-dirty",
                "x-request-id", "x-xet-session-id",
            ]
        )
    }

    @Test func `requests for bytes of xorbs`() throws {
        let passed = EndpointHeaders.xorbRequest(try fields(Self.request))
        #expect(
            names(passed) == [
                "accept", "content-encoding", "content-type", "range", "user-agent", "x-request-id", "x-xet-session-id",
            ]
        )
    }

    @Test func `requests to signed addresses`() throws {
        let passed = EndpointHeaders.dataRequest(try fields(Self.request))
        #expect(
            names(passed) == [
                "accept", "content-encoding", "content-type", "if-none-match", "if-range", "range", "user-agent",
                "x-request-id",
                "x-xet-session-id",
            ]
        )
    }

    private static let response = [
        "Accept-Ranges", "Connection", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "ETag",
        "Keep-Alive", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "Set-Cookie",
        "Strict-Transport-Security", "Transfer-Encoding", "Via", "WWW-Authenticate", "X-Error-Code", "X-Error-Message",
        "X-HF-Warning", "X-Linked-Etag", "X-Linked-Size", "X-Other", "X-Powered-By", "X-Repo-Commit", "X-Request-Id",
        "X-Xet-Access-Token", "X-Xet-Cas-Url", "X-Xet-Hash", "X-Xet-Refresh-Route",
    ]

    @Test func `answers`() throws {
        let passed = EndpointHeaders.response(try fields(Self.response))
        #expect(
            names(passed) == [
                "accept-ranges", "content-encoding", "content-length", "content-range", "content-type", "etag", "link",
                "location", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "x-error-code",
                "x-error-message", "x-hf-warning", "x-linked-etag", "x-linked-size", "x-repo-commit", "x-request-id",
                "x-xet-hash",
            ]
        )
    }

    @Test func `answers about files`() throws {
        let passed = EndpointHeaders.fileResponse(try fields(Self.response))
        #expect(
            names(passed) == [
                "accept-ranges", "etag", "ratelimit", "ratelimit-policy", "retry-after", "x-error-code",
                "x-error-message", "x-hf-warning", "x-linked-etag", "x-linked-size", "x-repo-commit", "x-request-id",
                "x-xet-hash",
            ]
        )
    }

    @Test func `what is meant for the next hop only`() {
        let fields: HTTPFields = [.connection: "close, X-Request-ID", .requestID: "1", .range: "bytes=0-0"]
        #expect(names(EndpointHeaders.hubRequest(fields)) == ["range"])
    }
}
