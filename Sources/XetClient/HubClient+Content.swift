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
    ) async throws -> RegularContent.Answer {
        var headers: HTTPHeaders = [:]
        if start > 0 || end != nil {
            headers.add(name: "Range", value: "bytes=\(start)-\(end.map { "\($0 - 1)" } ?? "")")
        }
        let path = HubPath.resolve(request.repository, revision: request.revision, path: request.path)
        let (response, address) = try await send(.GET, path: path, token: request.token, headers: headers)
        // Another host has bytes and does not know whose they are.
        let isHub = address.origin == endpoint.origin
        let answer = RegularContent.Answer(response: response, address: address, service: isHub ? .hub : .cdn)
        guard response.status.isSuccess else { throw XetError(response, from: address, of: answer.service) }
        if isHub { try Self.check(HTTPFields(response.headers), against: file, address) }
        return answer
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
    /// An answer whose body has yet to come, and who gave it.
    fileprivate struct Answer {
        let response: HTTPClientResponse
        let address: HTTPAddress
        let service: UpstreamService
    }

    private let hub: HubClient
    private let request: FileRequest
    private let file: ResolvedFile
    private let answer: Answer

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
            answer = try await hub.open(request, file, from: 0, to: nil)
            let status = answer.response.status.code
            guard status == 200 else {
                throw XetError(.invalidResponse, "\(request.path): status \(status) for the whole file")
            }
            return
        }
        let whole = FileByteRange(count: byteCount)
        let wanted = range ?? whole
        answer = try await hub.open(request, file, from: wanted.start, to: wanted == whole ? nil : wanted.end)
        let isIgnored = wanted != whole && answer.response.status.code == 200
        self.range = isIgnored ? whole : wanted
        try check(answer.response, isIgnored ? whole : wanted, isWhole: isIgnored || wanted == whole)
    }

    /// Delivers the bytes of ``range``, no more and no fewer.
    ///
    /// A failure that may pass is answered by asking for what is still missing, if an entity tag shows that the file is
    /// still the same. Throws ``XetError``, and what `sink` throws.
    public func stream(
        retry: RetryPolicy = RetryPolicy(),
        clock: some Clock<Duration> = ContinuousClock(),
        into sink: inout some DeliverySink
    ) async throws {
        let start = clock.now
        var generator = SystemRandomNumberGenerator()
        var series = RetrySeries(retry)
        var position = range?.start ?? 0
        var isBroken = false
        var answer = answer
        while true {
            let before = position
            do {
                if isBroken { answer = try await reopen(from: position) }
                try await deliver(answer, from: &position, into: &sink)
                return
            } catch let error as XetError where range != nil && tag != nil {
                // All bytes came; only the end of the message was lost.
                if position == range?.end { return }
                isBroken = true
                if position > before { series.noteProgress() }
                let elapsed = start.duration(to: clock.now)
                guard let delay = series.delay(after: error, at: elapsed, using: &generator) else { throw error }
                hub.http.metrics.noteRetry(error.server?.service ?? answer.service)
                retry.onRetry?(error, delay)
                try await clock.sleep(for: delay)
            }
        }
    }

    private func reopen(from position: UInt64) async throws -> Answer {
        guard let range, let rest = FileByteRange(start: position, end: range.end) else {
            throw XetError(.invalidRequest, "nothing is left of \(request.path)")
        }
        let answer = try await hub.open(request, file, from: rest.start, to: rest.end)
        try check(answer.response, rest, isWhole: false)
        guard Self.tag(of: answer.response) == tag else {
            throw XetError(.invalidResponse, "\(request.path) has changed while it was sent")
        }
        return answer
    }

    /// The strong entity tag of the bytes that are being sent.
    private var tag: EntityTag? { Self.tag(of: answer.response) }

    private static func tag(of response: HTTPClientResponse) -> EntityTag? {
        response.headers[first: .eTag].flatMap { EntityTag($0) }.flatMap { $0.isWeak ? nil : $0 }
    }

    private func deliver(
        _ answer: Answer,
        from position: inout UInt64,
        into sink: inout some DeliverySink
    ) async throws {
        var pieces = answer.response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw UpstreamHTTP.failure(error, answer.address, of: answer.service)
            }
            guard let piece else { break }
            hub.http.metrics.noteReceived(UInt64(piece.readableBytes), from: answer.service)
            let end = position + UInt64(piece.readableBytes)
            if let range, end > range.end {
                throw XetError(.invalidResponse, "\(request.path) has more than \(range.end) bytes")
            }
            try await sink.deliver(piece)
            position = end
        }
        if let range, position < range.end {
            throw XetError(
                .connectionFailed,
                "\(request.path) ended at byte \(position) of \(range.end)",
                server: UpstreamServer(answer.service, answer.address)
            )
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
