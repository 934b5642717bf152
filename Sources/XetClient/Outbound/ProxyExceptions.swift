import XetCore
import XetWire

/// The hosts that are asked directly although there is a proxy, as `NO_PROXY` lists them.
///
/// Entries stand between commas or blanks: `example.com`, which means its subdomains too, as do `.example.com` and
/// `*.example.com`; an address or a range of them, `10.0.0.0/8`; either with `:port`; `*` for all. Names are never
/// resolved: a range means hosts that are named by their address. What is no entry is ignored, as others do.
public struct ProxyExceptions: Hashable, Sendable {
    private enum Hosts: Hashable, Sendable {
        case all
        case domain(String)
        case range(AddressRange)
    }

    private struct Entry: Hashable, Sendable {
        let hosts: Hosts
        let port: Int?
    }

    private let entries: [Entry]

    /// Reads a list.
    public init(_ list: some StringProtocol) {
        entries = list.split { $0 == "," || $0.isWhitespace }.compactMap { Self.entry($0.lowercased()) }
    }

    /// Whether requests to `origin` go there directly.
    func contain(_ origin: HTTPAddress.Origin) -> Bool {
        if entries.isEmpty { return false }
        let address = IPAddress(origin.host)
        let name = origin.host.hasSuffix(".") ? origin.host.dropLast() : origin.host[...]
        return entries.contains { entry in
            guard entry.port == nil || entry.port == origin.port else { return false }
            return switch entry.hosts {
            case .all: true
            case .domain(let domain): address == nil && (name == domain || name.hasSuffix("." + domain))
            case .range(let range): address.map(range.contains) ?? false
            }
        }
    }

    private static func entry(_ text: String) -> Entry? {
        if text == "*" { return Entry(hosts: .all, port: nil) }
        if let range = AddressRange(text) { return Entry(hosts: .range(range), port: nil) }
        // What is left may end in a port; an IPv6 address before it stands in brackets.
        let host: Substring
        var port: Int?
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            port = Int(number)
            host = text[..<colon]
        } else {
            host = text[...]
        }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
        if let range = AddressRange(bare) { return Entry(hosts: .range(range), port: port) }
        if bare == "*" { return Entry(hosts: .all, port: port) }
        let start = bare.hasPrefix("*.") ? bare.dropFirst(2) : bare.hasPrefix(".") ? bare.dropFirst() : bare
        let domain = start.hasSuffix(".") ? start.dropLast() : start
        return domain.isEmpty ? nil : Entry(hosts: .domain(String(domain)), port: port)
    }
}
