import ArgumentParser
import XetConfiguration

/// The flags of `xet proxy`: one for each setting that has one, in the groups that its help shows.
enum ProxyOptions {
    struct Listening: ParsableArguments {
        @Option(ProxySettings.host) var host: String?
        @Option(ProxySettings.port) var port: String?
        @Option(ProxySettings.certificate) var certificate: String?
        @Option(ProxySettings.certificateKey) var certificateKey: String?
        @Flag(ProxySettings.h2c) var h2c: Bool?
        @Option(ProxySettings.publicURL) var publicURL: String?
        @Option(ProxySettings.trustedProxies) var trustedProxies: [String]

        func add(to given: inout GivenFlags) {
            given.add(ProxySettings.host, host)
            given.add(ProxySettings.port, port)
            given.add(ProxySettings.certificate, certificate)
            given.add(ProxySettings.certificateKey, certificateKey)
            given.add(ProxySettings.h2c, h2c)
            given.add(ProxySettings.publicURL, publicURL)
            given.add(ProxySettings.trustedProxies, trustedProxies)
        }
    }

    struct Upstreams: ParsableArguments {
        @Option(ProxySettings.hubEndpoint) var hubEndpoint: String?
        @Option(ProxySettings.authorityFile) var authorityFile: String?
        @Option(ProxySettings.privateUpstreams) var privateUpstreams: String?
        @Option(ProxySettings.connectTimeout) var connectTimeout: String?
        @Option(ProxySettings.upstreamTimeout) var upstreamTimeout: String?
        @Option(ProxySettings.upstreamIdleTimeout) var upstreamIdleTimeout: String?
        @Option(ProxySettings.stallTimeout) var stallTimeout: String?
        @Option(ProxySettings.retryFor) var retryFor: String?

        func add(to given: inout GivenFlags) {
            given.add(ProxySettings.hubEndpoint, hubEndpoint)
            given.add(ProxySettings.authorityFile, authorityFile)
            given.add(ProxySettings.privateUpstreams, privateUpstreams)
            given.add(ProxySettings.connectTimeout, connectTimeout)
            given.add(ProxySettings.upstreamTimeout, upstreamTimeout)
            given.add(ProxySettings.upstreamIdleTimeout, upstreamIdleTimeout)
            given.add(ProxySettings.stallTimeout, stallTimeout)
            given.add(ProxySettings.retryFor, retryFor)
        }
    }

    struct Access: ParsableArguments {
        @Flag(ProxySettings.allowAnonymous) var allowAnonymous: Bool?
        @Option(ProxySettings.tokenRepository) var tokenRepository: String?
        @Option(ProxySettings.allow) var allow: [String]
        @Option(ProxySettings.deny) var deny: [String]
        @Flag(ProxySettings.allowWrites) var allowWrites: Bool?
        @Option(ProxySettings.signingKeyFile) var signingKeyFile: String?

        func add(to given: inout GivenFlags) {
            given.add(ProxySettings.allowAnonymous, allowAnonymous)
            given.add(ProxySettings.tokenRepository, tokenRepository)
            given.add(ProxySettings.allow, allow)
            given.add(ProxySettings.deny, deny)
            given.add(ProxySettings.allowWrites, allowWrites)
            given.add(ProxySettings.signingKeyFile, signingKeyFile)
        }
    }

    struct Keeping: ParsableArguments {
        @Option(ProxySettings.cache) var cache: String?
        @Option(ProxySettings.cacheSize) var cacheSize: String?
        @Option(ProxySettings.cacheStore) var cacheStore: String?
        @Option(ProxySettings.storeEndpoint) var storeEndpoint: String?
        @Option(ProxySettings.storeRegion) var storeRegion: String?
        @Option(ProxySettings.storeAddressing) var storeAddressing: String?
        @Option(ProxySettings.hubLease) var hubLease: String?
        @Option(ProxySettings.hubStale) var hubStale: String?
        @Flag(ProxySettings.offline) var offline: Bool?

        func add(to given: inout GivenFlags) {
            given.add(ProxySettings.cache, cache)
            given.add(ProxySettings.cacheSize, cacheSize)
            given.add(ProxySettings.cacheStore, cacheStore)
            given.add(ProxySettings.storeEndpoint, storeEndpoint)
            given.add(ProxySettings.storeRegion, storeRegion)
            given.add(ProxySettings.storeAddressing, storeAddressing)
            given.add(ProxySettings.hubLease, hubLease)
            given.add(ProxySettings.hubStale, hubStale)
            given.add(ProxySettings.offline, offline)
        }
    }

    struct Limits: ParsableArguments {
        @Option(ProxySettings.bufferMemory) var bufferMemory: String?
        @Option(ProxySettings.maximumDownloads) var maximumDownloads: String?
        @Option(ProxySettings.maximumDownloadsPerClient) var maximumDownloadsPerClient: String?
        @Option(ProxySettings.maximumConnections) var maximumConnections: String?
        @Option(ProxySettings.maximumBodySize) var maximumBodySize: String?
        @Option(ProxySettings.maximumHeaderSize) var maximumHeaderSize: String?
        @Option(ProxySettings.idleTimeout) var idleTimeout: String?
        @Option(ProxySettings.minimumClientRate) var minimumClientRate: String?
        @Option(ProxySettings.drainTimeout) var drainTimeout: String?

        func add(to given: inout GivenFlags) {
            given.add(ProxySettings.bufferMemory, bufferMemory)
            given.add(ProxySettings.maximumDownloads, maximumDownloads)
            given.add(ProxySettings.maximumDownloadsPerClient, maximumDownloadsPerClient)
            given.add(ProxySettings.maximumConnections, maximumConnections)
            given.add(ProxySettings.maximumBodySize, maximumBodySize)
            given.add(ProxySettings.maximumHeaderSize, maximumHeaderSize)
            given.add(ProxySettings.idleTimeout, idleTimeout)
            given.add(ProxySettings.minimumClientRate, minimumClientRate)
            given.add(ProxySettings.drainTimeout, drainTimeout)
        }
    }

    struct Operation: ParsableArguments {
        @Option(ProxySettings.logLevel) var logLevel: String?
        @Option(ProxySettings.logFormat) var logFormat: String?
        @Option(ProxySettings.operatorTokenFile) var operatorTokenFile: String?
        @Flag(ProxySettings.hidesPage) var hidesPage: Bool?

        func add(to given: inout GivenFlags) {
            given.add(ProxySettings.logLevel, logLevel)
            given.add(ProxySettings.logFormat, logFormat)
            given.add(ProxySettings.operatorTokenFile, operatorTokenFile)
            given.add(ProxySettings.hidesPage, hidesPage)
        }
    }
}
