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
    /// A download counts until its last bytes are written.
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
        guard let place else { return response }
        if [.successful, .redirection].contains(response.status.kind) {
            do throws(DownloadLimiter.Refusal) {
                try place.accept()
            } catch {
                return refusal(error)
            }
        }
        keep(place, for: &response)
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
        let token = route.isAsked ? (try? Caller.token(of: request.head, allowAnonymous: true)).flatMap(\.self) : nil
        let address = ClientKey(
            addressOf: request.head,
            peer: context.channel.remoteAddress,
            trustedPeers: settings.values.trustedPeers
        )
        return try downloads.admit(
            DownloadClient(address: address, caller: token.map(CallerMark.init), isAsked: route.isAsked)
        )
    }

    private func keep(_ place: DownloadPlace, for response: inout Response) {
        guard response.body.contentLength == nil else { return place.giveBack() }
        let body = response.body
        let byteCount = response.headers[.contentLength].flatMap { Int($0) }
        response.body = ResponseBody { writer in
            defer { place.giveBack() }
            try await body.write(PlaceWriter(writer, place, byteCount: byteCount))
        }
    }

    private func refusal(_ refusal: DownloadLimiter.Refusal) -> Response {
        onRefusal(refusal.rawValue)
        var response: Response =
            switch refusal {
            case .downloads:
                .refusal(.serviceUnavailable, "this proxy has as many downloads as it can take; try again soon")
            case .unaccepted:
                .refusal(.tooManyRequests, "the Hub has yet to answer as many requests of your address as may wait")
            case .downloadsPerClient:
                .refusal(.tooManyRequests, "you have as many downloads as one client may; wait until one has ended")
            }
        response.headers[.retryAfter] = Self.patience
        return response
    }
}

extension RequestRoute {
    /// Whether the Hub is asked for each request, with its token.
    fileprivate var isAsked: Bool {
        switch self {
        case .download, .downloadHash, .resolve: true
        default: false
        }
    }
}
