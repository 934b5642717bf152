import HTTPTypes
import NIOCore
import XetCore
import XetWire

/// Whom a limit counts for: the owner of a token that the Hub has accepted, or an address.
enum ClientKey: Hashable, Sendable {
    case token(CallerMark)
    case network(IPAddress)
    /// A peer without an address, as on a Unix domain socket.
    case unknown

    /// Whom the address of a request counts for.
    ///
    /// Of the addresses in headers only what `trustedPeers` wrote is believed: the nearest one that is none of theirs.
    init(addressOf head: HTTPRequest, peer: SocketAddress?, trustedPeers: [AddressRange]) {
        let client = Self.address(of: head, peer: peer, trustedPeers: trustedPeers)
        // Whoever has one IPv6 address has a whole /64 of them.
        self = client.map { .network($0.network) } ?? .unknown
    }

    /// The address of a request; `nil` if its peer has none.
    static func address(of head: HTTPRequest, peer: SocketAddress?, trustedPeers: [AddressRange]) -> IPAddress? {
        guard var client = peer?.ipAddress.flatMap({ IPAddress($0) }) else { return nil }
        var earlier = forwarded(head.headerFields)[...]
        while trustedPeers.contains(where: { $0.contains(client) }), let next = earlier.popLast() {
            client = next
        }
        return client
    }

    /// The addresses that proxies forwarded for, the nearest last; it begins after one that cannot be read.
    private static func forwarded(_ headers: HTTPFields) -> [IPAddress] {
        if let field = headers[values: .forwarded].last {
            return ForwardedElement(lastOf: field)?.client.flatMap(address).map { [$0] } ?? []
        }
        let items = headers[values: .xForwardedFor].flatMap { $0.segments(separatedBy: ",") }
        let addresses = items.map { address($0.filter { $0 != " " && $0 != "\t" }) }
        return addresses.reversed().prefix { $0 != nil }.compactMap(\.self).reversed()
    }

    /// `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, perhaps with a port.
    private static func address(_ text: String) -> IPAddress? {
        if text.hasPrefix("[") { return IPAddress(text.dropFirst().prefix { $0 != "]" }) }
        return IPAddress(text) ?? IPAddress(text.prefix { $0 != ":" })
    }
}

extension HTTPField.Name {
    /// The addresses that proxies forwarded for.
    static let xForwardedFor = known("X-Forwarded-For")
}
