import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
public import XetAccess
import XetCore
import XetWire

/// Several ranges with one request.
///
/// Nothing but the whole signed list is asked for, and nothing but its parts, in order, is what a host should answer. Of
/// any other answer those ranges are taken that it begins with, if they are worth it, and the rest is asked for range by
/// range. An origin that answers otherwise is not asked for several ranges again.
extension CDNClient {
    /// Most ranges that are asked for at once, and longest `Range` header: servers refuse longer ones.
    private static let maximumRangeCount = 512
    private static let maximumHeaderByteCount = 7 << 10
    /// What is still read behind the last range, so that the connection can be used again.
    private static let maximumTailPieceCount = 4
    private static let maximumTailByteCount = 8 << 10

    public func isOneRequest(_ fetches: [XorbFetch]) -> Bool { isOneRequest(fetches.map(\.info)) }

    func isOneRequest(_ fetches: [FetchInfo]) -> Bool {
        guard fetches.count > 1 else { return fetches.count == 1 }
        guard Self.canBeAskedTogether(fetches), let address = try? Self.address(fetches[0]) else { return false }
        return hosts.isExpectedToAnswer(address.origin)
    }

    public func fetch(
        _ fetches: [XorbFetch],
        _ body: (_ index: Int, _ piece: XorbPiece) async throws -> Void
    ) async throws {
        try await fetch(fetches.map(\.info)) { try await body($0, XorbPiece($1)) }
    }

    func fetch(
        _ fetches: [FetchInfo],
        _ body: (_ index: Int, _ piece: ByteBuffer) async throws -> Void
    ) async throws {
        guard fetches.count > 1, Self.canBeAskedTogether(fetches) else {
            return try await fetchApart(fetches, from: 0, body)
        }
        let address = try Self.address(fetches[0])
        let origin = address.origin
        guard hosts.mayBeAsked(origin) else { return try await fetchApart(fetches, from: 0, body) }
        hosts.noteBegin(origin)
        defer { hosts.noteEnd(origin) }
        let (completeCount, outcome) = try await fetchTogether(fetches, address, body)
        switch outcome {
        case .complete: hosts.noteAble(origin)
        case .otherAnswer: hosts.noteUnable(origin)
        case .refused, .failed: break
        }
        try await fetchApart(fetches, from: completeCount, body) {
            // The URL is good and the host is there: it was the list that it did not answer.
            switch outcome {
            case .refused: hosts.noteUnable(origin)
            case .failed: hosts.noteDoubt(origin)
            case .complete, .otherAnswer: break
            }
        }
    }

    /// Asks for one range after the other; `afterFirst` is called when one has come.
    private func fetchApart(
        _ fetches: [FetchInfo],
        from start: Int,
        _ body: (_ index: Int, _ piece: ByteBuffer) async throws -> Void,
        afterFirst: () -> Void = {}
    ) async throws {
        for index in start..<fetches.count {
            try await fetch(fetches[index]) { try await body(index, $0) }
            if index == start { afterFirst() }
        }
    }

    /// What came of a request for several ranges.
    private enum Outcome {
        /// All that there was to come.
        case complete
        /// A success with something else than the parts.
        case otherAnswer
        /// A status that may be about the list, or about the URL.
        case refused
        /// A failure that may be about the list, or about anything.
        case failed
    }

    /// Whether the ranges are a list that a server can be asked for.
    ///
    /// Ranges that overlap or go back are what servers refuse as an attack (RFC 9110, section 14.2), and might come in another
    /// order than the list's.
    private static func canBeAskedTogether(_ fetches: [FetchInfo]) -> Bool {
        guard fetches.count <= maximumRangeCount, fetches.isSignedList else { return false }
        let isAscending = zip(fetches, fetches.dropFirst()).allSatisfy { $0.bytes.last < $1.bytes.first }
        return isAscending && fetches.map(\.bytes).headerValue.utf8.count <= maximumHeaderByteCount
    }

    /// Asks once; returns how many ranges have come whole, and what else there is to say.
    private func fetchTogether(
        _ fetches: [FetchInfo],
        _ address: HTTPAddress,
        _ body: (_ index: Int, _ piece: ByteBuffer) async throws -> Void
    ) async throws -> (completeCount: Int, Outcome) {
        let ranges = fetches.map(\.bytes)
        let response: HTTPClientResponse
        let final: HTTPAddress
        do {
            (response, final) = try await http.send(.GET, address, of: .cdn, headers: ["Range": ranges.headerValue])
        } catch let error as XetError
            where [.connectionFailed, .timedOut].contains(error.code) && !hosts.isAble(address.origin)
        {
            return (0, .failed)
        }
        guard response.status.isSuccess else {
            switch response.status.code {
            case 408, 429, 502, 503, 504: throw XetError(response, from: final, of: .cdn)
            default: return (0, .refused)
            }
        }
        var received: UInt64 = 0
        defer { http.metrics.noteReceived(received, from: .cdn) }
        switch RangesAnswer(HTTPResponse(response), of: ranges) {
        case .parts(var reader):
            do {
                let complete = try await read(&reader, ranges.count, response, final, &received, body)
                return (complete, complete == ranges.count ? .complete : .otherAnswer)
            } catch let error as XetError
                where error.code == .connectionFailed && reader.completeCount == 0
            {
                hosts.noteDoubt(address.origin)
                throw error
            }
        case .stretch(var reader):
            return (try await read(&reader, reader.rangeCount, response, final, &received, body), .otherAnswer)
        case .nothing:
            return (0, .otherAnswer)
        }
    }

    /// Hands over what the reader finds, up to `count` ranges; returns how many came whole.
    ///
    /// Throws if the body breaks off, or ends within a range.
    private func read(
        _ reader: inout some RangesReader,
        _ count: Int,
        _ response: HTTPClientResponse,
        _ address: HTTPAddress,
        _ received: inout UInt64,
        _ body: (_ index: Int, _ piece: ByteBuffer) async throws -> Void
    ) async throws -> Int {
        var pieces = response.body.makeAsyncIterator()
        var isWithinRange = false
        var tail = (pieceCount: 0, byteCount: 0)
        while tail.pieceCount < Self.maximumTailPieceCount, tail.byteCount <= Self.maximumTailByteCount {
            let next: ByteBuffer?
            do {
                next = try await pieces.next()
            } catch {
                if reader.completeCount == count, !Task.isCancelled { break }
                throw UpstreamHTTP.failure(error, address, of: .cdn)
            }
            guard var piece = next else { break }
            received += UInt64(piece.readableBytes)
            let isTail = reader.completeCount == count
            if isTail { tail = (tail.pieceCount + 1, tail.byteCount + piece.readableBytes) }
            while true {
                let slice: RangeSlice?
                do {
                    slice = try reader.next(in: &piece)
                } catch {
                    // Errors are found between ranges only.
                    return reader.completeCount
                }
                guard let slice else { break }
                isWithinRange = reader.completeCount == slice.index
                try await body(slice.index, slice.bytes)
            }
            if !isTail, reader.completeCount == count { tail.byteCount += piece.readableBytes }
        }
        guard !isWithinRange else {
            throw XetError(.connectionFailed, "\(address) sent \(reader.completeCount) of \(count) ranges")
        }
        return reader.completeCount
    }
}
