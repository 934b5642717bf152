import HTTPTypes
import Hummingbird
import XetCore
import XetStore
import XetWire
import _NIOFileSystem

/// `GET /{repository}/resolve/{revision}/{path}`: a small file itself, or where a large one is.
struct ResolveRoute: Route {
    let access: HubAccess
    let addresses: FileAddress

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let (name, rest) = RepositoryName.plain(request.segments), rest.count >= 3,
            rest.first == "resolve"
        else { return nil }
        let revision = rest[rest.startIndex + 1]
        let path = RepositoryPath(rest.dropFirst(2).joined(separator: "/"))
        let caller = try access.caller(of: request)
        let snapshot = try access.snapshot(name, caller)
        try access.checkRead(snapshot, caller)
        try access.check(revision: revision, in: snapshot)
        guard let entry = snapshot.file(path) else { throw HubAccess.entryNotFound(snapshot) }
        switch entry.storage {
        case .xet(let hash, _, _):
            return redirect(to: entry, hash, snapshot, request)
        case .regular(let location, _):
            return try await content(of: entry, at: location, snapshot, request)
        }
    }

    private func redirect(
        to entry: CatalogEntry,
        _ hash: FileHash,
        _ snapshot: RepositorySnapshot,
        _ request: RouteRequest
    ) -> Response {
        var headers = XetHeaders.fields(for: entry, hash, snapshot, request)
        headers[.eTag] = entry.etag.value
        headers[.location] = addresses.address(of: entry.path, in: snapshot, request)
        headers[.contentType] = "text/plain; charset=utf-8"
        headers[.acceptRanges] = "bytes"
        return Response(status: .found, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: "Found.")))
    }

    private func content(
        of entry: CatalogEntry,
        at location: FilePath,
        _ snapshot: RepositorySnapshot,
        _ request: RouteRequest
    ) async throws -> Response {
        try await FileSystem.shared.withPieces(of: location) { try Self.check($0, entry) }
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        headers[.contentType] = Self.mediaType(of: entry.path)
        headers[.contentDisposition] = ContentDisposition.attachment(fileName: String(entry.path.name))
        let content = ContentResponse(entry, headers: headers) { range, write in
            try await FileSystem.shared.withPieces(of: location) { pieces in
                try Self.check(pieces, entry)
                for try await piece in pieces.limited(to: Int64(range.start)..<Int64(range.end)) {
                    try await write(piece)
                }
            }
        }
        return content.response(to: request)
    }

    /// The folder is read once, when the origin starts: a file that changed since is not the one that was announced.
    private static func check(_ pieces: FilePieces, _ entry: CatalogEntry) throws {
        guard FileStamp(pieces.info) == entry.stamp else {
            throw RouteError(.internalServerError, "The file has changed since the origin was started.")
        }
    }

    private static func mediaType(of path: RepositoryPath) -> String {
        guard let dot = path.name.lastIndex(of: "."),
            let type = MediaType.getMediaType(forExtension: String(path.name[dot...].dropFirst()))
        else { return "application/octet-stream" }
        return type.description
    }
}
