import HTTPTypes
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// A request head of HTTP/1.0 or HTTP/1.1, read as RFC 9112 has it.
struct HTTP1Request {
    /// What the routes get.
    ///
    /// Its `Connection` is `close` if ``isLast``, however the client wrote that; its authority is empty for a client of
    /// HTTP/1.0 that names no host.
    let head: HTTPRequest
    /// Whether nothing may follow the answer on the connection.
    let isLast: Bool
    /// Whether answers to it may come in chunks, and with informational ones before them.
    let knowsHTTP11: Bool

    /// Reads the head that the parser gave.
    init(_ parsed: HTTPRequestHead, isSecure: Bool) throws(RequestRefusal) {
        guard parsed.version.major == 1 else {
            throw RequestRefusal(.httpVersionNotSupported, "HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        knowsHTTP11 = parsed.version.minor >= 1
        let hosts = parsed.headers["Host"]
        guard hosts.count <= 1 else { throw RequestRefusal("the Host header is there more than once") }
        guard let host = hosts.first ?? (knowsHTTP11 ? nil : "") else {
            throw RequestRefusal("the Host header is missing")
        }
        guard Self.isAuthority(host) else { throw RequestRefusal("the Host header is malformed") }
        try Self.checkFraming(parsed.headers, knowsHTTP11: knowsHTTP11)
        guard let method = HTTPRequest.Method(parsed.method.rawValue), method != .connect else {
            throw RequestRefusal(.notImplemented, "nothing here answers to this method")
        }
        let target = try Self.target(parsed.uri, host: hosts.first, method)
        var fields = HTTPFields(parsed.headers, splitCookie: false)
        let options = parsed.headers[canonicalForm: "Connection"].map { $0.lowercased() }
        isLast = !knowsHTTP11 || options.contains("close")
        if isLast { fields[.connection] = "close" }
        head = HTTPRequest(
            method: method,
            scheme: isSecure ? "https" : "http",
            authority: target.authority ?? host,
            path: target.path,
            headerFields: fields
        )
    }

    /// The body has a length, or comes in chunks and in no other coding.
    ///
    /// Source: RFC 9112, sections 6.1 and 7. That there are not both, nor two lengths, the parser has seen to.
    private static func checkFraming(_ headers: HTTPHeaders, knowsHTTP11: Bool) throws(RequestRefusal) {
        let codings = headers[canonicalForm: "Transfer-Encoding"].map { $0.lowercased() }
        guard !codings.isEmpty else { return }
        guard knowsHTTP11 else { throw RequestRefusal("HTTP/1.0 has no Transfer-Encoding") }
        guard codings.last == "chunked", codings.count(where: { $0 == "chunked" }) == 1 else {
            throw RequestRefusal("the last Transfer-Encoding of a request is chunked, and no other is")
        }
        guard codings.count == 1 else {
            throw RequestRefusal(.notImplemented, "no Transfer-Encoding but chunked is known here")
        }
    }

    /// The path of a target in any form, and the authority that it names.
    ///
    /// Source: RFC 9112, section 3.2.
    private static func target(
        _ uri: String,
        host: String?,
        _ method: HTTPRequest.Method
    ) throws(RequestRefusal) -> (authority: String?, path: String) {
        if uri.hasPrefix("/") || (uri == "*" && method == .options) { return (nil, uri) }
        guard let scheme = ["http://", "https://"].first(where: { uri.lowercased().hasPrefix($0) }) else {
            throw RequestRefusal("the target of the request is neither a path nor an address")
        }
        let rest = uri.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.isEmpty, isAuthority(authority) else {
            throw RequestRefusal("the target of the request names no host")
        }
        let port = scheme == "https://" ? ":443" : ":80"
        guard host.map({ isSame($0, authority, defaultPort: port) }) ?? true else {
            throw RequestRefusal("the Host header is not that of the target")
        }
        let path = rest.dropFirst(authority.count)
        return (String(authority), path.hasPrefix("/") ? String(path) : "/\(path)")
    }

    private static func isSame(_ left: String, _ right: Substring, defaultPort: String) -> Bool {
        let names = [left.lowercased(), right.lowercased()].map {
            $0.hasSuffix(defaultPort) ? String($0.dropLast(defaultPort.count)) : $0
        }
        return names[0] == names[1]
    }

    /// Whether a text is a host with or without a port, or nothing: no user, no path, no list.
    ///
    /// Source: RFC 3986, section 3.2.
    static func isAuthority(_ text: some StringProtocol) -> Bool {
        var host = text[...]
        // The colons of an IPv6 address stand in brackets.
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            let port = text[colon...].dropFirst()
            guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), (UInt16(port) != nil || port.isEmpty) else {
                return false
            }
            host = text[..<colon]
            guard !host.isEmpty else { return false }
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.utf8.dropFirst().dropLast().allSatisfy { byte in
                Character(UnicodeScalar(byte)).isHexDigit || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
            }
        }
        return host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._~%!$&'()*+;=".utf8.contains(byte)
            }
        }
    }
}
