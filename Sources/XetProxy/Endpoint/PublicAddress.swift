import HTTPTypes
import NIOCore
import XetCore
import XetWire

/// Finds the address under which a client reaches this proxy, for the URLs in its answers.
struct PublicAddress: Sendable {
    private let configured: HTTPAddress?
    private let settings: ReloadableSettings
    private let scheme: String

    /// `configured` always wins; `settings` say which proxies stand in front of this one, whose headers are believed.
    ///
    /// `isSecure` says whether connections to this one are encrypted.
    init(configured: HTTPAddress?, settings: ReloadableSettings, isSecure: Bool = false) {
        self.configured = configured
        self.settings = settings
        scheme = isSecure ? "https" : "http"
    }

    /// The address, perhaps with a path; `nil` if the request names none that is valid.
    func address(for head: HTTPRequest, peer: SocketAddress?) -> HTTPAddress? {
        if let configured { return configured }
        guard let peer, settings.values.trustedPeers.contains(where: { $0.contains(peer) }) else {
            return Self.address(scheme: scheme, authority: head.authority)
        }
        if let field = head.headerFields[values: .forwarded].last {
            guard let element = ForwardedElement(lastOf: field) else { return nil }
            // One that only tells whom it forwards for says nothing about the address.
            if element.host != nil || element.scheme != nil {
                return Self.address(scheme: element.scheme ?? scheme, authority: element.host ?? head.authority)
            }
        }
        return Self.address(
            scheme: Self.last(head.headerFields[.xForwardedProto]) ?? scheme,
            authority: Self.last(head.headerFields[.xForwardedHost]) ?? head.authority,
            port: Self.last(head.headerFields[.xForwardedPort]),
            prefix: Self.last(head.headerFields[.xForwardedPrefix])
        )
    }

    /// The last item of a list: the one that the peer itself wrote; those before came from others.
    private static func last(_ field: String?) -> String? {
        guard let item = field?.segments(separatedBy: ",").last else { return nil }
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = item.drop(while: isBlank)
        return start.lastIndex { !isBlank($0) }.map { String(start[...$0]) }
    }

    private static func address(
        scheme: String,
        authority: String?,
        port: String? = nil,
        prefix: String? = nil
    ) -> HTTPAddress? {
        let scheme = scheme.lowercased()
        // Whatever follows a delimiter would be a path of somebody else's choice.
        guard scheme == "http" || scheme == "https", var authority, authority.utf8.count <= maximumAuthorityByteCount,
            !authority.utf8.contains(where: { "/?#".utf8.contains($0) }),
            let path = path(prefix ?? "")
        else { return nil }
        if let port, !namesPort(authority) {
            guard let number = UInt16(port) else { return nil }
            authority += ":\(number)"
        }
        return HTTPAddress("\(scheme)://\(authority)\(path)")
    }

    /// The longest DNS name, and a port.
    private static let maximumAuthorityByteCount = 253 + 6

    private static func namesPort(_ authority: String) -> Bool {
        let name = authority.hasPrefix("[") ? authority.drop { $0 != "]" } : authority[...]
        return name.contains(":")
    }

    /// A prefix of paths without its last slash; `nil` unless it is a plain path.
    private static func path(_ prefix: String) -> String? {
        let segments = prefix.segments(separatedBy: "/")
        let names = segments.dropFirst().reversed().drop { $0.isEmpty }.reversed()
        guard segments.first == "", prefix.utf8.count <= maximumPrefixByteCount,
            names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.allSatisfy(isPathByte) })
        else { return nil }
        return names.map { "/" + $0 }.joined()
    }

    private static let maximumPrefixByteCount = 1024

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "%"):
            true
        default: false
        }
    }
}

extension HTTPField.Name {
    /// What a proxy did (RFC 7239).
    static let forwarded = known("Forwarded")
    /// The scheme that a proxy was asked with.
    static let xForwardedProto = known("X-Forwarded-Proto")
    /// The host, perhaps with a port, that a proxy was asked for.
    static let xForwardedHost = known("X-Forwarded-Host")
    /// The port that a proxy was asked at.
    static let xForwardedPort = known("X-Forwarded-Port")
    /// The path that a proxy took away.
    static let xForwardedPrefix = known("X-Forwarded-Prefix")
}
