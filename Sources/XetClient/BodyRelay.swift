package import NIOCore
import Synchronization

/// Hands the pieces of a body from the task that reads them to the one that sends them, one at a time.
///
/// The sender may stop at any moment without a word; ``discard()`` keeps the reader from waiting for it.
package final class BodyRelay: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    private struct State {
        var piece: ByteBuffer?
        var end: Result<Void, any Error>?
        var isDiscarding = false
        var reader: CheckedContinuation<Void, any Error>?
        var sender: CheckedContinuation<ByteBuffer?, any Error>?
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let relay: BodyRelay

        package func next() async throws -> ByteBuffer? { try await relay.next() }
    }

    package init() {}

    private let state = Mutex(State())

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(relay: self) }

    /// Hands a piece over; waits until the one before it was taken.
    ///
    /// Throws `CancellationError`.
    package func push(_ piece: ByteBuffer) async throws {
        guard piece.readableBytes > 0 else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isFree = state.withLock { state in
                    if state.piece == nil || state.isDiscarding || Task.isCancelled { return true }
                    state.reader = continuation
                    return false
                }
                if isFree { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
        let sender = state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            if state.isDiscarding { return nil }
            if let sender = state.sender.take() { return sender }
            state.piece = piece
            return nil
        }
        sender?.resume(returning: piece)
    }

    /// Ends the body.
    package func finish() {
        end(.success(()))
    }

    /// Breaks the body off.
    package func finish(throwing error: any Error) {
        end(.failure(error))
    }

    /// Lets what still comes go nowhere: the request is over.
    package func discard() {
        let (reader, sender) = state.withLock { state in
            state.isDiscarding = true
            state.piece = nil
            if state.end == nil { state.end = .failure(CancellationError()) }
            return (state.reader.take(), state.sender.take())
        }
        reader?.resume()
        sender?.resume(throwing: CancellationError())
    }

    private func end(_ result: Result<Void, any Error>) {
        let sender = state.withLock { state in
            if state.end == nil { state.end = result }
            return state.sender.take()
        }
        sender?.resume(with: result.map { nil })
    }

    private func next() async throws -> ByteBuffer? {
        try await withCheckedThrowingContinuation { continuation in
            let (outcome, reader) = state.withLock {
                state -> (Result<ByteBuffer?, any Error>?, CheckedContinuation<Void, any Error>?) in
                if let piece = state.piece.take() { return (.success(piece), state.reader.take()) }
                if let end = state.end { return (end.map { nil }, nil) }
                state.sender = continuation
                return (nil, nil)
            }
            reader?.resume()
            if let outcome { continuation.resume(with: outcome) }
        }
    }
}
