import HTTPTypes
import Hummingbird
import XetCore
import XetStore
import XetWire

/// `POST /v1/xorbs/default/{xorb}`: takes a xorb, every chunk of which is unpacked and hashed as it comes.
///
/// A body that comes slowly holds a file and the memory of a chunk, and nothing that another one waits for.
/// Source: draft-denis-xet, "Upload Xorb".
struct XorbUploadRoute: Route {
    /// Longest body accepted, in bytes.
    ///
    /// Writers count 64 MiB of unpacked bytes, so incompressible content comes out longer by its chunk headers; older
    /// ones add a footer.
    static let maximumBodyByteCount = 66 * 1024 * 1024

    private struct Body: Encodable {
        enum CodingKeys: String, CodingKey {
            case wasInserted = "was_inserted"
        }

        let wasInserted: Bool
    }

    let access: CASAccess
    let xorbs: DiskXorbStore

    func respond(to request: RouteRequest) async throws -> Response? {
        let path = request.casPath.segments
        guard request.method == .post, path.count == 3, path[0] == "xorbs", path[1] == "default" else { return nil }
        _ = try access.grant(request, .write)
        guard let hash = XorbHash(path[2]) else { throw RouteError.malformedHash }
        try request.checkLength(maximum: Self.maximumBodyByteCount)
        return .json(Body(wasInserted: try await receive(hash, request)))
    }

    private func receive(_ hash: XorbHash, _ request: RouteRequest) async throws -> Bool {
        if xorbs.contains(hash) {
            // What comes is what is kept, or of no use.
            try await request.dropBody(maximum: Self.maximumBodyByteCount)
            return false
        }
        do {
            return try await xorbs.receive(hash, from: request.body, maximumByteCount: Self.maximumBodyByteCount)
        } catch let error as XorbError {
            throw RouteError(.badRequest, "The xorb is not valid: \(error)")
        } catch StoreError.tooLong {
            throw RouteError.bodyTooLong(maximum: Self.maximumBodyByteCount)
        }
    }
}

/// `POST /v1/xorb-grants/…` and `/v1/xorb-commits/…`: not offered, so that clients upload xorbs here.
struct XorbGrantRoute: Route {
    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .post, ["xorb-grants", "xorb-commits"].contains(request.casPath.segments.first) else {
            return nil
        }
        throw RouteError(.notFound, "Xorbs are uploaded to the CAS itself.")
    }
}
