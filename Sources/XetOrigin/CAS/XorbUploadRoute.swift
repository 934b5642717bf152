import HTTPTypes
import Hummingbird
import XetAccess
import XetCore
import XetWire

/// `POST /v1/xorbs/default/{xorb}`: takes a xorb, after every chunk of it was unpacked and hashed.
///
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
    let xorbs: any XorbStore
    let permits: TaskGate

    func respond(to request: RouteRequest) async throws -> Response? {
        let path = request.casPath.segments
        guard request.method == .post, path.count == 3, path[0] == "xorbs", path[1] == "default" else { return nil }
        _ = try access.grant(request, .write)
        guard let hash = XorbHash(path[2]) else { throw RouteError.malformedHash }
        let wasInserted = try await permits.withTurn {
            let body = try await request.collectBody(maximum: Self.maximumBodyByteCount)
            return try await xorbs.put(try Self.xorb(body, hash))
        }
        return .json(Body(wasInserted: wasInserted))
    }

    private static func xorb(_ body: [UInt8], _ hash: XorbHash) throws -> SerializedXorb {
        do {
            return try SerializedXorb(verifying: body, expected: hash)
        } catch {
            throw RouteError(.badRequest, "The xorb is not valid: \(error)")
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
