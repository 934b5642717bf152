import AsyncHTTPClient
import HTTPTypes
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
    /// Most pages of a listing that are read.
    private static let maximumPageCount = 10_000

    /// Lists the files of a repository, page by page.
    ///
    /// Folders are left out. Throws ``XetError``, and what `page` throws.
    public func list(
        _ repository: Repository,
        revision: String,
        token: HubToken?,
        page: ([TreeEntryBody]) async throws -> Void
    ) async throws {
        try TokenScope(repository: repository, revision: revision, token: token).check()
        var path = HubPath.tree(repository, revision: revision, isRecursive: true)
        var seen: Set<String> = []
        while seen.count < Self.maximumPageCount, seen.insert(path).inserted {
            let (response, address) = try await send(.GET, path: path, token: token)
            guard response.status.isSuccess else { throw XetError(response, from: address, of: .hub) }
            let json = try await http.body(of: response, from: address, .hub, upTo: Self.maximumBodyByteCount)
            let entries: [TreeEntryBody]
            do {
                entries = try JSONDecoder().decode([TreeEntryBody].self, from: Data(json.readableBytesView))
            } catch {
                throw XetError(.invalidResponse, "\(address) sent no listing", cause: error)
            }
            try await page(entries.filter(\.isFile))
            guard let link = response.headers[first: .link],
                let target = LinkHeader(parsing: link).target(LinkHeader.nextRelation)
            else { return }
            path = try nextPath(target, after: address)
        }
        throw XetError(.invalidResponse, "the listing of \(repository) does not end")
    }

    /// The path of the next page, below the endpoint: a page elsewhere would be asked for without the token.
    package func nextPath(_ target: String, after address: HTTPAddress) throws -> String {
        guard let next = address.resolving(target), next.origin == endpoint.origin else {
            throw XetError(.invalidResponse, "the listing goes on at another host than \(endpoint.origin)")
        }
        let base = endpoint.appending("").target
        guard next.target.hasPrefix(base) else {
            throw XetError(.invalidResponse, "the listing goes on outside \(endpoint)")
        }
        return "/" + next.target.dropFirst(base.count)
    }
}
