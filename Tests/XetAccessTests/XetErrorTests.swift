import Testing
import XetAccess

@Suite struct XetErrorTests {
    private struct Cause: Error, CustomStringConvertible {
        var description: String { "the cable" }
    }

    @Test func `how errors print`() {
        #expect("\(XetError(.notFound, "no file x"))" == "not found: no file x")
        #expect(
            "\(XetError(.connectionFailed, "connection to y", cause: Cause()))"
                == "connection failed: connection to y (the cable)"
        )
    }

    @Test func `when to come back is the server's`() {
        #expect(XetError(.rateLimited, "x").retryAfter == nil)
        #expect(XetError(.rateLimited, "x", response: UpstreamFailure(status: 429)).retryAfter == nil)
        #expect(XetError(.rateLimited, "x", response: UpstreamFailure(status: 429, retryAfter: 5)).retryAfter == 5)
    }

    @Test func `a server that is away says nothing of what it was asked for`() {
        let outages: [XetError.Code] = [.rateLimited, .unavailable, .connectionFailed, .timedOut]
        for code in outages { #expect(XetError(code, "x").isOutage && XetError(code, "x").isTransient) }
        for code in [XetError.Code.expired, .corrupt] {
            #expect(!XetError(code, "x").isOutage && XetError(code, "x").isTransient)
        }
        for code in [XetError.Code.notFound, .forbidden, .unauthorized, .unreachable, .invalidResponse] {
            #expect(!XetError(code, "x").isOutage && !XetError(code, "x").isTransient)
        }
    }

    @Test func `tokens of the Hub are printable, and do not print`() throws {
        for text in ["", " ", "a b", "a\r\nX: y", "a\u{0}", "ü", "a\t", "a\u{7F}"] { #expect(HubToken(text) == nil) }
        let token = try #require(HubToken("hf_secret"))
        #expect(!"\(token)".contains("secret"))
        #expect(!"\(["x": token])".contains("secret"))
        #expect(!String(reflecting: token).contains("secret"))
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!dumped.contains("secret"))
    }

    @Test func `codes`() {
        let codes: [XetError.Code] = [
            .invalidRequest, .unauthorized, .forbidden, .notFound, .rangeNotSatisfiable, .rateLimited, .unavailable,
            .connectionFailed, .timedOut, .expired,
            .corrupt, .invalidResponse,
        ]
        #expect(Set(codes).count == codes.count)
        #expect(Set(codes.map(\.description)).count == codes.count)
    }
}
