import AsyncHTTPClient
import NIOCore
import NIOHTTP1
public import XetAccess
public import XetCore
public import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension HubClient {
    private struct RevisionBody: Decodable {
        let sha: String
    }

    /// The commit that a revision means now; the revision itself where files have none.
    ///
    /// Throws ``XetError``.
    public func commit(of repository: Repository, revision: String, token: HubToken?) async throws -> String {
        try TokenScope(repository: repository, revision: revision, token: token).check()
        guard repository.kind.hasRevisions else { return revision }
        let path = "\(HubPath.api(repository))/revision/\(PercentEncoding.encode(segment: revision))"
        let (response, address) = try await send(.GET, path: path, token: token)
        guard response.status.isSuccess else { throw XetError(response, from: address, of: .hub) }
        let json = try await http.body(of: response, from: address, .hub, upTo: Self.maximumBodyByteCount)
        do {
            let body = try JSONDecoder().decode(RevisionBody.self, from: Data(json.readableBytesView))
            // It becomes the name of a folder, so it has to be what Git calls a commit: SHA-1 or SHA-256.
            guard [40, 64].contains(body.sha.utf8.count), body.sha.utf8.allSatisfy({ $0.hexValue != nil }) else {
                throw XetError(.invalidResponse, "\(address) sent a commit that is none")
            }
            return body.sha
        } catch let error as DecodingError {
            throw XetError(.invalidResponse, "\(address) sent no commit", cause: error)
        }
    }
}

extension ResolvedFile {
    /// What a listing of a commit says of a file.
    public init(_ entry: TreeEntryBody, commit: String?) {
        self.init(
            storage: entry.xetHash.flatMap { FileHash($0) }.map { .xet($0) } ?? .regular,
            byteCount: entry.lfs?.size ?? entry.size,
            etag: (entry.lfs?.oid ?? entry.oid).flatMap { EntityTag($0)?.value },
            commit: commit
        )
    }
}
