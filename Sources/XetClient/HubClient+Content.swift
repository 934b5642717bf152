import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
public import XetAccess
public import XetCore
import XetWire

extension HubClient {
    /// Opens a file that is not in XET, or a range of it.
    ///
    /// A server that ignores the range makes the content the whole file. Throws ``XetError`` when the answer is an error
    /// or does not fit what was resolved.
    public func content(
        of request: FileRequest,
        _ file: ResolvedFile,
        range: FileByteRange? = nil,
        retry: RetryPolicy = RetryPolicy()
    ) async throws -> RegularContent {
        try await retry.run(clock: ContinuousClock(), onRetry: { _ in http.metrics.noteRetry(.hub) }) {
            try await RegularContent(hub: self, request: request, file: file, range: range)
        }
    }

    /// Asks for bytes from `start` on, up to `end` if it is given.
    fileprivate func open(
        _ request: FileRequest,
        _ file: ResolvedFile,
        from start: UInt64,
        to end: UInt64?
    ) async throws -> (response: HTTPClientResponse, service: UpstreamService) {
        var headers: HTTPHeaders = [:]
        if start > 0 || end != nil {
            headers.add(name: "Range", value: "bytes=\(start)-\(end.map { "\($0 - 1)" } ?? "")")
        }
        let path = HubPath.resolve(request.repository, revision: request.revision, path: request.path)
        let (response, address) = try await send(.GET, path: path, token: request.token, headers: headers)
        guard response.status.isSuccess else { throw XetError(response, from: address) }
        // Another host has bytes and does not know whose they are.
        guard address.origin == endpoint.origin else { return (response, .cdn) }
        try Self.check(HTTPFields(response.headers), against: file, address)
        return (response, .hub)
    }

    /// The Hub must still speak of the same file: of another version, or a page on the way there, no byte is taken.
    private static func check(_ headers: HTTPFields, against file: ResolvedFile, _ address: HTTPAddress) throws {
        if file.commit != nil { try FileHead.require(.repoCommit, headers[.repoCommit], from: address) }
        let found = (headers[.linkedETag] ?? headers[.eTag]).flatMap { EntityTag($0)?.opaque }
        let isSame =
            if let found, let known = file.etag.flatMap({ EntityTag($0)?.opaque }) {
                found == known
            } else {
                headers[.repoCommit] == file.commit
            }
        guard isSame else {
            throw XetError(.invalidResponse, "\(address) answered with another file than the one it spoke of before")
        }
    }
}

/// The bytes of a file that is not in XET, opened.
public struct RegularContent: Sendable {
    private let hub: HubClient
    private let request: FileRequest
    private let file: ResolvedFile
    private let response: HTTPClientResponse
    private let service: UpstreamService

    /// The bytes that it holds; `nil` if the Hub does not say how many there are.
    public let range: FileByteRange?

    fileprivate init(
        hub: HubClient,
        request: FileRequest,
        file: ResolvedFile,
        range: FileByteRange?
    ) async throws {
        self.hub = hub
        self.request = request
        self.file = file
        guard let byteCount = file.byteCount else {
            self.range = nil
            (response, service) = try await hub.open(request, file, from: 0, to: nil)
            guard response.status.code == 200 else {
                throw XetError(.invalidResponse, "\(request.path): status \(response.status.code) for the whole file")
            }
            return
        }
        let whole = FileByteRange(count: byteCount)
        let wanted = range ?? whole
        (response, service) =
            try await hub.open(request, file, from: wanted.start, to: wanted == whole ? nil : wanted.end)
        let isIgnored = wanted != whole && response.status.code == 200
        self.range = isIgnored ? whole : wanted
        try check(response, isIgnored ? whole : wanted, isWhole: isIgnored || wanted == whole)
    }

    /// Delivers the bytes of ``range``, no more and no fewer.
    ///
    /// A failure that may pass is answered by asking for what is still missing, if an entity tag shows that the file is
    /// still the same. Throws ``XetError``, and what `sink` throws.
    public func stream(retry: RetryPolicy = RetryPolicy(), into sink: inout some DeliverySink) async throws {
        var generator = SystemRandomNumberGenerator()
        var position = range?.start ?? 0
        var failures = 0
        var response = response
        while true {
            let before = position
            do {
                if failures > 0 { response = try await reopen(from: position) }
                try await deliver(response, from: &position, into: &sink)
                return
            } catch let error as XetError where range != nil && tag != nil {
                // All bytes came; only the end of the message was lost.
                if position == range?.end { return }
                failures = position > before ? 1 : failures + 1
                let delay = retry.delay(after: error, failures: failures, using: &generator)
                guard let delay else { throw error }
                hub.http.metrics.noteRetry(service)
                try await ContinuousClock().sleep(for: delay)
            }
        }
    }

    private func reopen(from position: UInt64) async throws -> HTTPClientResponse {
        guard let range, let rest = FileByteRange(start: position, end: range.end) else {
            throw XetError(.invalidRequest, "nothing is left of \(request.path)")
        }
        let response = try await hub.open(request, file, from: rest.start, to: rest.end).response
        try check(response, rest, isWhole: false)
        guard Self.tag(of: response) == tag else {
            throw XetError(.invalidResponse, "\(request.path) has changed while it was sent")
        }
        return response
    }

    /// The strong entity tag of the bytes that are being sent.
    private var tag: EntityTag? { Self.tag(of: response) }

    private static func tag(of response: HTTPClientResponse) -> EntityTag? {
        response.headers[first: .eTag].flatMap { EntityTag($0) }.flatMap { $0.isWeak ? nil : $0 }
    }

    private func deliver(
        _ response: HTTPClientResponse,
        from position: inout UInt64,
        into sink: inout some DeliverySink
    ) async throws {
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw UpstreamHTTP.failure(error, hub.endpoint)
            }
            guard let piece else { break }
            hub.http.metrics.noteReceived(UInt64(piece.readableBytes), from: service)
            let end = position + UInt64(piece.readableBytes)
            if let range, end > range.end {
                throw XetError(.invalidResponse, "\(request.path) has more than \(range.end) bytes")
            }
            try await sink.deliver(piece)
            position = end
        }
        if let range, position < range.end {
            throw XetError(.connectionFailed, "\(request.path) ended at byte \(position) of \(range.end)")
        }
    }

    /// An answer must be the range that was asked for, of a file of the resolved size.
    private func check(_ response: HTTPClientResponse, _ range: FileByteRange, isWhole: Bool) throws {
        if !isWhole {
            guard response.status.code == 206,
                case .satisfied(let bytes, _)? = response.headers[first: .contentRange].flatMap(ContentRangeHeader.init),
                bytes == HTTPByteRange(range)
            else {
                throw XetError(.invalidResponse, "\(request.path): not the range \(range.start)..<\(range.end)")
            }
        }
        if let length = response.headers[first: .contentLength].flatMap({ UInt64($0) }), length != range.count {
            throw XetError(.invalidResponse, "\(request.path): \(length) bytes announced, not \(range.count)")
        }
    }
}
