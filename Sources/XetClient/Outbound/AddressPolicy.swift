import NIOCore
import NIOPosix
import Synchronization
import XetAccess
import XetWire

/// A server was not asked since its address may not be.
struct RefusedAddressError: Error, CustomStringConvertible {
    let address: String

    var description: String { "\(address) is no address of the Internet" }
}

/// Decides which addresses may be asked.
///
/// What counts is the address that a connection goes to, whatever a name resolves to at another time. A forward proxy
/// resolves names itself: there only addresses that are written out can be looked at.
final class AddressPolicy: Sendable {
    private struct Hub {
        /// From where it can be reached, once that is known.
        var scope: IPAddress.Scope?
        /// Whether its name was looked up.
        var isLookedUp = false
    }

    private let mode: PrivateUpstreams
    private let hub: HTTPAddress.Origin?
    private let state: Mutex<Hub>
    private let lookup = TaskGate()

    /// `hub` is the operator's choice.
    init(_ mode: PrivateUpstreams, hub: HTTPAddress.Origin?) {
        self.mode = mode
        self.hub = hub
        state = Mutex(Hub(scope: hub.flatMap { IPAddress(anySpelling: $0.host)?.scope }))
    }

    /// Whether an origin is asked wherever it is.
    func isExempt(_ origin: HTTPAddress.Origin) -> Bool { mode == .allow || origin == hub }

    /// Notes the address that a connection to an exempt origin has.
    func noteExempt(_ address: IPAddress?) {
        guard mode == .auto, let scope = address?.scope else { return }
        state.withLock { $0.scope = scope }
    }

    /// Whether a server at an address may be asked.
    func permits(_ address: IPAddress) -> Bool {
        let most: IPAddress.Scope =
            switch mode {
            case .allow: .special
            case .deny: .global
            case .auto: state.withLock { $0.scope } ?? .global
            }
        return address.scope <= most
    }

    /// Throws `.unreachable` for an origin of which it is known, before anything is sent, that it may not be asked.
    func check(_ origin: HTTPAddress.Origin, isResolvedElsewhere: Bool) throws(XetError) {
        guard !isExempt(origin), let address = Self.address(of: origin, isResolvedElsewhere), !permits(address) else {
            return
        }
        throw Self.refusal(origin, origin.host)
    }

    /// Finds out where the Hub is if a request to `origin` may depend on it and no connection has shown it yet.
    ///
    /// A token from another proxy may lead to a CAS before this one has asked the Hub. The name is looked up once.
    func locateHub(for origin: HTTPAddress.Origin, isResolvedElsewhere: Bool) async {
        guard mode == .auto, let hub, !isExempt(origin), isHubUnknown,
            !isResolvedElsewhere || Self.address(of: origin, isResolvedElsewhere) != nil
        else { return }
        try? await lookup.withTurn {
            guard isHubUnknown else { return }
            let address = try? await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(hub.host, port: hub.port)
            }
            let scope = address?.ipAddress.flatMap { IPAddress($0) }?.scope
            state.withLock { state in
                state.isLookedUp = true
                state.scope = state.scope ?? scope
            }
        }
    }

    private var isHubUnknown: Bool { state.withLock { $0.scope == nil && !$0.isLookedUp } }

    /// The address that an origin has without its name being resolved here; `nil` if that has to show.
    private static func address(of origin: HTTPAddress.Origin, _ isResolvedElsewhere: Bool) -> IPAddress? {
        if let address = IPAddress(anySpelling: origin.host) { return address }
        return isResolvedElsewhere && isLocalName(origin.host) ? IPAddress("127.0.0.1") : nil
    }

    static func refusal(_ origin: HTTPAddress.Origin, _ address: String) -> XetError {
        let place = origin.host == address ? "" : " is at \(address), which"
        return XetError(
            .unreachable,
            "\(origin)\(place) is no address of the Internet: --private-upstreams says whether it may be asked"
        )
    }

    /// A name that means the machine of whoever resolves it (RFC 6761, section 6.3).
    private static func isLocalName(_ host: String) -> Bool {
        let name = host.hasSuffix(".") ? host.dropLast() : host[...]
        return name == "localhost" || name.hasSuffix(".localhost")
    }
}
