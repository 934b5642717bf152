import NIOCore
import Synchronization

/// Tells the task that serves a connection when the client has gone.
///
/// A task that waits for an upstream writes nothing, so it would not notice by itself. A client that closes its sending
/// side only is taken for gone too, as other proxies do: no HTTP client does that while it wants the answer.
final class ClientDeparture: Sendable {
    private struct State {
        var hasLeft = false
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Runs `body`; cancels the current task if the client leaves meanwhile, or has left.
    func cancelling<Value>(_ body: () async throws -> Value) async throws -> Value {
        // SAFETY: the task outlives this call, which it runs. It is forgotten before the call returns, and both sides hold
        // the lock, so it is never cancelled afterwards. `cancel` may be called from any thread.
        let current = unsafe withUnsafeCurrentTask { unsafe UncheckedTask(task: $0) }
        let hasLeft = state.withLock { state in
            state.cancel = { current.cancel() }
            return state.hasLeft
        }
        defer { state.withLock { $0.cancel = nil } }
        if hasLeft { throw CancellationError() }
        return try await body()
    }

    fileprivate func leave() {
        state.withLock { state in
            state.hasLeft = true
            state.cancel?()
            state.cancel = nil
        }
    }
}

/// A task that another thread may cancel.
///
/// `@unchecked`: `UnsafeCurrentTask.cancel()` is thread-safe; that the task is alive is the user's to ensure.
@safe private struct UncheckedTask: @unchecked Sendable {
    private let task: UnsafeCurrentTask?

    init(task: UnsafeCurrentTask?) {
        unsafe self.task = unsafe task
    }

    func cancel() {
        unsafe task?.cancel()
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
