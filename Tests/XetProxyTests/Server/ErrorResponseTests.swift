import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Testing
import XetAccess
import XetWire

@testable import XetProxy

@Suite struct ErrorResponseTests {
    @Test(arguments: [
        (XetError.Code.invalidRequest, 400), (.unauthorized, 401), (.forbidden, 403), (.notFound, 404),
        (.rangeNotSatisfiable, 416), (.rateLimited, 429),
        (.timedOut, 504), (.unavailable, 502), (.connectionFailed, 502), (.expired, 502), (.corrupt, 502),
        (.invalidResponse, 502),
    ])
    func `statuses`(code: XetError.Code, status: Int) {
        #expect(XetError(code, "x").status.code == status)
        #expect(Response.failure(XetError(code, "x")).status.code == status)
    }

    @Test func `the Hub's own words are passed on`() {
        let failure = UpstreamFailure(
            status: 404,
            errorCode: "EntryNotFound",
            errorMessage: "no such file",
            commit: "c0ffee",
            retryAfter: 7
        )
        let headers = Response.failure(XetError(.notFound, "ours", response: failure)).headers
        #expect(headers[.errorCode] == "EntryNotFound")
        #expect(headers[.errorMessage] == "no such file")
        #expect(headers[.repoCommit] == "c0ffee")
        #expect(headers[.retryAfter] == "7")
        #expect(headers[.contentType] == "application/json")
        #expect(headers[.wwwAuthenticate] == nil)
    }

    @Test func `who is asked for a token is told so`() {
        #expect(Response.failure(XetError(.unauthorized, "x")).headers[.wwwAuthenticate] == "Bearer")
        #expect(Response.failure(XetError(.forbidden, "x")).headers[.wwwAuthenticate] == nil)
    }

    @Test func `no word of an upstream breaks a header`() {
        let failure = UpstreamFailure(
            status: 404,
            errorCode: "a\r\nX-Evil: 1",
            errorMessage: "b\u{0}c\nd",
            commit: "ü\r"
        )
        let response = Response.failure(XetError(.notFound, "ours", response: failure))
        for field in response.headers {
            #expect(field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
    }

    @Test(arguments: ["plain", "with \"quotes\" and \\", "line\nbreak\u{0}", "ü </script>"])
    func `the body is JSON`(message: String) async throws {
        let response = Response.failure(XetError(.notFound, message))
        let writer = Collector()
        try await response.body.write(writer)
        let body = try JSONDecoder().decode(ErrorBody.self, from: Data(await writer.bytes))
        #expect(body.error == message)
    }

    private actor Contents {
        var bytes: [UInt8] = []

        func append(_ buffer: ByteBuffer) { bytes += buffer.readableBytesView }
    }

    private struct Collector: ResponseBodyWriter {
        private let contents = Contents()

        var bytes: [UInt8] { get async { await contents.bytes } }

        func write(_ buffer: ByteBuffer) async throws { await contents.append(buffer) }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
