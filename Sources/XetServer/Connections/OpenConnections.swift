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

    /// Knows of a connection until it is closed; `false` if there are `most` already, unless that is 0.
    func add(_ channel: any Channel, most: Int = 0) -> Bool {
        let id = ObjectIdentifier(channel)
        let hasRoom = state.withLock { state in
            guard most == 0 || state.channels.count < most else { return false }
            state.channels[id] = channel
            return true
        }
        guard hasRoom else { return false }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { $0.channels[id] = nil }
        }
        return true
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
