import HTTPTypes
import Hummingbird
import NIOCore
import XetStore

extension RouteRequest {
    /// Throws 413 if the request says itself that its body has more than `maximum` bytes.
    func checkLength(maximum: Int) throws {
        if let stated = headers[.contentLength].flatMap(Int.init), stated > maximum {
            throw RouteError.bodyTooLong(maximum: maximum)
        }
    }

    /// Reads the whole body into memory; 413 if it has more than `maximum` bytes.
    ///
    /// Memory is taken for what has come, whatever the request announces.
    func collectBody(maximum: Int) async throws -> [UInt8] {
        try checkLength(maximum: maximum)
        var bytes: [UInt8] = []
        for try await piece in body {
            guard bytes.count + piece.readableBytes <= maximum else { throw RouteError.bodyTooLong(maximum: maximum) }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }

    /// Reads the whole body, a long one into a file; 413 if it has more than `maximum` bytes.
    func spoolBody(maximum: Int, layout: StoreLayout) async throws -> Spool {
        try checkLength(maximum: maximum)
        do {
            return try await Spool.collect(body, maximumByteCount: maximum, layout: layout)
        } catch SpoolError.tooLong {
            throw RouteError.bodyTooLong(maximum: maximum)
        }
    }

    /// Reads the body and forgets it, so that the connection stays of use; 413 if it has more than `maximum` bytes.
    func dropBody(maximum: Int) async throws {
        var count = 0
        for try await piece in body {
            count += piece.readableBytes
            guard count <= maximum else { throw RouteError.bodyTooLong(maximum: maximum) }
        }
    }
}

extension RouteError {
    static func bodyTooLong(maximum: Int) -> RouteError {
        RouteError(.contentTooLarge, "The body is larger than \(maximum) bytes.")
    }
}
