import HTTPTypes
import Testing

@testable import XetServer

@Suite struct HTTP1CodecTests {
    private let connection: RawConnection

    init() throws {
        connection = try RawConnection()
    }

    // MARK: The end of a connection

    @Test(arguments: [
        "close", "Close", "CLOSE", "keep-alive, close", "close, TE", " close ", "x\r\nConnection: cLoSe", "te,close",
    ])
    func `every spelling of close ends the connection`(_ value: String) throws {
        connection.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(value)\r\n\r\n")
        #expect(connection.routes.heads.count == 1)
        #expect(connection.routes.heads.first?.headerFields[.connection] == "close")
        connection.answer(.ok, [.contentLength: "2"], "ok")
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.lowercased().contains("connection: close\r\n"))
        #expect(connection.hasEnded)
    }

    @Test(arguments: ["keep-alive", "closed", "x-close", "TE"])
    func `others do not`(_ value: String) throws {
        connection.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(value)\r\n\r\n")
        connection.answer(.ok, [.contentLength: "2"], "ok")
        #expect(try !connection.sent().lowercased().contains("connection: close"))
        #expect(!connection.hasEnded)
    }

    @Test(arguments: ["", "Connection: keep-alive\r\n", "Host: a\r\n"])
    func `HTTP/1.0 gets one answer, without chunks`(_ headers: String) throws {
        connection.receive("GET / HTTP/1.0\r\n\(headers)\r\n")
        connection.answer(.ok, [:], "streamed")
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n"))
        #expect(!text.lowercased().contains("transfer-encoding"))
        #expect(text.lowercased().contains("connection: close\r\n"))
        #expect(text.hasSuffix("\r\n\r\nstreamed"))
        #expect(connection.hasEnded)
    }

    @Test func `what a client sends behind its last request is no request`() throws {
        connection.receive(
            "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        #expect(connection.routes.heads.map(\.path) == ["/1"])
    }

    // MARK: HEAD

    @Test func `nothing follows the head of an answer to HEAD`() throws {
        connection.receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.answer(.ok, [:])
        #expect(try connection.sent().hasSuffix("\r\n\r\n"))
        connection.receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.answer(.notFound, [.contentLength: "7"], "ignored")
        connection.answer(.ok, [.contentLength: "3"], "abc")
        let text = try connection.sent()
        #expect(text.contains("Content-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\n"))
        #expect(text.hasSuffix("\r\n\r\nabc"))
    }

    // MARK: Whom a request is for

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://a/ HTTP/1.1\r\n\r\n", 400),
        ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
    ])
    func `requests for nobody`(_ request: String, _ status: Int) throws {
        connection.receive(request)
        #expect(connection.routes.heads.isEmpty)
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.1 \(status) "))
        #expect(text.lowercased().contains("connection: close\r\n"))
        #expect(text.contains(#"{"error":""#))
        #expect(connection.hasEnded)
        #expect(connection.refusals.value == 1)
    }

    @Test(arguments: [
        ("GET /x?y HTTP/1.1\r\nHost: a:8080\r\n\r\n", "a:8080", "/x?y"),
        ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "[::1]:80", "/"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "", "/"),
        ("GET / HTTP/1.0\r\n\r\n", "", "/"),
        ("GET http://A/x HTTP/1.1\r\nHost: a\r\n\r\n", "A", "/x"),
        ("GET http://a:80?y HTTP/1.1\r\nHost: a\r\n\r\n", "a:80", "/?y"),
        ("GET HTTPS://a HTTP/1.1\r\nHost: a:443\r\n\r\n", "a", "/"),
        ("GET http://a/x HTTP/1.0\r\n\r\n", "a", "/x"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "a", "*"),
    ])
    func `requests for somebody`(_ request: String, _ authority: String, _ path: String) throws {
        connection.receive(request)
        #expect(connection.routes.heads.map(\.authority) == [authority])
        #expect(connection.routes.heads.map(\.path) == [path])
        #expect(connection.routes.heads.first?.scheme == "http")
        #expect(try connection.sent().isEmpty)
    }

    // MARK: Bodies

    @Test(arguments: [
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("NONSENSE\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400),
    ])
    func `bodies and heads that cannot be read`(_ request: String, _ status: Int) throws {
        connection.receive(request)
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
        #expect(connection.routes.endCount == 0)
        #expect(connection.hasEnded)
    }

    @Test(arguments: [
        "x\r\nabc\r\n0\r\n\r\n", "-1\r\n", "3\r\nabcd\r\n", "FFFFFFFFFFFFFFFFF\r\n", "3;\u{0}\r\nabc\r\n",
    ])
    func `malformed chunks are answered with 400, whatever the routes make of it`(_ chunks: String) throws {
        connection.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(connection.routes.heads.count == 1)
        connection.receive("3\r\nabc\r\n" + chunks)
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.1 400 "), "\(text)")
        #expect(connection.routes.errors.count == 1)
        connection.answer(.ok, [.contentLength: "2"], "ok")
        #expect(try connection.sent().isEmpty)
        #expect(connection.hasEnded)
    }

    @Test func `an answer that has begun is cut off when its request turns out to be none`() throws {
        connection.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.beginAnswer()
        connection.receive("zz\r\n")
        #expect(try !connection.sent().contains(" 400 "))
        #expect(!connection.isOpen)
    }

    @Test func `what came before is answered before what is no request`() throws {
        connection.receive("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
        #expect(connection.routes.heads.map(\.path) == ["/1"])
        #expect(try connection.sent().isEmpty)
        #expect(connection.routes.errors.isEmpty)
        connection.answer(.ok, [.contentLength: "2"], "ok")
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.contains("okHTTP/1.1 400 "))
        #expect(connection.hasEnded)
    }

    @Test func `a head that is too long`() throws {
        connection.receive("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 100_000))
        #expect(try connection.sent().hasPrefix("HTTP/1.1 431 "))
    }

    // MARK: Expectations

    private static let upload = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n"

    @Test func `who wants the body has it sent`() throws {
        connection.receive(Self.upload)
        #expect(try connection.sent().isEmpty)
        connection.wantBody()
        #expect(try connection.sent() == "HTTP/1.1 100 Continue\r\n\r\n")
        connection.wantBody()
        #expect(try connection.sent().isEmpty)
        connection.receive("abc")
        #expect(connection.routes.body == "abc")
        connection.answer(.ok, [.contentLength: "2"], "ok")
        #expect(!connection.hasEnded)
    }

    @Test func `a body that comes unasked needs no word`() throws {
        connection.receive(Self.upload + "abc")
        connection.wantBody()
        #expect(try connection.sent().isEmpty)
        connection.answer(.ok, [.contentLength: "2"], "ok")
        #expect(!connection.hasEnded)
    }

    @Test func `an answer without the body is the last`() throws {
        connection.receive(Self.upload)
        connection.answer(.forbidden, [.contentLength: "2"], "no")
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.1 403 "))
        #expect(text.lowercased().contains("connection: close\r\n"))
        #expect(connection.hasEnded)
    }

    @Test func `a client of HTTP/1.0 gets nothing before its answer`() throws {
        connection.receive("PUT / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        connection.wantBody()
        #expect(try connection.sent().isEmpty)
    }

    @Test func `the scheme is that of the connection`() throws {
        let secure = try RawConnection(isSecure: true)
        secure.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(secure.routes.heads.first?.scheme == "https")
    }
}
