import HTTPTypes
import Hummingbird
import XetAccess
import XetCore
import XetStore
import XetWire

/// `GET` of a ``FileAddress``: the rebuilt bytes of a file in XET, for clients that do not speak XET.
struct BridgeRoute: Route {
    let addresses: FileAddress
    let catalog: Catalog
    let shards: any ShardStore
    let reader: StoredFileReader

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let file = try addresses.parse(request) else { return nil }
        guard let snapshot = catalog.snapshot(file.repository, revision: file.commit),
            let entry = snapshot.file(file.path), case .xet(let hash, _, _) = entry.storage,
            let terms = try await shards.file(hash)
        else { throw RouteError.notFound }
        // Some clients follow the redirect of a HEAD request and look for these here.
        var headers = XetHeaders.fields(for: entry, hash, snapshot, request)
        headers[.contentType] = "application/octet-stream"
        headers[.contentDisposition] = ContentDisposition.attachment(fileName: String(entry.path.name))
        headers[.cacheControl] = "private, no-store"
        let reader = reader
        let content = ContentResponse(entry, headers: headers) { range, write in
            try await reader.read(range, of: terms, write)
        }
        return content.response(to: request)
    }
}
