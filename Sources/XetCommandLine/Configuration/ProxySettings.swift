import Logging
import XetClient
import XetConfiguration
import XetCore
import XetObjects
import XetProxy
import XetServer
import XetWire

/// Everything that an operator may choose for `xet proxy`, each option once.
enum ProxySettings {
    // MARK: Where it listens

    static let host = Setting.text(
        "host",
        "Address to listen on.",
        valueName: "address",
        preset: "0.0.0.0",
        expectation: "an address or a name"
    ) { $0.isEmpty || $0.contains(where: \.isWhitespace) ? nil : $0 }
    .alsoFrom("HOST")

    static let port = Setting.number(
        "port",
        "Port to listen on; 0 picks a free one.",
        valueName: "port",
        preset: 8080,
        in: 0...65535
    )
    .alsoFrom("PORT")

    static let certificate = Setting.optional(
        "tls-certificate",
        "PEM file with the certificate to show, and those up to its root; read again when it changes.",
        valueName: "file",
        expectation: "a path",
        path
    )
    .without("no TLS")

    static let certificateKey = Setting.optional(
        "tls-key",
        "PEM file with the private key of the certificate.",
        valueName: "file",
        expectation: "a path",
        path
    )
    .without("no TLS")

    static let h2c = Setting.boolean("h2c", "Speak HTTP/2 also over connections without TLS.")

    static let publicURL = Setting.optional(
        "public-url",
        "Address of the proxy in its answers, perhaps with a path.",
        valueName: "url",
        expectation: "an http or https URL without a query"
    ) { text in text.contains("?") || text.contains("#") ? nil : HTTPAddress(text) }
    .without("the one that clients ask for")

    static let trustedProxies = Setting.list(
        "trusted-proxy",
        """
        Address or range, such as 10.0.0.0/8, of proxies in front whose Forwarded and X-Forwarded-* headers are believed; \
        repeatable.
        """,
        valueName: "range",
        expectation: "IP addresses or ranges of them, such as 10.0.0.0/8"
    ) { AddressRange($0) }
    .without("none")
    .reloadable()

    // MARK: Where it asks

    static let hubEndpoint = Setting.text(
        "hub-endpoint",
        "Address of the Hub.",
        valueName: "url",
        preset: HubOptions.defaultEndpoint,
        // Who stood in it would be the user of all clients, who each have a token and rights of their own.
        expectation: "an http or https URL without a user or token, since every client brings its own"
    ) { HTTPAddress($0) }
    .alsoFrom("HF_ENDPOINT")

    static let authorityFile = Setting.optional(
        "ca-file",
        "PEM file of certificates to trust besides the system's, or besides those that SSL_CERT_FILE names in their place.",
        valueName: "file",
        expectation: "a path",
        path
    )
    .without("none")

    static let privateUpstreams = Setting.choice(
        "private-upstreams",
        """
        Whether servers are asked that the Internet cannot reach, where Hub or CAS lead to them: auto (if the Hub is one \
        itself), allow or deny.
        """,
        valueName: "choice",
        preset: PrivateUpstreams.auto.rawValue,
        of: PrivateUpstreams.allCases.map { ($0.rawValue, $0) }
    )

    static let connectTimeout = Setting.duration(
        "connect-timeout",
        "Longest wait for a connection to Hub, CAS or CDN.",
        preset: "10s",
        atLeast: .milliseconds(100)
    )

    static let upstreamTimeout = Setting.duration(
        "upstream-timeout",
        "Longest wait until Hub, CAS or CDN begin their answer.",
        preset: "10s",
        atLeast: .seconds(1)
    )

    static let upstreamIdleTimeout = Setting.duration(
        "upstream-idle-timeout",
        "Longest silence within an answer of Hub, CAS or CDN.",
        preset: "30s",
        atLeast: .seconds(1)
    )

    static let stallTimeout = Setting.duration(
        "stall-timeout",
        "Silence after which a range of a xorb is asked for again, on another connection.",
        preset: "3s",
        atLeast: .seconds(1)
    )

    static let retryFor = Setting.duration(
        "retry-for",
        "How long a download that has begun waits for a Hub, CAS or CDN that is away; 0 for not at all.",
        preset: "5m",
        atLeast: .zero
    )

    // MARK: What it lets through

    static let allowAnonymous = Setting.boolean(
        "allow-anonymous",
        "Let requests without a token through, for public files."
    )

