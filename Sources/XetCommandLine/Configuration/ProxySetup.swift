import NIOCore
import XetAccess
import XetClient
import XetConfiguration
import XetDownload
import XetObjects
import XetProxy
import XetServer
import XetWire

/// What the parts of a proxy get of its settings.
struct ProxySetup: Sendable {
    let assembly: Assembly.Configuration
    let proxy: ProxyConfiguration

    /// Throws for what only turns out together, or when files are read.
    init(_ settings: ResolvedSettings) throws(SettingProblems) {
        var assembly = try Self.assembly(settings)
        proxy = try Self.proxy(settings)
        assembly.onRedirect = { [hub = assembly.hub, rules = proxy.settings] in try rules.check($0, of: hub) }
        self.assembly = assembly
    }

    /// The settings that hold from now on when they are read again.
    static func reloadable(_ settings: ResolvedSettings) -> ReloadableSettings.Values {
        var values = ReloadableSettings.Values()
        values.allow = settings[ProxySettings.allow]
        values.deny = settings[ProxySettings.deny]
        values.trustedPeers = settings[ProxySettings.trustedProxies]
        values.logLevel = settings[ProxySettings.logLevel]
        return values
    }

    private static func assembly(_ settings: ResolvedSettings) throws(SettingProblems) -> Assembly.Configuration {
        var assembly = Assembly.Configuration(hub: settings[ProxySettings.hubEndpoint])
        assembly.bufferByteCount = settings[ProxySettings.bufferMemory]
        assembly.download.stall = StallPolicy(silence: settings[ProxySettings.stallTimeout])
        assembly.cache = try cache(settings)
        assembly.leases = leases(settings)
        assembly.http.isOffline = settings[ProxySettings.offline]
        guard !assembly.http.isOffline || assembly.cache != nil else {
            throw SettingProblems([
                SettingProblem(
                    settings.origin(ProxySettings.offline),
                    "'offline' needs 'cache' or 'cache-store', to serve what those have"
                )
            ])
        }
        assembly.bodyRetry = .outlasting(settings[ProxySettings.retryFor])
        assembly.http.privateUpstreams = settings[ProxySettings.privateUpstreams]
        assembly.http.connectTimeout = .init(settings[ProxySettings.connectTimeout])
        assembly.http.headTimeout = .init(settings[ProxySettings.upstreamTimeout])
        assembly.http.readTimeout = .init(settings[ProxySettings.upstreamIdleTimeout])
        do {
            try OutboundOptions.apply(authorityFile: settings[ProxySettings.authorityFile], to: &assembly.http)
        } catch {
            throw SettingProblems([SettingProblem(.preset, error.message)])
        }
        return assembly
    }

    private static func cache(_ settings: ResolvedSettings) throws(SettingProblems) -> Assembly.Cache? {
        let store = try store(settings)
        let folder = settings[ProxySettings.cache]
        guard folder != nil || store != nil else { return nil }
        return Assembly.Cache(
            place: folder.map { .folder($0) } ?? .memory,
            byteLimit: settings[ProxySettings.cacheSize],
            store: store
        )
    }

    private static func store(_ settings: ResolvedSettings) throws(SettingProblems) -> Assembly.SharedStore? {
        guard let location = settings[ProxySettings.cacheStore] else { return nil }
        var store = ObjectStoreSettings(location)
        store.endpoint = settings[ProxySettings.storeEndpoint]
        store.region = settings[ProxySettings.storeRegion]
        store.addressing = settings[ProxySettings.storeAddressing]
        return Assembly.SharedStore(settings: store, secret: try signingKey(settings))
    }

    /// What is remembered of the Hub's answers; nothing where nobody asked for it.
    private static func leases(_ settings: ResolvedSettings) -> HubLeases.Configuration? {
        let lease = settings[ProxySettings.hubLease]
        let isAsked =
            settings[ProxySettings.cache] != nil || settings[ProxySettings.cacheStore] != nil
            || settings.origin(ProxySettings.hubStale) != .preset
        guard isAsked || lease > .zero else { return nil }
        return HubLeases.Configuration(
            lease: lease,
            stale: settings[ProxySettings.hubStale],
            isOffline: settings[ProxySettings.offline]
        )
    }

    private static func proxy(_ settings: ResolvedSettings) throws(SettingProblems) -> ProxyConfiguration {
        var proxy = ProxyConfiguration()
        proxy.server.host = settings[ProxySettings.host]
        proxy.server.port = settings[ProxySettings.port]
        proxy.allowAnonymous = settings[ProxySettings.allowAnonymous]
        proxy.tokenRepository = settings[ProxySettings.tokenRepository]
        proxy.publicAddress = settings[ProxySettings.publicURL]
        proxy.settings = ReloadableSettings(reloadable(settings))
        proxy.allowWrites = settings[ProxySettings.allowWrites]
        proxy.signingKey = try signingKey(settings)
        proxy.limits.downloads = settings[ProxySettings.maximumDownloads]
        proxy.limits.downloadsPerClient = settings[ProxySettings.maximumDownloadsPerClient]
        proxy.server.limits.connections = settings[ProxySettings.maximumConnections]
        proxy.server.limits.bodyByteCount = settings[ProxySettings.maximumBodySize]
        proxy.server.limits.headerByteCount = settings[ProxySettings.maximumHeaderSize]
        proxy.server.limits.idleTimeout = settings[ProxySettings.idleTimeout]
        proxy.server.limits.leastClientRate = settings[ProxySettings.minimumClientRate]
        proxy.server.drainTimeout = settings[ProxySettings.drainTimeout]
        proxy.server.tls = try tls(settings)
        proxy.server.allowsCleartextHTTP2 = settings[ProxySettings.h2c]
        proxy.operatorToken = try operatorToken(settings)
        proxy.hasUI = !settings[ProxySettings.hidesPage]
        proxy.logFormat = settings[ProxySettings.logFormat]
        return proxy
    }

    /// The file counts more than the variable: it is the more careful choice.
    private static func signingKey(_ settings: ResolvedSettings) throws(SettingProblems) -> [UInt8]? {
        guard let path = settings[ProxySettings.signingKeyFile] else { return settings[ProxySettings.signingKey]?.key }
        do {
            return try SigningSecret.read(path).key
        } catch {
            let origin = settings.origin(ProxySettings.signingKeyFile)
            throw SettingProblems([SettingProblem(origin, "'signing-key-file': \(error.message)")])
        }
    }

    private static func operatorToken(_ settings: ResolvedSettings) throws(SettingProblems) -> HubToken? {
        guard let path = settings[ProxySettings.operatorTokenFile] else { return nil }
        do {
            return try OperatorFile.token(path)
        } catch {
            let origin = settings.origin(ProxySettings.operatorTokenFile)
            throw SettingProblems([SettingProblem(origin, "'operator-token-file': \(error.message)")])
        }
    }

    private static func tls(_ settings: ResolvedSettings) throws(SettingProblems) -> TLSFiles? {
        switch (settings[ProxySettings.certificate], settings[ProxySettings.certificateKey]) {
        case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
        case (nil, nil): return nil
        case (_?, nil):
            let origin = settings.origin(ProxySettings.certificate)
            throw SettingProblems([SettingProblem(origin, "'tls-certificate' needs 'tls-key' too")])
        case (nil, _?):
            let origin = settings.origin(ProxySettings.certificateKey)
            throw SettingProblems([SettingProblem(origin, "'tls-key' needs 'tls-certificate' too")])
        }
    }
}
