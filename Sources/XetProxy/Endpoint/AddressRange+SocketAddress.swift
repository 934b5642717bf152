import NIOCore
import XetWire

extension AddressRange {
    /// Whether a peer is in the range; one on a Unix domain socket is in none.
    func contains(_ peer: SocketAddress) -> Bool {
        peer.ipAddress.flatMap { IPAddress($0) }.map(contains) ?? false
    }
}