    static let tokenRepository = Setting.optional(
        "token-repo",
        "Repository whose token /download-hash uses when a request names none: owner/name.",
        valueName: "repo",
        expectation: "owner/name"
    ) { Repository(prefixedName: $0) }
    .without("requests have to name one")

    static let allow = Setting.list(
        "allow",
        """
        Serve only these repositories: owner/name, owner/*, datasets/owner/*, buckets/*, and so on; without models/, \
        datasets/, spaces/, kernels/ or buckets/ a pattern means all kinds; repeatable.
        """,
        valueName: "pattern",
        expectation: "patterns such as owner/name, owner/* or datasets/owner/*"
    ) { RepositoryPattern($0) }
    .without("all")
    .reloadable()

    static let deny = Setting.list(
        "deny",
        "Do not serve these, even if --allow names them; repeatable.",
        valueName: "pattern",
        expectation: "patterns such as owner/name, owner/* or datasets/owner/*"
    ) { RepositoryPattern($0) }
    .without("none")
    .reloadable()

    static let allowWrites = Setting.boolean(
        "allow-writes",
        "Pass on requests that change something on the Hub, such as uploads."
    )

    static let signingKeyFile = Setting.optional(
        "signing-key-file",
        """
        File with a secret of 16 bytes or more that signs the URLs in answers; proxies with the same one accept each \
        other's.
        """,
        valueName: "file",
        expectation: "a path",
        path
    )
    .without("what XET_SIGNING_KEY holds, else a new one at each start")

    static let signingKey = Setting.optional(
        "signing-key",
        "The secret that signs the URLs in answers, if it is in no file of its own.",
        valueName: "secret",
        expectation: "a secret of at least 16 bytes"
    ) { SigningSecret($0.utf8) }
    .without("a new one at each start")
    .secret()

    // MARK: What it keeps

    static let cache = Setting.optional(
        "cache",
        """
        Folder in which chunks are kept that were downloaded, for all who may have them; it is created, and belongs to one \
        proxy.
        """,
        valueName: "dir",
        expectation: "a path",
        path
    )
    .without("nothing is kept")

    static let cacheSize = Setting.optionalByteCount(
        "cache-size",
        "Most bytes that the cache takes, in its folder or, without one, in memory.",
        atLeast: 64 << 20
    )
    .without("90% of what is free at the start; 256 MiB in memory")

    static let cacheStore = Setting.optional(
        "cache-store",
        """
        Bucket of S3 in which proxies share what they fetched, below a prefix: s3://BUCKET/PREFIX; with --cache, or without a \
        folder. Credentials are found as AWS's own tools find them.
        """,
        valueName: "url",
        expectation: "s3://BUCKET or s3://BUCKET/PREFIX"
    ) { try? S3Location($0) }
    .without("nothing is shared")

    static let storeEndpoint = Setting.optional(
        "s3-endpoint",
        "Address of the store, if it is not that of AWS.",
        valueName: "url",
        expectation: "an http or https URL without a path, user or token"
    ) { HTTPAddress($0).flatMap { $0.target == "/" ? $0 : nil } }
    .alsoFrom("AWS_ENDPOINT_URL_S3")
    .without("that of AWS in the region")

    static let storeRegion = Setting.optional(
        "s3-region",
        "Region that requests to the store are signed for.",
        valueName: "region",
        expectation: "a region, such as eu-central-1"
    ) { (try? S3Region($0))?.name }
    .without("what AWS_REGION or the profile says, else us-east-1")

    static let storeAddressing = Setting.choice(
        "s3-addressing",
        "How a bucket is addressed: path (endpoint/bucket), virtual (bucket.endpoint) or auto.",
        valueName: "style",
        preset: "auto",
        of: ObjectStoreSettings.Addressing.allCases.map { ($0.rawValue, $0) }
    )

    static let hubLease = Setting.duration(
        "hub-lease",
        "How long an answer of the Hub holds for the caller who got it, so that the Hub is not asked again; 0 for not at all.",
        preset: "0s",
        atLeast: .zero
    )

    static let hubStale = Setting.duration(
        "hub-stale",
        """
        How long an answer of the Hub may stand in, for the caller who got it, while the Hub says 429, 5xx or nothing; with \
        --cache or --hub-lease, or where it is given.
        """,
        preset: "1h",
        atLeast: .zero
    )

    static let offline = Setting.boolean(
        "offline",
        """
        Ask nobody upstream, and serve what the cache has, with the answers of the Hub as they were last seen; needs \
        --cache or --cache-store.
        """
    )

