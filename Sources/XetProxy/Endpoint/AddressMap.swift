import HTTPTypes
import XetWire

/// Turns addresses that upstream answers name into addresses of the proxy.
///
/// What the proxy serves under the Hub's own paths keeps its path. Anything else becomes a capability.
struct AddressMap: Sendable {
    /// The Hub, perhaps with a path.
    let hub: HTTPAddress
    /// The proxy, as the client reaches it.
    let proxy: HTTPAddress
    let signer: Signer
    /// Unix seconds.
    let now: UInt64

    /// The proxy's own address of a path, which is encoded.
    func own(_ path: some StringProtocol) -> HTTPAddress { proxy.appending(path) }

    /// The path and query below the Hub's address; `nil` for an address that is not the Hub's.
    func hubPath(_ address: HTTPAddress) -> Substring? { Self.path(of: address, below: hub) }

    /// The path and query of an address below a base; `nil` if it is elsewhere.
    static func path(of address: HTTPAddress, below base: HTTPAddress) -> Substring? {
        let folder = base.appending("").target
        guard address.origin == base.origin, address.target.hasPrefix(folder) else { return nil }
        return address.target.dropFirst(folder.utf8.count - 1)
    }

    /// The address of the proxy under which it passes on what the Hub has at an address; `nil` if it does not.
    func passedOn(_ address: HTTPAddress) -> HTTPAddress? {
        guard let path = hubPath(address),
            let target = try? EndpointTarget(encodedPath: path.prefix { $0 != "?" })
        else { return nil }
        switch target {
        case .file, .hub, .token: return own(path)
        case .cas, .telemetry, .xorb, .address: return nil
        }
    }

    /// The address of the proxy for a text that is one of the Hub's, whatever the Hub has there; else `nil`.
    ///
    /// Clients follow such addresses, and take the names of repositories from them.
    func leadingBack(_ text: String) -> String? {
        let fragment = text.firstIndex(of: "#").map { text[$0...] } ?? ""
        return HTTPAddress(text).flatMap(hubPath).map { own($0).absolute + fragment }
    }

    /// An address of the proxy for any address: a client gets there with `method`, and nowhere else.
    func replacement(
        for address: HTTPAddress,
        method: HTTPRequest.Method,
        headers: [UploadRewriting.Header] = []
    ) -> HTTPAddress {
        if let address = passedOn(address) { return address }
        let capability = AddressCapability(address: address, method: method, headers: headers, now: now)
        return own("/addresses/\(capability.sealed(signer))")
    }

    /// A `Location`: one that is relative stays so, which some clients make a difference of.
    func location(_ value: String, from address: HTTPAddress, method: HTTPRequest.Method) -> String? {
        guard let target = address.resolving(value) else { return nil }
        let isRelative = value.hasPrefix("/") && !value.hasPrefix("//")
        if isRelative, let own = passedOn(target) { return own.target }
        return replacement(for: target, method: method).absolute
    }

    /// A `Link` header with what the proxy passes on; `nil` if nothing is left.
    ///
    /// A link elsewhere is left out: a client would follow it with its token.
    func link(_ value: String, from address: HTTPAddress) -> String? {
        let entries = LinkHeader(parsing: value).entries.compactMap { entry -> LinkHeader.Entry? in
            guard let target = address.resolving(entry.target).flatMap(passedOn) else { return nil }
            return LinkHeader.Entry(target: target.absolute, relation: entry.relation)
        }
        return entries.isEmpty ? nil : LinkHeader(entries).value
    }
}
