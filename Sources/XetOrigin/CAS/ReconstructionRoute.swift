import HTTPTypes
import Hummingbird
import XetAccess
import XetCore
import XetWire

/// `GET /v1/reconstructions/{file}` and `/v2/…`: how to rebuild a file, or the range that the request asks for.
///
/// Source: draft-denis-xet, "Query Reconstruction"; reference client.
struct ReconstructionRoute: Route {
    let access: CASAccess
    let addresses: XorbAddress
    let xorbs: any XorbStore

    func respond(to request: RouteRequest) async throws -> Response? {
        let path = request.casPath
        guard request.method == .get, path.segments.count == 2, path.segments[0] == "reconstructions" else {
            return nil
        }
        let grant = try access.grant(request, .read)
        guard let hash = FileHash(path.segments[1]) else { throw RouteError.malformedHash }
        let file = try await access.file(hash, grant)
        let range = try Self.range(request.headers[.range], byteCount: file.byteCount)
        let plan = try await ReconstructionPlan.make(range, of: file, xorbs: xorbs)
        var headers = HTTPFields()
        headers[.cacheControl] = "private, no-store"
        switch path.version {
        case .v1: return .json(try plan.v1Body(addresses, request), headers: headers)
        case .v2: return .json(plan.v2Body(addresses, request), headers: headers)
        }
    }

    /// The part of the file that is asked for; 416 if it begins after the end, except that the empty file has a byte 0.
    private static func range(_ header: String?, byteCount: UInt64) throws -> FileByteRange {
        guard let header else { return FileByteRange(count: byteCount) }
        let range = RangeHeader(header)
        if byteCount == 0, case .closed(let bytes) = range, bytes.first == 0 { return FileByteRange(count: 0) }
        guard let resolved = range?.resolved(byteCount: byteCount) else {
            var error = RouteError(.rangeNotSatisfiable, "The range is malformed or begins after the end of the file.")
            error.headers[.contentRange] = ContentRangeHeader.unsatisfied(total: byteCount).value
            throw error
        }
        return resolved
    }
}

extension ReconstructionPlan {
    /// One address per range.
    func v1Body(_ addresses: XorbAddress, _ request: RouteRequest) throws -> ReconstructionV1Body {
        ReconstructionV1Body(
            try Reconstruction(
                offsetIntoFirstTerm: offsetIntoFirstTerm,
                terms: terms,
                fetches: try fetchInfos(addresses, request)
            )
        )
    }

    /// One address for all ranges of a xorb, or several if there are very many.
    func v2Body(_ addresses: XorbAddress, _ request: RouteRequest) -> ReconstructionV2Body {
        var xorbs: [XorbHash: [ReconstructionV2Body.Fetch]] = [:]
        for (xorb, fetches) in fetches {
            for start in stride(from: 0, to: fetches.count, by: XorbAddress.maximumRangeCount) {
                let part = fetches[start..<min(start + XorbAddress.maximumRangeCount, fetches.count)]
                xorbs[xorb, default: []].append(
                    ReconstructionV2Body.Fetch(
                        url: addresses.address(of: part.map(\.bytes), in: xorb, request),
                        ranges: part.map { ReconstructionV2Body.Covered(chunks: $0.chunks, bytes: $0.bytes) }
                    )
                )
            }
        }
        return ReconstructionV2Body(offsetIntoFirstRange: offsetIntoFirstTerm, terms: terms, xorbs: xorbs)
    }

    /// The ranges, each with its own address.
    func fetchInfos(_ addresses: XorbAddress, _ request: RouteRequest) throws -> [XorbHash: [FetchInfo]] {
        var infos: [XorbHash: [FetchInfo]] = [:]
        for (xorb, fetches) in fetches {
            infos[xorb] = try fetches.map { fetch in
                let url = SignedURL(addresses.address(of: [fetch.bytes], in: xorb, request))
                return try FetchInfo(chunks: fetch.chunks, bytes: fetch.bytes, url: url)
            }
        }
        return infos
    }
}
