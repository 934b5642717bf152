import HTTPTypes
import Hummingbird
import NIOCore

extension RouteRequest {
    /// Reads the whole body; 413 if it has more than `maximum` bytes.
    func collectBody(maximum: Int) async throws -> [UInt8] {
        let tooLarge = RouteError(.contentTooLarge, "The body is larger than \(maximum) bytes.")
        let stated = headers[.contentLength].flatMap(Int.init) ?? 0
        guard stated <= maximum else { throw tooLarge }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(stated)
        for try await piece in body {
            guard bytes.count + piece.readableBytes <= maximum else { throw tooLarge }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }
}
