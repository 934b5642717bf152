import HTTPTypes
import Hummingbird
import XetAccess
import XetCore
import XetWire

/// `GET /v1/reconstructions?file_id=…&file_id=…`: how to rebuild several whole files.
///
/// Unknown files are left out.
///
/// Source: reference client.
struct ReconstructionBatchRoute: Route {
    /// Most files in one request.
    static let maximumFileCount = 1024
    /// Most terms of all of them.
    static let maximumTermCount = 1 << 20

    let access: CASAccess
    let addresses: XorbAddress
    let xorbs: any XorbStore

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, request.casPath.segments == ["reconstructions"] else { return nil }
        let grant = try access.grant(request, .read)
        let names = request.target.query.all("file_id")
        guard names.count <= Self.maximumFileCount else { throw RouteError(.badRequest, "Too many files.") }
        var files: [FileHash: [Term]] = [:]
        var all: [Term] = []
        for name in names {
            guard let hash = FileHash(name) else { throw RouteError.malformedHash }
            guard files[hash] == nil else { continue }
            do {
                files[hash] = try await access.file(hash, grant).terms
            } catch let error as RouteError where error.status == .notFound {
                continue
            }
            all += files[hash] ?? []
            guard all.count <= Self.maximumTermCount else { throw RouteError(.badRequest, "Too many terms.") }
        }
        // The files one after the other are like one long file: fetches that they share are merged.
        let joined = try ShardFile(hash: .zero, terms: all, verification: nil, sha256: nil)
        let plan = try await ReconstructionPlan.make(FileByteRange(count: joined.byteCount), of: joined, xorbs: xorbs)
        var headers = HTTPFields()
        headers[.cacheControl] = "private, no-store"
        return .json(ReconstructionBatchBody(files: files, plan: try plan.v1Body(addresses, request)), headers: headers)
    }
}

/// The answer to a batch query.
private struct ReconstructionBatchBody: Encodable {
    enum CodingKeys: String, CodingKey {
        case files
        case fetchInfo = "fetch_info"
    }

    let files: [String: [TermBody]]
    let fetchInfo: [String: [ReconstructionV1Body.Fetch]]

    init(files: [FileHash: [Term]], plan: ReconstructionV1Body) {
        self.files = Dictionary(uniqueKeysWithValues: files.map { ($0.text, $1.map(TermBody.init)) })
        fetchInfo = plan.fetchInfo
    }
}
