import HTTPTypes
import NIOCore
public import XetAccess
import XetClient
import XetCore
import XetWire

extension S3Client {
    public func get<Value>(
        _ name: String,
        range: Range<Int>?,
        _ body: (StoredObject) async throws -> Value
    ) async throws -> Value? {
        var call = S3Call(method: .get, key: try key(name))
        if let range {
            guard !range.isEmpty, range.lowerBound >= 0 else {
                throw ObjectStoreError(.invalid, "no bytes of '\(name)' are asked for")
            }
            call.headers.append(("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
        }
        let answer: UpstreamResponse
        switch try await self.answer(to: call, accepting: [range == nil ? 200 : 206]) {
        case .success(let found): answer = found
        case .failure(let failure):
            if failure.isMissing { return nil }
            throw self.failure(failure, "cannot get '\(name)' from")
        }
        return try await body(try object(name, range, answer))
    }

    /// The object in an answer.
    ///
    /// Throws `.invalid` if its length is not known, or if other bytes come than were asked for.
    private func object(
        _ name: String,
        _ range: Range<Int>?,
        _ answer: UpstreamResponse
    ) throws(ObjectStoreError) -> StoredObject {
        let what = "'\(name)' from \(address.origin)"
        guard let length = answer.headers[.contentLength].flatMap({ Int($0) }), length >= 0 else {
            throw ObjectStoreError(.invalid, "\(what) comes without its length")
        }
        var byteCount = length
        if let range {
            guard
                case .satisfied(let found, let total)? = answer.headers[.contentRange].flatMap(ContentRangeHeader.init),
                let total, let total = Int(exactly: total), total > range.lowerBound,
                case let end = min(range.upperBound, total), length == end - range.lowerBound,
                found.first == UInt64(range.lowerBound), found.last == UInt64(end - 1)
            else { throw ObjectStoreError(.invalid, "\(what) is not the range of bytes that was asked for") }
            byteCount = total
        }
        let bytes = StoreBytes(answer.pieces, byteCount: length, what: what)
        return StoredObject(byteCount: byteCount, age: Self.age(answer.headers), bytes: bytes)
    }

    /// How long ago an object was put, both moments by the store's clock.
    private static func age(_ headers: HTTPFields) -> Duration? {
        guard let modified = headers[.lastModified].flatMap({ HTTPDate($0) }),
            let date = headers[.date].flatMap({ HTTPDate($0) })
        else { return nil }
        return .seconds(max(0, date.unixSeconds - modified.unixSeconds))
    }
}
