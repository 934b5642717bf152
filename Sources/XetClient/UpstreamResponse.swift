import AsyncHTTPClient
public import HTTPTypes
public import NIOCore
import NIOHTTP1
package import XetAccess
public import XetWire

/// The answer to an ``UpstreamRequest``, whatever its status; its body has yet to come.
public struct UpstreamResponse: Sendable {
    /// Status and headers.
    public let head: HTTPResponse
    /// Where it came from, redirects followed.
    public let address: HTTPAddress
    private let body: HTTPClientResponse.Body
    private let service: UpstreamService
    /// Where bytes are counted, unless they were before.
    private let metrics: UpstreamMetrics?
    /// What lasts as long as the answer does.
    private let holding: (any Sendable)?

    /// An answer that is there already, body included; `holding` lasts as long as it does.
    package init(
        _ head: HTTPResponse,
        from address: HTTPAddress,
        of service: UpstreamService,
        body: ByteBuffer,
        holding: (any Sendable)? = nil
    ) {
        self.holding = holding
        self.head = head
        self.address = address
        self.body = .bytes(body)
        self.service = service
        metrics = nil
    }

    init(
        _ response: HTTPClientResponse,
        from address: HTTPAddress,
        of service: UpstreamService,
        _ metrics: UpstreamMetrics
    ) {
        holding = nil
        head = HTTPResponse(response)
        self.address = address
        body = response.body
        self.service = service
        self.metrics = metrics
    }

    /// The headers.
    public var headers: HTTPFields { head.headerFields }

    /// Gives each piece of the body to `each`, in order; waits for it before it takes more from the network.
    ///
    /// Throws ``XetError`` if the body breaks off, and what `each` throws.
    public func forEach(_ each: (ByteBuffer) async throws -> Void) async throws {
        var pieces = body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw UpstreamHTTP.failure(error, address, of: service)
            }
            guard let piece else { return }
            metrics?.noteReceived(UInt64(piece.readableBytes), from: service)
            try await each(piece)
        }
    }

    /// The pieces of the body, in order; those that nobody asks for are not taken from the network.
    ///
    /// They are read once, by one reader. Throws ``XetError`` if the body breaks off.
    package var pieces: UpstreamPieces { UpstreamPieces(body, from: address, of: service, metrics) }

    /// Gives the bytes of a range to `each`, in order, however many more the body has; see ``RangeAnswer``.
    ///
    /// Throws ``XetError`` if the body does not hold them, and what `each` throws.
    public func forEach(of range: RangeAnswer, _ each: (ByteBuffer) async throws -> Void) async throws {
        try await range.forEach(
            in: body,
            from: address,
            received: { metrics?.noteReceived(UInt64($0), from: service) },
            each
        )
    }

    /// Gives `use` the whole body.
    ///
    /// Of one that is longer than `threshold` the rest is read only after `reserve`, which gets the bytes that there will be
    /// then. Without a length it is called again as the body grows, and `gate` lets one such body through at a time.
    /// Throws `.invalidResponse` if the body has more than `byteCount` bytes.
    package func withBody<Value>(
        upTo byteCount: Int,
        threshold: Int = .max,
        gate: TaskGate,
        reserve: (Int) async throws -> Void = { _ in },
        _ use: (ByteBuffer) throws -> Value
    ) async throws -> Value {
        var pieces = Pieces(body)
        var whole = ByteBuffer()
        if try await collect(&pieces, into: &whole, until: threshold, maximum: byteCount) { return try use(whole) }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length <= byteCount {
            try await reserve(length)
            whole.reserveCapacity(length)
            _ = try await collect(&pieces, into: &whole, until: .max, maximum: byteCount)
            return try use(whole)
        }
        return try await gate.withTurn {
            var limit = whole.readableBytes
            repeat {
                limit = min(max(2 * limit, 1), byteCount)
                try await reserve(limit)
                whole.reserveCapacity(limit)
            } while try await !collect(&pieces, into: &whole, until: limit, maximum: byteCount)
            return try use(whole)
        }
    }

    /// The whole body if its length is known and at most `byteCount`; `nil` otherwise, with the body as it was.
    ///
    /// It is read after `reserve`, which gets the length. Throws ``XetError`` if it breaks off.
    package func shortBody(
        of method: HTTPRequest.Method,
        upTo byteCount: Int,
        reserve: (Int) async throws -> Void
    ) async throws -> ByteBuffer? {
        if method == .head || [204, 304].contains(head.status.code) { return ByteBuffer() }
        guard let length = headers[.contentLength].flatMap({ Int($0) }), length <= byteCount else { return nil }
        try await reserve(length)
        var pieces = Pieces(body)
        var whole = ByteBuffer()
        guard try await collect(&pieces, into: &whole, until: .max, maximum: length), whole.readableBytes == length
        else {
            throw XetError(.connectionFailed, "\(whole.readableBytes) of \(length) bytes of \(address)")
        }
        return whole
    }

    /// Whether the body ended before it was longer than `threshold`.
    private func collect(
        _ pieces: inout Pieces,
        into whole: inout ByteBuffer,
        until threshold: Int,
        maximum: Int
    ) async throws -> Bool {
        while whole.readableBytes <= threshold {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw UpstreamHTTP.failure(error, address, of: service)
            }
            guard var piece else { return true }
            guard whole.readableBytes + piece.readableBytes <= maximum else {
                throw XetError(.invalidResponse, "\(address) sent more than \(maximum) bytes")
            }
            metrics?.noteReceived(UInt64(piece.readableBytes), from: service)
            whole.writeBuffer(&piece)
        }
        return false
    }
}

/// The pieces of a body, one after the other.
private struct Pieces {
    /// `nonisolated(unsafe)`: the iterator is not Sendable, and the one task that has this calls it.
    private nonisolated(unsafe) var iterator: HTTPClientResponse.Body.AsyncIterator

    init(_ body: HTTPClientResponse.Body) {
        unsafe iterator = body.makeAsyncIterator()
    }

    mutating func next() async throws -> ByteBuffer? {
        try await unsafe iterator.next()
    }
}

extension HTTPResponse {
    /// Status and headers of an answer; names that are not valid are left out.
    init(_ response: HTTPClientResponse) {
        self.init(
            status: Status(code: Int(response.status.code), reasonPhrase: response.status.reasonPhrase),
            headerFields: HTTPFields(response.headers)
        )
    }
}

extension HTTPFields {
    init(_ headers: HTTPHeaders) {
        self.init()
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            append(HTTPField(name: name, value: value))
        }
    }
}

extension HTTPHeaders {
    init(_ fields: HTTPFields) {
        self.init(fields.map { ($0.name.rawName, $0.value) })
    }
}
