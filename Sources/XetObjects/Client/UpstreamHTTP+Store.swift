import HTTPTypes
import NIOCore
import XetAccess
import XetClient

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

    /// Sends a request and returns status and body of the answer.
    ///
    /// Throws ``ObjectStoreError``, `.invalid` if the body has more than `byteCount` bytes, and `CancellationError`.
    func smallAnswer(to request: UpstreamRequest, upTo byteCount: Int) async throws -> (status: Int, body: [UInt8]) {
        let answer = try await storeAnswer(to: request)
        return (answer.head.status.code, try await answer.bytes(upTo: byteCount))
    }
}

extension UpstreamResponse {
    /// The whole body.
    ///
    /// Throws ``ObjectStoreError``, `.invalid` if it has more than `byteCount` bytes, and `CancellationError`.
    func bytes(upTo byteCount: Int) async throws -> [UInt8] {
        do {
            return try await withBody(upTo: byteCount, gate: TaskGate()) { Array($0.readableBytesView) }
        } catch let error as XetError {
            throw ObjectStoreError(error)
        }
    }
}
