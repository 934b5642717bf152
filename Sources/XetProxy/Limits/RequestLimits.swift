import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetServer

/// Refuses requests that ask for more than the operator grants.
struct RequestLimits: Sendable {
    /// Seconds after which a refused client may come again.
    private static let patience = "5"

    private let downloads: DownloadLimiter
    private let settings: ReloadableSettings
    private let onRefusal: @Sendable (_ limit: String) -> Void

    init(_ limits: ProxyLimits, settings: ReloadableSettings, onRefusal: @escaping @Sendable (_ limit: String) -> Void)
    {
        downloads = DownloadLimiter(most: limits.downloads, mostPerClient: limits.downloadsPerClient)
        self.settings = settings
        self.onRefusal = onRefusal
    }

    /// What `answer` answers, or a refusal.
    ///
    /// A download counts until its last byte is written.
    func apply(
        to request: Request,
        _ context: ProxyContext,
        _ answer: () async throws -> Response
    ) async throws -> Response {
        let place: DownloadPlace?
        do throws(DownloadLimiter.Refusal) {
            place = try self.place(request, context)
        } catch {
            return refusal(error)
        }
        var response = try await answer()
        if let place { keep(place, for: &response) }
        return response
    }

    /// A place for a download; `nil` for a request that is none.
    private func place(_ request: Request, _ context: ProxyContext) throws(DownloadLimiter.Refusal) -> DownloadPlace? {
        let path = request.uri.path
        guard request.method == .get || request.method == .post,
            let route = RequestRoute(ownPath: path)
                ?? (try? EndpointTarget(encodedPath: path)).flatMap({ $0 }).map({ RequestRoute($0) }),
            route.transferKind != nil,
            request.method == (route == .git ? .post : .get)
        else { return nil }
        context.record.note(route)
        let peer = context.channel.remoteAddress
        return try downloads.admit(
            ClientKey(request.head, peer: peer, trustedPeers: settings.values.trustedPeers)
        )
    }

    private func keep(_ place: DownloadPlace, for response: inout Response) {
        guard response.body.contentLength == nil else { return place.giveBack() }
        let body = response.body
        response.body = ResponseBody { writer in
            defer { place.giveBack() }
            try await body.write(writer)
        }
    }

    private func refusal(_ refusal: DownloadLimiter.Refusal) -> Response {
        onRefusal(refusal.rawValue)
        var response: Response =
            switch refusal {
            case .downloads:
                .refusal(.serviceUnavailable, "this proxy has as many downloads as it can take; try again soon")
            case .downloadsPerClient:
                .refusal(.tooManyRequests, "you have as many downloads as one client may; wait until one has ended")
            }
        response.headers[.retryAfter] = Self.patience
        return response
    }
}
