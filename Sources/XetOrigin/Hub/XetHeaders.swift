import HTTPTypes
import XetCore
import XetWire

/// The headers by which the Hub announces a file in XET.
enum XetHeaders {
    static func fields(
        for entry: CatalogEntry,
        _ hash: FileHash,
        _ snapshot: RepositorySnapshot,
        _ request: RouteRequest
    ) -> HTTPFields {
        let links = LinkHeader([
            LinkHeader.Entry(
                target: request.address(HubPath.readToken(snapshot.repository, revision: snapshot.commit)),
                relation: LinkHeader.tokenRelation
            ),
            LinkHeader.Entry(
                target: request.address(CASPath.reconstruction(hash, version: .v1)),
                relation: LinkHeader.reconstructionRelation
            ),
        ])
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        headers[.linkedSize] = "\(entry.byteCount)"
        headers[.linkedETag] = entry.etag.value
        headers[.xetHash] = hash.text
        headers[.link] = links.value
        return headers
    }
}
