import HTTPTypes
import Hummingbird
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `POST /api/{kind}/{repository}/paths-info/{revision}`: the entries of certain paths.
///
/// Unknown ones are left out.
struct PathsInfoRoute: Route {
    /// Longest body accepted, in bytes.
    static let maximumBodyByteCount = 4 * 1024 * 1024

    /// Most paths of one request.
    static let maximumPathCount = FormItems.maximumCount

    private struct JSONBody: Decodable {
        let paths: [String]
        let expand: Bool?
    }

    let access: HubAccess

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .post, let (name, rest) = RepositoryName.api(request.segments), rest.count == 2,
            rest.first == "paths-info", let revision = rest.last
        else { return nil }
        let snapshot = try access.snapshot(name, revision: revision, access.caller(of: request), request)
        let (paths, isExpanded) = try await Self.arguments(of: request)
        guard paths.count <= Self.maximumPathCount else { throw RouteError(.badRequest, "Too many paths.") }
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        let nodes = paths.compactMap { snapshot.node(RepositoryPath($0)) }
        return .json(nodes.map { TreeItemBody($0, in: snapshot, isExpanded: isExpanded) }, headers: headers)
    }

    /// Clients send a form; the Hub takes JSON too.
    private static func arguments(of request: RouteRequest) async throws -> (paths: [String], isExpanded: Bool) {
        let bytes = try await request.collectBody(maximum: maximumBodyByteCount)
        if request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true {
            do {
                let body = try JSONDecoder().decode(JSONBody.self, from: Data(bytes))
                return (body.paths, body.expand ?? false)
            } catch {
                throw RouteError(.badRequest, "The body is not the JSON it should be.")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self), let form = FormItems(text) else {
            throw RouteError(.badRequest, "The body is not a form.")
        }
        return (form.all("paths"), form.flag("expand"))
    }
}
