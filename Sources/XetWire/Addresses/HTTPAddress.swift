/// An absolute `http` or `https` URL, split where credentials and redirects need it.
public struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Scheme, host and port: what a credential belongs to.
    public struct Origin: Hashable, Sendable, CustomStringConvertible {
        /// Whether the scheme is `https`.
        public let isSecure: Bool
        /// Lower-case host; an IPv6 address without brackets.
        public let host: String
        /// The port, the scheme's default if none was given.
        public let port: Int

        /// `scheme://host` and the port if it is not the default.
        public var description: String {
            let name = host.contains(":") ? "[\(host)]" : host
            let isDefault = port == (isSecure ? 443 : 80)
            return "\(isSecure ? "https" : "http")://\(name)\(isDefault ? "" : ":\(port)")"
        }
    }

    /// Longest address accepted.
    public static let maximumByteCount = 64 * 1024

    /// Scheme, host and port.
    public let origin: Origin
    /// Path with leading slash, and the query with its `?`, as given.
    public let target: String

    /// Parses an absolute URL; `nil` if it is not one, names a user, or holds blanks or control characters.
    ///
    /// Host names are ASCII; international ones come in their encoded form.
    /// Other bytes than ASCII, which some servers leave bare, are percent-encoded.
    public init?(_ text: some StringProtocol) {
        // Byte by byte from here on: signed URLs are long, and one is read for each request.
        let text = PercentEncoding.encode(nonASCII: text)
        guard text.utf8.count <= Self.maximumByteCount, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return nil
        }
        let isSecure: Bool
        let rest: Substring
        if Self.begins(text, with: "https://") {
            isSecure = true
            rest = Substring(text.utf8.dropFirst(8))
        } else if Self.begins(text, with: "http://") {
            isSecure = false
            rest = Substring(text.utf8.dropFirst(7))
        } else {
            return nil
        }
        let authority = Substring(
            rest.utf8.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        )
        guard let (host, port) = Self.split(authority, defaultPort: isSecure ? 443 : 80) else { return nil }
        origin = Origin(isSecure: isSecure, host: host.lowercased(), port: port)
        let target = Substring(rest[authority.endIndex...].utf8.prefix { $0 != UInt8(ascii: "#") })
        self.target = target.utf8.first == UInt8(ascii: "/") ? String(target) : "/" + target
    }

    /// Whether a text begins with a scheme, which is in lower case; case has no meaning.
    private static func begins(_ text: String, with scheme: String) -> Bool {
        text.utf8.prefix(scheme.utf8.count).elementsEqual(scheme.utf8) { byte, expected in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 == expected : byte == expected
        }
    }

    private init(origin: Origin, target: String) {
        self.origin = origin
        self.target = target
    }

    private static func split(_ authority: Substring, defaultPort: Int) -> (host: Substring, port: Int)? {
        guard !authority.contains("@") else { return nil }
        let host: Substring
        let rest: Substring
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy({ isName($0) || $0 == UInt8(ascii: ":") }) else {
                return nil
            }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
            // Anything else might be a delimiter to whoever reads the address after us.
            guard host.utf8.allSatisfy(isName) else { return nil }
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty || rest == ":" { return (host, defaultPort) }
        let digits = rest.dropFirst()
        guard rest.first == ":", digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let port = UInt16(digits), port > 0
        else { return nil }
        return (host, Int(port))
    }

    /// What names and numbers of hosts are made of.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The address as text, query included: it may be a credential.
    public var absolute: String { origin.description + target }

    /// The address without its query, for logs.
    public var description: String { origin.description + Substring(target.utf8.prefix { $0 != UInt8(ascii: "?") }) }

    /// Resolves a `Location` or a link: absolute, `//host/path`, `/path`, `?query`, or relative to this address's folder.
    ///
    /// `nil` for other schemes and for what is no reference.
    public func resolving(_ reference: some StringProtocol) -> HTTPAddress? {
        if reference.hasPrefix("//") {
            return HTTPAddress("\(origin.isSecure ? "https" : "http"):\(reference)")
        }
        if let absolute = HTTPAddress(reference) { return absolute }
        // A colon before the first slash, question mark or hash ends a scheme.
        let head = reference.prefix { !"/?#".contains($0) }
        guard !reference.isEmpty, !head.contains(":") else { return nil }
        let base =
            if reference.hasPrefix("/") {
                origin.description
            } else if reference.hasPrefix("?") {
                description
            } else {
                origin.description + folder
            }
        return HTTPAddress(base + reference)
    }

    /// Appends `/path`, given encoded, to the path of a base address; a trailing slash of the base is dropped.
    public func appending(_ path: some StringProtocol) -> HTTPAddress {
        let base = target.prefix { $0 != "?" }
        let trimmed = base.hasSuffix("/") ? base.dropLast() : base
        return HTTPAddress(origin: origin, target: trimmed + (path.hasPrefix("/") ? "" : "/") + path)
    }

    /// The path up to and including its last slash.
    private var folder: Substring {
        let path = target.prefix { $0 != "?" }
        guard let slash = path.lastIndex(of: "/") else { return "/" }
        return path[...slash]
    }
}
