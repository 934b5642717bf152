import NIOCore
import Synchronization

/// The connections of clients, so that the server can end those that are left when its patience does.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
    }

    private let state = Mutex(State())

    /// Whether the server stops.
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// How many there are.
    var count: Int { state.withLock { $0.channels.count } }

    /// Knows of a connection until it is closed.
    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        state.withLock { $0.channels[id] = channel }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { $0.channels[id] = nil }
        }
    }

    /// Notes that the server stops.
    func drain() {
        state.withLock { $0.isDraining = true }
    }

    /// Closes all that are left, and returns how many those were.
    func abort() -> Int {
        let channels = state.withLock { Array($0.channels.values) }
        for channel in channels {
            channel.triggerUserOutboundEvent(AbortHandler.Event(), promise: nil)
        }
        return channels.count
    }
}
