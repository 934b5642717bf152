import ArgumentParser
import FoundationEssentials
import Logging
import NIOCore
import ServiceLifecycle
import XetClient
import XetCore
import XetDownload
import XetProxy

/// The command `xet proxy`.
struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Serve the files of a Hub over plain HTTP.",
        discussion: """
            A client asks for /download/{owner}/{repo}/{path} with its own Hub token as 'Authorization: Bearer ...' and \
            gets the file, rebuilt and verified while it streams. Open the address in a browser for more.
            """
    )

    @Option(help: ArgumentHelp("Address to listen on. (env HOST, default: 0.0.0.0)", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("Port to listen on; 0 picks a free one. (env PORT, default: 8080)", valueName: "port"))
    var port: Int?

    @OptionGroup var hub: HubOptions
    @OptionGroup var outbound: OutboundOptions
    @OptionGroup var endpoint: EndpointOptions

    @Flag(help: "Let requests without a token through, for public files.")
    var allowAnonymous = false

    @Option(
        help: ArgumentHelp(
            "Repository whose token /download-hash uses when a request names none: owner/name.",
            valueName: "repo"
        )
    )
    var tokenRepo: String?

    @Option(
        help: ArgumentHelp(
            "About the most MiB that data on its way takes, all downloads together.",
            valueName: "MiB"
        )
    )
    var bufferMemory = 256

    @Option(help: ArgumentHelp("Seconds that Hub, CAS and CDN have to begin their answer.", valueName: "seconds"))
    var upstreamTimeout = 10

    @Option(
        help: ArgumentHelp(
            "Seconds of silence after which a range of a xorb is asked for again, on another connection.",
            valueName: "seconds"
        )
    )
    var stallTimeout = 3

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = "notice"

    func run() async throws {
        var assembly = Assembly.Configuration(hub: try hub.address())
        guard bufferMemory >= 8 else { throw ValidationError("'--buffer-memory' is at least 8.") }
        assembly.bufferByteCount = bufferMemory << 20
        guard upstreamTimeout >= 1 else { throw ValidationError("'--upstream-timeout' is at least 1.") }
        assembly.http.headTimeout = .seconds(Int64(upstreamTimeout))
        guard stallTimeout >= 1 else { throw ValidationError("'--stall-timeout' is at least 1.") }
        try outbound.apply(to: &assembly.http)
        assembly.download.stall = StallPolicy(silence: .seconds(stallTimeout))
        let configuration = try configuration()
        let logger = try logger()
        try await CommandFailure.reporting {
            try await Assembly.with(assembly) { parts in
                let proxy = Proxy(configuration, upstream: parts.upstream, logger: logger)
                let service = ServerService { try await proxy.run(onReady: $0) }
                try await service.runUntilStopped(
                    name: "xet proxy",
                    host: configuration.host,
                    port: configuration.port,
                    logger: logger
                )
            }
        }
    }

    private func configuration() throws -> ProxyConfiguration {
        var configuration = ProxyConfiguration()
        configuration.host = host ?? Environment["HOST"] ?? configuration.host
        configuration.port = try port ?? Self.port(Environment["PORT"]) ?? configuration.port
        guard (0...65535).contains(configuration.port) else { throw ValidationError("A port is 0 to 65535.") }
        configuration.allowAnonymous = allowAnonymous
        configuration.tokenRepository = try tokenRepo.map { name in
            guard let repository = Repository(prefixedName: name) else {
                throw ValidationError("'--token-repo' is owner/name, not '\(name)'.")
            }
            return repository
        }
        try endpoint.apply(to: &configuration)
        return configuration
    }

    private static func port(_ text: String?) throws -> Int? {
        guard let text else { return nil }
        guard let port = Int(text) else { throw ValidationError("PORT is a number, not '\(text)'.") }
        return port
    }

    private func logger() throws -> Logger {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError("'--log-level' is trace, debug, info, notice, warning, error or critical.")
        }
        var logger = Logger(label: "xet.proxy") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
