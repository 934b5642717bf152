import NIOCore
import XetAccess
import XetClient
import XetObjects
import XetSharing

/// A store that proxies share, while a process uses it.
struct OpenStore: Sendable {
    /// Where objects are.
    let objects: S3Client
    /// Which of them are those of this site.
    let area: SharedArea
    private let http: UpstreamHTTP

    /// A store whose answers are waited for as `wait` says; ``close()`` follows.
    ///
    /// `configuration` says what is trusted, and which way requests go. Throws ``ObjectStoreError`` for settings that do not go
    /// together.
    init(
        _ store: Assembly.SharedStore,
        _ configuration: UpstreamHTTP.Configuration,
        wait: Wait
    ) async throws {
        var configuration = configuration
        // It is the operator who says where the store is.
        configuration.privateUpstreams = .allow
        configuration.isOffline = false
        if wait == .brief {
            configuration.connectTimeout = .seconds(3)
            configuration.readTimeout = .seconds(5)
        }
        http = UpstreamHTTP(configuration)
        area = SharedArea(secret: store.secret)
        do {
            let environment = S3Environment(Environment.all, home: Environment["HOME"])
            var settings = store.settings
            settings.region = try settings.region ?? environment.region()
            settings.headTimeout = wait == .brief ? .seconds(5) : .seconds(30)
            objects = try S3Client(
                settings,
                credentials: S3CredentialCache(environment, region: settings.region, http: http),
                http: http
            )
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    enum Wait: Hashable, Sendable {
        /// Others are asked if the store is slow.
        case brief
        /// There is nobody else to ask.
        case patient
    }

    func close() async { try? await http.shutdown() }
}
