import NIOCore
import Synchronization

/// Tells the task that serves a connection when the client has gone.
///
/// A task that waits for an upstream writes nothing, so it would not notice by itself. A client that closes its sending
/// side only is taken for gone too, as other proxies do: no HTTP client does that while it wants the answer.
package final class ClientDeparture: Sendable {
    private struct State {
        var hasLeft = false
        var lastTicket: UInt64 = 0
        /// Those who wait for the client to leave.
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs `body` in a child task; cancels that if the client leaves meanwhile, or has left.
    ///
    /// Throws what `body` throws.
    package func cancelling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask {
                await self.wait()
                return nil
            }
            while let finished = try await group.next() {
                if let value = finished { return value }
                group.cancelAll()
            }
            throw CancellationError()
        }
    }

    /// Returns when the client has left, or the task is cancelled.
    private func wait() async {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // The cancellation handler may have run already and found nobody waiting.
                    if state.hasLeft || Task.isCancelled { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }

    /// Notes that the client has gone; whoever waits for that is told after the lock is given back.
    func leave() {
        let waiting = state.withLock { state in
            state.hasLeft = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Watches one connection for its ``ClientDeparture``.
final class ClientDepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    let departure = ClientDeparture()

    func channelInactive(context: ChannelHandlerContext) {
        departure.leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            departure.leave()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        departure.leave()
        context.fireErrorCaught(error)
    }
}
