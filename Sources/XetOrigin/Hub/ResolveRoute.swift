import HTTPTypes
import Hummingbird
import XetCore
import XetWire

/// `GET /{repository}/resolve/{revision}/{path}`: a small file itself, or where a large one is.
///
/// `raw` in place of `resolve` gives what Git has: of a large file the pointer that stands for it.
struct ResolveRoute: Route {
    let access: HubAccess
    let addresses: FileAddress

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let (name, rest) = RepositoryName.plain(request.segments), rest.count >= 3,
            rest.first == "resolve" || rest.first == "raw"
        else { return nil }
        let revision = rest[rest.startIndex + 1]
        let path = RepositoryPath(rest.dropFirst(2).joined(separator: "/"))
        let caller = try access.caller(of: request)
        try access.checkRead(access.snapshot(name, caller, request), caller)
        let snapshot = try access.snapshot(name, revision: revision, caller, request)
        guard let entry = snapshot.file(path) else { throw HubAccess.entryNotFound(snapshot) }
        switch entry.storage {
        case .xet(_, _, let pointer) where rest.first == "raw":
            return Self.text(pointer, snapshot, request)
        case .xet(let hash, _, _):
            return redirect(to: entry, hash, snapshot, request)
        case .regular(let content):
            return try await response(of: entry, content, snapshot, request)
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

    private func response(
        of entry: CatalogEntry,
        _ content: RegularContent,
        _ snapshot: RepositorySnapshot,
        _ request: RouteRequest
    ) async throws -> Response {
        try await access.checkContent(content, of: entry, in: snapshot)
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        headers[.contentType] = Self.mediaType(of: entry.path)
        headers[.contentDisposition] = ContentDisposition.attachment(fileName: String(entry.path.name))
        let response = ContentResponse(entry, headers: headers) { range, write in
            try await content.read(range, byteCount: entry.byteCount, write)
        }
        return response.response(to: request)
    }

    private static func text(_ pointer: LFSPointer, _ snapshot: RepositorySnapshot, _ request: RouteRequest) -> Response
    {
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        headers[.contentType] = "text/plain; charset=utf-8"
        let bytes = ByteBuffer(string: pointer.text)
        let tag = EntityTag(strong: pointer.object.text)
        return ContentResponse(
            byteCount: UInt64(bytes.readableBytes),
            validators: Validators(etag: tag, lastModified: nil),
            headers: headers
        ) { range, write in
            guard let part = bytes.getSlice(at: Int(range.start), length: Int(range.end - range.start)) else { return }
            try await write(part)
        }.response(to: request)
    }

    private static func mediaType(of path: RepositoryPath) -> String {
        guard let dot = path.name.lastIndex(of: "."),
            let type = MediaType.getMediaType(forExtension: String(path.name[dot...].dropFirst()))
        else { return "application/octet-stream" }
        return type.description
    }
}
