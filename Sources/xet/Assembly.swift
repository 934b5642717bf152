import AsyncHTTPClient
import CMemory
import FoundationEssentials
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetProxy
import XetWire

/// The one place where the parts are put together.
struct Assembly: Sendable {
    /// What the parts need to know.
    struct Configuration: Sendable {
        var hub: HTTPAddress
        var bufferByteCount = 256 << 20
        var http = UpstreamHTTP.Configuration()
        var download = FileDownloader.Configuration()
    }

    let hub: HubClient
    let tokens: TokenCache
    let cas: CASClient
    let downloader: FileDownloader

    private init(_ configuration: Configuration, client: HTTPClient) {
        let http = UpstreamHTTP(client: client, configuration: configuration.http)
        hub = HubClient(endpoint: configuration.hub, http: http)
        tokens = TokenCache(hub, now: { UInt64(max(0, Date().timeIntervalSince1970)) })
        // A client waits for the first reconstruction, so not for long.
        let casRetry = RetryPolicy(maximumDuration: .seconds(15))
        cas = CASClient(http: http, tokens: tokens, retry: casRetry)
        downloader = FileDownloader(
            xorbs: CDNClient(http: http),
            budget: FetchBudget(byteCount: configuration.bufferByteCount, onIdle: cmemory_return_free),
            configuration: configuration.download
        )
    }

    /// Runs `body` with the parts, and closes their connections afterwards.
    static func with<Value: Sendable>(
        _ configuration: Configuration,
        _ body: (Assembly) async throws -> Value
    ) async throws -> Value {
        var configuration = configuration
        configuration.http.userAgent = "xet/\(XetVersion.current)"
        let client = UpstreamHTTP.makeClient(configuration.http)
        do {
            let value = try await body(Assembly(configuration, client: client))
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// What the proxy's routes need.
    var upstream: Upstream {
        Upstream(hub: hub, tokens: tokens, cas: cas, downloader: downloader)
    }
}