    // MARK: How much it takes

    static let bufferMemory = Setting.byteCount(
        "buffer-memory",
        "About the most MiB that data on its way takes, all downloads together.",
        valueName: "MiB",
        preset: "256",
        unit: .mebibyte,
        atLeast: 8 << 20
    )

    static let maximumDownloads = Setting.number(
        "max-downloads",
        "Most downloads at once; 0 for no limit.",
        valueName: "count",
        preset: ProxyLimits().downloads,
        in: 0...1_000_000
    )

    static let maximumDownloadsPerClient = Setting.number(
        "max-downloads-per-client",
        "Most downloads at once for one token, or for one address without a token; 0 for no limit.",
        valueName: "count",
        preset: ProxyLimits().downloadsPerClient,
        in: 0...1_000_000
    )

    static let maximumConnections = Setting.number(
        "max-connections",
        "Most connections of clients at once; 0 for no limit.",
        valueName: "count",
        preset: ServerLimits().connections,
        in: 0...1_000_000
    )

    static let maximumBodySize = Setting.byteCount(
        "max-body-size",
        "Most bytes of a request's body, uploads included.",
        preset: "5GiB",
        atLeast: 1 << 10
    )

    static let maximumHeaderSize = Setting.byteCount(
        "max-header-size",
        "Most bytes of a request's head.",
        preset: "64KiB",
        atLeast: 1 << 10
    )

    static let idleTimeout = Setting.duration(
        "idle-timeout",
        "Longest wait for a request on an open connection, and for its head to be complete.",
        preset: "60s",
        atLeast: .seconds(1)
    )

    static let minimumClientRate = Setting.byteCount(
        "min-client-rate",
        "Bytes per second that a client takes at least, and sends of a body, over 60 s of waiting; 0 for no limit.",
        preset: "1KiB",
        atLeast: 0
    )

    static let drainTimeout = Setting.duration(
        "drain-timeout",
        "Longest wait for running answers after SIGTERM.",
        preset: "30s",
        atLeast: .zero
    )

    // MARK: What it tells

    static let logLevel = Setting.choice(
        "log-level",
        "Least level that is logged: trace, debug, info, notice, warning, error or critical.",
        valueName: "level",
        preset: "notice",
        of: Logger.Level.allCases.map { ($0.rawValue, $0) }
    )
    .reloadable()

    static let logFormat = Setting.choice(
        "log-format",
        "How a line of the log is written: logfmt or json.",
        valueName: "format",
        preset: "logfmt",
        of: LogFormat.allCases.map { ($0.rawValue, $0) }
    )

    static let operatorTokenFile = Setting.optional(
        "operator-token-file",
        "File with the operator's token, 16 bytes or more, which opens the view of everything that runs at /operator/.",
        valueName: "file",
        expectation: "a path",
        path
    )
    .without("nobody sees more than others")

    static let hidesPage = Setting.boolean("no-ui", "Serve no page for people at /.")

    /// All of them, in the order of help texts and documents.
    static let registry = SettingRegistry([
        host.declaration, port.declaration, certificate.declaration, certificateKey.declaration, h2c.declaration,
        publicURL.declaration, trustedProxies.declaration,
        hubEndpoint.declaration, authorityFile.declaration, privateUpstreams.declaration, connectTimeout.declaration,
        upstreamTimeout.declaration,
        upstreamIdleTimeout.declaration, stallTimeout.declaration, retryFor.declaration,
        allowAnonymous.declaration, tokenRepository.declaration, allow.declaration, deny.declaration,
        allowWrites.declaration, signingKeyFile.declaration, signingKey.declaration,
        cache.declaration, cacheSize.declaration, cacheStore.declaration, storeEndpoint.declaration,
        storeRegion.declaration, storeAddressing.declaration, hubLease.declaration, hubStale.declaration,
        offline.declaration,
        bufferMemory.declaration, maximumDownloads.declaration, maximumDownloadsPerClient.declaration,
        maximumConnections.declaration, maximumBodySize.declaration, maximumHeaderSize.declaration,
        idleTimeout.declaration,
        minimumClientRate.declaration, drainTimeout.declaration,
        logLevel.declaration, logFormat.declaration, operatorTokenFile.declaration, hidesPage.declaration,
    ])

    private static let path: @Sendable (String) -> String? = { $0.isEmpty ? nil : $0 }
}
