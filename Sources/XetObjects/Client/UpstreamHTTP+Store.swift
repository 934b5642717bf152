import HTTPTypes
import NIOCore
import XetAccess
import XetClient
import XetWire

extension UpstreamHTTP {
    /// Sends a request of which no redirect is followed; returns the answer, whatever its status.
    ///
    /// Throws ``ObjectStoreError`` and `CancellationError`.
    func storeAnswer(to request: UpstreamRequest) async throws -> UpstreamResponse {
        do {
            return try await exchange(request)
        } catch let error as XetError {
            throw ObjectStoreError(error)
        }
    }

    /// Sends a request and returns status and body of the answer; each may take `timeout`.
    ///
    /// Throws ``ObjectStoreError``, `.invalid` if the body has more than `byteCount` bytes, and `CancellationError`.
    func smallAnswer(
        to request: UpstreamRequest,
        upTo byteCount: Int,
        within timeout: TimeAmount
    ) async throws -> (status: Int, body: [UInt8]) {
        var request = request
        request.headTimeout = timeout
        let answer = try await storeAnswer(to: request)
        return (answer.head.status.code, try await answer.bytes(upTo: byteCount, within: timeout))
    }
}

extension UpstreamResponse {
    /// The whole body.
    ///
    /// Throws ``ObjectStoreError``, `.invalid` if it has more than `byteCount` bytes, `.slow` if it takes longer than
    /// `timeout`, and `CancellationError`.
    func bytes(upTo byteCount: Int, within timeout: TimeAmount) async throws -> [UInt8] {
        do {
            return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                group.addTask { try await withBody(upTo: byteCount, gate: TaskGate()) { Array($0.readableBytesView) } }
                group.addTask {
                    try await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
                    return nil
                }
                defer { group.cancelAll() }
                guard let body = try await group.next() ?? nil else {
                    throw ObjectStoreError(.slow, "\(address.origin) takes too long to send its answer")
                }
                return body
            }
        } catch let error as XetError {
            throw ObjectStoreError(error)
        }
    }
}
