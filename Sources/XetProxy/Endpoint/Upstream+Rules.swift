import HTTPTypes
import Hummingbird
import XetAccess
import XetClient
import XetCore
import XetWire

extension Upstream {
    /// The answer to a request that the lists do not permit; `nil` if they do.
    ///
    /// Of a path that can be read in two ways one repository may be served and the other not. The Hub then says whether
    /// the caller could get the other at all; if so, the request is refused, since nobody knows which the Hub would take.
    func refusal(
        _ subject: RepositorySubject,
        _ rules: RepositoryRules,
        authorization: String?
    ) async throws -> Response? {
        switch rules.verdict(subject) {
        case .permitted: return nil
        case .refused(let repository?): return .refusal(repository)
        case .refused(nil):
            return .refusal(
                .forbidden,
                "this proxy serves some repositories only, and nothing that may be about others"
            )
        case .unless(let others):
            for other in others where try await exists(other, authorization) { return .refusal(other) }
            return nil
        }
    }

    /// Whether the Hub has a repository for the caller, or does not say that it has not.
    private func exists(_ repository: Repository, _ authorization: String?) async throws -> Bool {
        let path = HubPath.resolve(repository, revision: "main", path: ".gitattributes")
        let answer = try await retry.run(clock: ContinuousClock(), onRetry: noteRetry) {
            try await hub.http.exchange(
                UpstreamRequest(.head, hub.endpoint.appending(path), of: .hub, authorization: authorization)
            )
        }
        let isMissing = [401, 404].contains(answer.head.status.code)
        return !isMissing || answer.headers[.errorCode] != HubErrorCode.repositoryNotFound
    }
}
