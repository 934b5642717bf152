import Hummingbird
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `POST /api/{kind}/{repository}/paths-info/{revision}`: a question whose body names the paths.
///
/// Kept listings answer it when the Hub does not.
struct PathsQuestion: Sendable {
    /// Most bytes of a body that is read to know what it names.
    private static let mostBodyByteCount = 1 << 20

    private let leases: HubLeases
    private let record: HubRecord
    private let target: HubTarget
    private let names: [String]
    private let authorization: String?

    /// Reads the body and puts it back into `passed`; `nil` for other questions, and without an archive.
    init?(
        _ route: EndpointTarget.HubRoute,
        _ repository: Repository?,
        _ passed: inout UpstreamRequest,
        _ request: Request,
        _ upstream: Upstream
    ) async throws {
        guard route == .query, request.method == .post, let repository, let body = passed.body,
            let leases = upstream.leases, let record = leases.record,
            let length = body.byteCount, length <= Self.mostBodyByteCount
        else { return nil }
        let target = HubTarget(request.passedOnTarget, of: repository)
        let bytes = try await request.body.collect(upTo: Self.mostBodyByteCount)
        passed.body = UpstreamRequest.Body(bytes)
        guard target.subject == .paths, let names = Self.names(bytes, request.headers[.contentType]) else { return nil }
        self.leases = leases
        self.record = record
        self.target = target
        self.names = names
        authorization = request.headers[.authorization]
    }

    /// What the Hub says, or what listings say if it does not.
    func answer(_ ask: () async throws -> UpstreamResponse) async throws -> UpstreamResponse {
        do {
            let answer = try await ask()
            let isAway = [408, 425, 429].contains(answer.head.status.code) || answer.head.status.code >= 500
            return isAway ? await kept() ?? answer : answer
        } catch let error as XetError where error.isUnanswered {
            guard let answer = await kept() else { throw error }
            return answer
        }
    }

    private func kept() async -> UpstreamResponse? {
        guard let answer = await record.paths(names, target, from: authorization, leases.archiveTerms) else {
            return nil
        }
        return UpstreamResponse(answer.head, from: answer.address, of: .hub, body: answer.body)
    }

    /// The paths in a body, which is JSON or a form; `nil` if it is neither.
    private static func names(_ body: ByteBuffer, _ contentType: String?) -> [String]? {
        struct Body: Decodable {
            let paths: [String]
        }
        if contentType?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true {
            var names: [String] = []
            for parameter in String(buffer: body).split(separator: "&") {
                let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, parts[0] == "paths" else { continue }
                guard let name = PercentEncoding.decode(parts[1].map { $0 == "+" ? "%20" : String($0) }.joined()) else {
                    return nil
                }
                names.append(name)
            }
            return names
        }
        return (try? JSONDecoder().decode(Body.self, from: Data(body.readableBytesView))).map(\.paths)
    }
}
