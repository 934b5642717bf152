import DequeModule
import Synchronization

/// A queue between one producer and one consumer that holds a limited cost.
///
/// The producer waits after the element that fills the queue, so the cost may exceed the capacity by one element.
/// Cancelling a waiting side ends its wait with `CancellationError`.
final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var capacity: Int
        var elements: Deque<(element: Element, cost: Int)> = []
        var cost = 0
        var end: Result<Void, any Error>?
        var consumer: CheckedContinuation<Element?, any Error>?
        var producer: CheckedContinuation<Void, any Error>?
    }

    private enum Next {
        case element(Element)
        case end
        case failure(any Error)
        case wait
    }

    private let state: Mutex<State>

    init(capacity: Int) {
        state = Mutex(State(capacity: capacity))
    }

    /// Lowers the capacity.
    ///
    /// Nobody may be waiting yet.
    func limit(to capacity: Int) {
        state.withLock { $0.capacity = capacity }
    }

    /// Whether the consumer would have to wait.
    var isStarved: Bool {
        state.withLock { $0.elements.isEmpty && $0.end == nil }
    }

    /// Adds an element, then waits while the queue is full.
    func push(_ element: Element, cost: Int) async throws {
        let (isFull, consumer) = state.withLock { state -> (Bool, CheckedContinuation<Element?, any Error>?) in
            if let consumer = state.consumer.take() { return (false, consumer) }
            state.elements.append((element, cost))
            state.cost += cost
            return (state.cost >= state.capacity, nil)
        }
        consumer?.resume(returning: element)
        guard isFull else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDone = state.withLock { state in
                    guard state.cost >= state.capacity, !Task.isCancelled else { return true }
                    state.producer = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.producer.take() }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }

    /// Ends the queue; the consumer sees the end, or the error, after the elements that are still there.
    func finish(_ end: Result<Void, any Error> = .success(())) {
        let consumer = state.withLock { state in
            if state.end == nil { state.end = end }
            return state.consumer.take()
        }
        consumer?.resume(with: end.map { nil })
    }

    /// The next element; `nil` at the end.
    ///
    /// Throws the producer's error.
    func next() async throws -> Element? {
        switch take() {
        case .element(let element): return element
        case .end: return nil
        case .failure(let error): throw error
        case .wait: break
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch take(orWaitWith: continuation) {
                case .element(let element): continuation.resume(returning: element)
                case .end: continuation.resume(returning: nil)
                case .failure(let error): continuation.resume(throwing: error)
                case .wait: break
                }
            }
        } onCancel: {
            state.withLock { $0.consumer.take() }?.resume(throwing: CancellationError())
        }
    }

    private func take(orWaitWith continuation: CheckedContinuation<Element?, any Error>? = nil) -> Next {
        let (next, producer) = state.withLock { state -> (Next, CheckedContinuation<Void, any Error>?) in
            if let (element, cost) = state.elements.popFirst() {
                state.cost -= cost
                return (.element(element), state.cost < state.capacity ? state.producer.take() : nil)
            }
            switch state.end {
            case .success: return (.end, nil)
            case .failure(let error): return (.failure(error), nil)
            case nil: break
            }
            // The cancellation handler may have run already and found nobody waiting.
            if continuation != nil, Task.isCancelled { return (.failure(CancellationError()), nil) }
            state.consumer = continuation
            return (.wait, nil)
        }
        producer?.resume()
        return next
    }
}
